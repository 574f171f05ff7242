"""Access tokens for tests: good ones, and ones that are broken on purpose. All pass through the real verifier."""

import hmac
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth0_sso.testing.clock import STARTED
from auth0_sso.testing.issuer import AUDIENCE, SUBJECT, base64url, issuer_of_process, json_part, user_claims

ROLES_CLAIM: Final = "https://auth0-sso.test/roles"
"""Holds the roles that the tenant in memory then says the user has. Guards do not read it."""

ORGANIZATION_ROLES_CLAIM: Final = "https://auth0-sso.test/organization_roles"
"""The same for the roles the user has as a member of the token's organization."""

KEY_ID: Final = "key-0"
"""The kid of the key that signs the tokens."""


def token(
    subject: str = SUBJECT,
    *,
    permissions: Collection[str] = (),
    scopes: Collection[str] = (),
    roles: Collection[str] | None = None,
    organization: str | None = None,
    organization_roles: Collection[str] | None = None,
    **claims: Any,  # noqa: ANN401 - JSON
) -> str:
    """Return a user's access token, valid for a day.

    `roles` and `organization_roles` are what the Management API in memory will say of the user; without them, that
    there are none, unless `Tenant.add_user` gave some. `claims` are added or replace others, and `...` takes one
    away: `token(exp=...)`.
    """
    return issuer_of_process().token(
        claims_of(
            subject,
            permissions=permissions,
            scopes=scopes,
            roles=roles,
            organization=organization,
            organization_roles=organization_roles,
            **claims,
        )
    )


def machine_token(
    client_id: str = "machine-client",
    *,
    permissions: Collection[str] = (),
    scopes: Collection[str] = (),
    organization: str | None = None,
    **claims: Any,  # noqa: ANN401 - JSON
) -> str:
    """Return the access token of a machine (client credentials), valid for a day; `claims` as in `token`."""
    machine = {"azp": client_id, "gty": "client-credentials", "aud": AUDIENCE}
    return token(
        f"{client_id}@clients",
        permissions=permissions,
        scopes=scopes,
        organization=organization,
        **(machine | claims),
    )


def claims_of(
    subject: str = SUBJECT,
    *,
    now: float = STARTED,
    permissions: Collection[str] = (),
    scopes: Collection[str] = (),
    roles: Collection[str] | None = None,
    organization: str | None = None,
    organization_roles: Collection[str] | None = None,
    **claims: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """Return the claims of a token issued at `now`, in seconds since 1970; the rest as in `token`."""
    said: dict[str, object] = {
        "sub": subject,
        "permissions": _names("permissions", permissions),
        "scope": " ".join(_names("scopes", scopes)),
        "org_id": ... if organization is None else organization,
        ROLES_CLAIM: ... if roles is None else _names("roles", roles),
        ORGANIZATION_ROLES_CLAIM: (
            ... if organization_roles is None else _names("organization_roles", organization_roles)
        ),
    }
    return user_claims(now, **(said | claims))


def _names(what: str, names: Collection[str]) -> list[str]:
    if isinstance(names, str):
        raise TypeError(f"{what} takes a set or list of names, such as {{{names!r}}}, not a string")
    return sorted(names)


class BrokenToken:
    """Makes tokens that are broken in one way; call it as `token` is called."""

    def __init__(self, reason: str, spell: Callable[[dict[str, Any]], str]) -> None:
        """Take the reason that docs/refusals.md tells of, and what makes a token of good claims."""
        self.reason = reason
        self._spell = spell

    def __call__(
        self,
        subject: str = SUBJECT,
        *,
        permissions: Collection[str] = (),
        scopes: Collection[str] = (),
        organization: str | None = None,
        **claims: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Return a token that is good but for one thing."""
        good = claims_of(subject, permissions=permissions, scopes=scopes, organization=organization, **claims)
        return self._spell(good)


def _claims_changed(change: Callable[[dict[str, Any]], dict[str, object]]) -> Callable[[dict[str, Any]], str]:
    return lambda claims: issuer_of_process().token(claims | change(claims))


def _header_changed(**members: object) -> Callable[[dict[str, Any]], str]:
    return lambda claims: issuer_of_process().token(claims, header=members)


def _unsigned(claims: dict[str, Any]) -> str:
    return f"{json_part({'alg': 'none', 'typ': 'JWT', 'kid': KEY_ID})}.{json_part(claims)}."


def _tampered(claims: dict[str, Any]) -> str:
    head, _, signature = issuer_of_process().token(claims).split(".")
    return f"{head}.{json_part(claims | {'permissions': ['*'], 'sub': 'auth0|someone-else'})}.{signature}"


def _wrong_key(claims: dict[str, Any]) -> str:
    return issuer_of_process().token(claims, header={"kid": KEY_ID}, kid="key-1")


def _symmetric(claims: dict[str, Any]) -> str:
    public = issuer_of_process().keys[KEY_ID].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{json_part({'alg': 'HS256', 'typ': 'JWT', 'kid': KEY_ID})}.{json_part(claims)}"
    return f"{text}.{base64url(hmac.digest(secret, text.encode(), sha256))}"


def _opaque(_: dict[str, Any]) -> str:
    return "oOjt5tkd9VFBWXWPYhYKoKdPcyBTHxBO"


expired: Final = BrokenToken("expired", _claims_changed(lambda said: {"exp": said["iat"] - 3600, "iat": 0}))
"""Its `exp` was an hour ago."""

not_yet_valid: Final = BrokenToken("not_yet_valid", _claims_changed(lambda said: {"nbf": said["iat"] + 3600}))
"""Its `nbf` is in an hour."""

issued_in_future: Final = BrokenToken("iat_in_future", _claims_changed(lambda said: {"iat": said["iat"] + 3600}))
"""Its `iat` is in an hour: the clocks differ."""

wrong_audience: Final = BrokenToken("aud_mismatch", _claims_changed(lambda _: {"aud": "https://other.example.com"}))
"""It is for another API."""

wrong_issuer: Final = BrokenToken("iss_mismatch", _claims_changed(lambda _: {"iss": "https://other.example.com/"}))
"""Another tenant issued it."""

id_token: Final = BrokenToken("id_token", _claims_changed(lambda _: {"nonce": "n-0S6_WzA2Mj"}))
"""It is an ID token, which clients send by mistake."""

unsigned: Final = BrokenToken("alg_not_allowed", _unsigned)
"""Its `alg` is none, and its signature is empty."""

symmetric: Final = BrokenToken("alg_symmetric", _symmetric)
"""It is signed by HS256, with the public key as the secret."""

tampered: Final = BrokenToken("signature_mismatch", _tampered)
"""Its subject and permissions were changed after it was signed."""

wrong_key: Final = BrokenToken("signature_mismatch", _wrong_key)
"""Its `kid` names a key of the issuer, and another key signed it."""

unknown_key: Final = BrokenToken("kid_unknown", _header_changed(kid="key-unknown"))
"""Its `kid` names a key that the issuer does not have."""

opaque: Final = BrokenToken("token_opaque", _opaque)
"""Not a JWT: Auth0 issues such tokens to clients that ask for no audience."""
