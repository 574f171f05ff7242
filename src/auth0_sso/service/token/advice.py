"""What to do about a refused token, by the reason of the refusal; docs/refusals.md has them all."""

from collections.abc import Mapping
from typing import Final

from auth0_sso.service.token.shown import shown
from auth0_sso.service.token.unverified import Unverified
from auth0_sso.tokens.claims import TokenPolicy

_REQUEST_AUDIENCE: Final = (
    "The client must request the audience {audience}, at /authorize or at /oauth/token. Without an audience Auth0 "
    "issues a token for its own /userinfo only, which no API can read."
)

_ADVICE: Final[Mapping[str, str]] = {
    "token_opaque": _REQUEST_AUDIENCE,
    "token_encrypted": (
        f"{_REQUEST_AUDIENCE} If it does, turn off the encryption of tokens (JWE): Applications > APIs > the API > "
        "Settings."
    ),
    "token_malformed": "It was truncated or put together on its way: copy it again, without line breaks and quotes.",
    "token_too_long": "AUTH0_MAX_TOKEN_BYTES is the limit. An Action may add too many claims.",
    "alg_symmetric": "Set the API's signing algorithm to RS256: Applications > APIs > the API > Settings.",
    "alg_not_allowed": "AUTH0_ALGORITHMS lists what is accepted: add the API's algorithm, or set that to RS256.",
    "kid_unknown": (
        "The issuer has no such key: the key was revoked, or the token is of another tenant. Get a new token."
    ),
    "signature_mismatch": "The token was changed after it was issued, or truncated. Get a new one.",
    "iss_mismatch": (
        "The token is of another tenant or domain. Its issuer is the domain where the client logs in: with a custom "
        "domain, set AUTH0_ISSUER_BASE_URL to that."
    ),
    "aud_mismatch": "The token is for another API. Set AUTH0_AUDIENCE to the identifier that the client requests.",
    "aud_missing": _REQUEST_AUDIENCE,
    "id_token": "Send the access token. An ID token is for the application that logs the user in, not for an API.",
    "sender_constrained": (
        "The token is bound to a key (DPoP or mTLS), and that is off here: docs/dpop.md, or request a bearer token."
    ),
    "expired": "Get a new token. If it was just issued, compare the clocks: `auth0-sso doctor`.",
    "not_yet_valid": "Compare the clocks: `auth0-sso doctor`.",
    "iat_in_future": "Compare the clocks: `auth0-sso doctor`.",
    "too_old": "Get a new token: AUTH0_MAX_TOKEN_AGE_SECONDS limits how old one may be.",
    "client_not_allowed": "Add the client id to AUTH0_ALLOWED_CLIENTS, or unset that to accept all clients.",
}

_OTHERWISE: Final = "docs/refusals.md says what this reason means."
_NO_KEYS: Final = "The issuer's keys cannot be fetched: `auth0-sso doctor` says why."


def advice_for(reason: str, policy: TokenPolicy, unverified: Unverified, *, keys_unavailable: bool) -> str:
    """Return what to do about a token that is refused with this reason."""
    if keys_unavailable:
        return _NO_KEYS
    if reason == "aud_mismatch" and (near := _only_a_slash_away(policy, unverified)):
        return f"Only a slash is different: set AUTH0_AUDIENCE={near}, exactly as the API's identifier in Auth0."
    audience = " or ".join(sorted(policy.audiences))
    return _ADVICE.get(reason, _OTHERWISE).replace("{audience}", audience)


def _only_a_slash_away(policy: TokenPolicy, unverified: Unverified) -> str | None:
    aud = None if unverified.claims is None else unverified.claims.get("aud")
    expected = {audience.rstrip("/") for audience in policy.audiences}
    for each in aud if isinstance(aud, list | tuple) else (aud,):
        if isinstance(each, str) and each.rstrip("/") in expected:
            return shown(each)
    return None
