"""The audit trail in a database: the only door to SQLAlchemy, Alembic and the drivers, which the extra audit has."""
