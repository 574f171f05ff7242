"""Searches with Auth0's subset of the Lucene query syntax, in users and in log events."""

from auth0_devtenant.management.search.dialects import LOGS, USERS, Dialect
from auth0_devtenant.management.search.errors import QueryError
from auth0_devtenant.management.search.parser import parse
from auth0_devtenant.management.search.query import Query
from auth0_devtenant.management.search.sorting import sort_documents

__all__ = ["LOGS", "USERS", "Dialect", "Query", "QueryError", "parse", "sort_documents"]
