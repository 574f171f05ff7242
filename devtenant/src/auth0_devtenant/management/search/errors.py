"""What is wrong with a query."""


class QueryError(Exception):
    """A query that cannot be answered; the text says why."""
