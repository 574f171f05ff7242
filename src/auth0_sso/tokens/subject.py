"""Whether the subject of an access token is a user or a machine: Auth0's token profiles, and RFC 9068 for others."""

from collections.abc import Mapping

_MACHINE_GRANT = "client-credentials"
_USER_GRANTS = frozenset({"password", "refresh_token"})  # Auth0: "Access token profiles"
_MACHINE_SUFFIX = "@clients"

# RFC 9068 section 2.2.1: they tell of the user's authentication. An Auth0 Action cannot set them.
_AUTHENTICATION_CLAIMS = frozenset({"auth_time", "acr", "amr"})


def is_machine(claims: Mapping[str, object], subject: str, client_id: str | None) -> bool:
    """Return whether a token has no user; `subject` and `client_id` are the values found in its verified `claims`.

    What shows a machine comes first, then what shows a user. A token that shows neither is a machine's: it gets no
    user's rights (docs/decisions/0034).
    """
    return _shows_a_machine(claims, subject, client_id) or not _shows_a_user(claims, subject)


def _shows_a_machine(claims: Mapping[str, object], subject: str, client_id: str | None) -> bool:
    """RFC 9068 section 2.2: without a resource owner `sub` identifies the client; Auth0 writes `<client>@clients`."""
    if claims.get("gty") == _MACHINE_GRANT or subject == client_id:
        return True
    return subject.endswith(_MACHINE_SUFFIX) and "|" not in subject  # a user's own id can end like this


def _shows_a_user(claims: Mapping[str, object], subject: str) -> bool:
    """Auth0's user ids are `<connection>|<id>`; those of other issuers have any form."""
    return "|" in subject or claims.get("gty") in _USER_GRANTS or not _AUTHENTICATION_CLAIMS.isdisjoint(claims)
