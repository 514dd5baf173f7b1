"""Everything that speaks SQL: tables, queries, the unit of work."""
