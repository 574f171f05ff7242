"""Paths of Auth0's Management API without the ids in them."""

from typing import Final

_API: Final = "/api/v2/"
_COLLECTIONS: Final = frozenset(
    {
        "authentication-methods",
        "clients",
        "connections",
        "grants",
        "logs",
        "members",
        "organizations",
        "permissions",
        "refresh-tokens",
        "roles",
        "sessions",
        "users",
        "users-by-email",
    }
)


def path_template(raw_path: str) -> str:
    """Return a path without its query; below the Management API each segment that is no collection is `{id}`.

    What is not known is taken for an id. The tenant's other paths, of discovery, keys and tokens, have none.
    """
    path = raw_path.partition("?")[0]
    before, api, below = path.partition(_API)
    if not api:
        return path
    return before + api + "/".join(each if each in _COLLECTIONS else "{id}" for each in below.split("/"))
