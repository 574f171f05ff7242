"""Alembic runs this for each migration: in the connection and the transaction that `migrate` began."""

from alembic import context

from auth0_sso.audit.sql.table import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE
)
context.run_migrations()
