"""The migrations of the audit table, which Alembic runs."""
