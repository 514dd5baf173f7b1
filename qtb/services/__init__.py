"""Use-cases: keyword-only functions on a session; they never commit and know no request."""
