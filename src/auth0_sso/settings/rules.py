"""Rules between settings: values that are right by themselves and wrong beside another.

Each takes a setting's value and what is `known`: the values of the settings declared before it, those left out that
cannot be used. It returns the value, or raises `ValueError` with a sentence that follows the setting's name and never
repeats a value.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import SecretStr

from auth0_sso.oauth.proofs import MAX_PROOFS
from auth0_sso.tokens.client_assertion import AssertionKey

Known = Mapping[str, Any]

_OWN_APIS: Final = {
    "": "names the issuer, which is not an API",
    "userinfo": "names {issuer}userinfo, which Auth0 adds to users' tokens for any API, so all of those would pass",
    "api/v2": "names the Management API, so tokens for managing the tenant would pass",
    "mfa": "names {issuer}mfa/, an API of Auth0's own, so tokens for that would pass",
    "me": "names {issuer}me/, an API of Auth0's own, so tokens for that would pass",
    "my-org": "names {issuer}my-org/, an API of Auth0's own, so tokens for that would pass",
}
"""The APIs of every tenant, by their path there, and why each is not an audience of this service."""

_CLIENT_ID: Final = "names a client id, the audience of that client's ID tokens, so those would pass as access tokens"

# RFC 7519 section 4.1, RFC 9068 section 2.2, Auth0's own, and names Auth0 keeps for itself ("Create custom claims").
# Not groups, roles and entitlements, which are meant for this (RFC 9068 section 2.2.3.1).
_STANDARD_CLAIMS: Final = frozenset(
    {
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti"),
        *("client_id", "azp", "scope", "gty", "permissions", "org_id", "org_name"),
        *("act", "acr", "amr", "auth_time", "cnf", "nonce", "sid"),
    }
)


def require_own_audiences(value: tuple[str, ...], known: Known) -> tuple[str, ...]:
    """Refuse audiences of tokens that are meant for Auth0's APIs or for a client."""
    clients = {known.get("auth0_client_id"), known.get("auth0_management_client_id")}
    clients.update(known.get("auth0_allowed_clients", ()))
    reasons = dict(_foreign_audiences(known))
    for audience in value:
        if audience in clients:
            raise ValueError(_CLIENT_ID)
        if reason := reasons.get(_comparable(audience)):
            raise ValueError(reason)
    return value


def _foreign_audiences(known: Known) -> Iterator[tuple[str, str]]:
    places = {known.get("auth0_issuer_base_url"), known.get("auth0_management_base_url")}
    places.add(f"https://{known.get('auth0_domain')}/")
    for place in places:
        for path, reason in _OWN_APIS.items():
            yield _comparable(f"{place}{path}"), reason
    if management := known.get("auth0_management_audience"):
        yield _comparable(management), _OWN_APIS["api/v2"]


def _comparable(audience: str) -> str:
    return audience.rstrip("/").casefold()


def require_usable_key(value: SecretStr, known: Known) -> SecretStr:
    """Refuse a private key that cannot sign, or that has no client; return it with the line breaks of PEM."""
    if not value.get_secret_value():
        return value
    if not known.get("auth0_management_client_id"):
        raise ValueError("is set without AUTH0_MANAGEMENT_CLIENT_ID")
    pem = value.get_secret_value().replace("\\n", "\n")  # one line, as some environments want it
    if len(AssertionKey.listed(pem, known.get("auth0_management_private_key_id", ""))) > MAX_PROOFS:
        raise ValueError(f"has more than {MAX_PROOFS} keys")
    return SecretStr(pem)


def require_whole_credentials(value: SecretStr, known: Known) -> SecretStr:
    """Refuse a client secret beside a private key, and a client id with neither of them or the reverse."""
    client_id, key = known.get("auth0_management_client_id"), known.get("auth0_management_private_key")
    if value and key:
        raise ValueError("and AUTH0_MANAGEMENT_PRIVATE_KEY are both set")
    if {"auth0_management_client_id", "auth0_management_private_key"} <= known.keys() and (
        bool(value or key) != bool(client_id)
    ):
        raise ValueError("and AUTH0_MANAGEMENT_CLIENT_ID are not set together")
    return value


def require_role_claim(value: str, known: Known) -> str:
    """Refuse a claim that has a meaning of its own, and one that is set without the role source or the reverse."""
    if value in _STANDARD_CLAIMS:
        raise ValueError("names a standard claim, which does not hold roles")
    if "auth0_role_source" in known and bool(value) != (known["auth0_role_source"] == "claim"):
        raise ValueError("and AUTH0_ROLE_SOURCE=claim are not set together")
    return value
