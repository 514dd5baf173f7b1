"""WTForms classes: one builder for the definition's forms, one file a noun for the rest."""
