"""Every request that must pass, as data: odd, legal, and what its `AccessToken` says."""

from typing import Any

from auth0_sso.testing.hostile.cases import (
    LEEWAY,
    Build,
    bearer,
    claim,
    header,
    line,
    payload,
    raw_claim,
    raw_header,
    with_member,
)
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, user_claims
from support.token_cases import NOW, SECOND_AUDIENCE, Accepted

MACHINE = "m2m-client@clients"
_RFC9068: dict[str, Any] = {"azp": ..., "client_id": "spa-client", "jti": "dbe39bf3a3ba4238a513f51d6e1691c4"}


def _rfc9068(**claims: object) -> Build:
    return lambda forge: bearer(forge.token({"typ": "at+jwt"}, **_RFC9068 | claims))


def _by(algorithm: str, kid: str) -> Build:
    return lambda forge: bearer(
        forge.issuer.token(user_claims(NOW), header={"kid": kid}, kid=kid, algorithm=algorithm)
    )


_USER: dict[str, object] = {
    "subject": SUBJECT,
    "issuer": ISSUER,
    "client_id": "spa-client",
    "is_machine": False,
    "scopes": frozenset({"openid", "profile", "email"}),
    "permissions": frozenset({"read:data"}),
    "organization": None,
    "issued_at": NOW,
    "expires_at": NOW + 86_400,
    "not_before": None,
}

ACCEPTED = [
    # Auth0's two dialects say the same.
    Accepted("auth0-dialect", claim(), _USER | {"audiences": (AUDIENCE, f"{ISSUER}userinfo")}),
    Accepted("rfc9068-dialect", _rfc9068(), _USER),
    Accepted(
        "rfc9068-with-auth-claims",
        _rfc9068(auth_time=NOW - 60, acr="urn:mace:incommon:iap:silver", amr=["mfa"]),
        _USER,
    ),
    Accepted(
        "machine-auth0-dialect",
        claim(sub=MACHINE, gty="client-credentials", azp="m2m-client", aud=AUDIENCE, scope="read:data"),
        {"is_machine": True, "client_id": "m2m-client", "subject": MACHINE, "audiences": (AUDIENCE,)},
    ),
    Accepted(
        "machine-rfc9068-dialect",
        _rfc9068(sub="m2m-client", client_id="m2m-client", aud=AUDIENCE),
        {"is_machine": True, "client_id": "m2m-client"},
    ),
    Accepted("user-by-password-grant", claim(gty="password"), {"is_machine": False}),
    # Header lines.
    Accepted("scheme-lower-case", line("bearer {token}")),
    Accepted("scheme-upper-case", line("BEARER {token}")),
    Accepted("scheme-mixed-case", line("bEaReR {token}")),
    Accepted("several-spaces", line("Bearer    {token}")),
    Accepted("white-space-around", line(" \tBearer {token} \t")),
    # JOSE headers.
    Accepted("typ-absent", header(typ=...)),
    Accepted("typ-lower-case", header(typ="jwt")),
    Accepted("typ-at+jwt", header(typ="at+jwt")),
    Accepted("typ-at+jwt-upper-case", header(typ="AT+JWT")),
    Accepted("typ-media-type", header(typ="application/at+jwt")),
    Accepted("pointers-ignored", header(jku="https://attacker.example/", x5u="https://attacker.example/", x5t="abc")),
    Accepted("embedded-key-ignored", header(jwk={"kty": "oct", "k": "c2VjcmV0"})),
    Accepted("unknown-member-ignored", header(**{"https://example.com/x": [1, {"y": None}]})),
    Accepted("header-spelled-freely", raw_header(' {\n"kid" : "key-\\u0030",\t"alg":"RS256" }\r\n')),
    Accepted("rs384", _by("RS384", "key-3")),
    Accepted("rs512", _by("RS512", "key-1")),
    Accepted("ps256", _by("PS256", "key-2")),
    Accepted("es256", _by("ES256", "key-ec")),
    # Times.
    Accepted("exp-fraction", claim(exp=NOW + 0.5), {"expires_at": NOW + 0.5}),
    Accepted("exp-with-exponent", raw_claim("exp", "1.9e9"), {"expires_at": 1.9e9}),
    Accepted("exp-in-the-year-9999", claim(exp=253_402_300_799)),
    Accepted("exp-within-the-leeway", claim(exp=NOW - LEEWAY + 0.25)),
    Accepted("iat-as-the-leeway-ends", claim(iat=NOW + LEEWAY), {"issued_at": NOW + LEEWAY}),
    Accepted("iat-at-zero", claim(iat=0)),
    Accepted("nbf-past", claim(nbf=NOW - 60), {"not_before": NOW - 60}),
    Accepted("nbf-now", claim(nbf=NOW)),
    Accepted("nbf-as-the-leeway-ends", claim(nbf=NOW + LEEWAY)),
    # Audiences.
    Accepted("aud-text", claim(aud=AUDIENCE), {"audiences": (AUDIENCE,)}),
    Accepted("aud-second-of-ours", claim(aud=SECOND_AUDIENCE), {"audiences": (SECOND_AUDIENCE,)}),
    Accepted("aud-last-of-many", claim(aud=[*(f"urn:{n}" for n in range(100)), AUDIENCE])),
    # What it allows.
    Accepted("no-scope", claim(scope=...), {"scopes": frozenset()}),
    Accepted("empty-scope", claim(scope=""), {"scopes": frozenset()}),
    Accepted(
        "scope-with-spaces",
        claim(scope="  read:data  write:data "),
        {"scopes": frozenset({"read:data", "write:data"})},
    ),
    Accepted("no-permissions", claim(permissions=...), {"permissions": frozenset()}),
    Accepted("empty-permissions", claim(permissions=[]), {"permissions": frozenset()}),
    Accepted("permission-twice", claim(permissions=["a", "a"]), {"permissions": frozenset({"a"})}),
    Accepted(
        "organization",
        claim(org_id="org_9ybsU1dN2dKfDkBi", org_name="acme"),
        {"organization": "org_9ybsU1dN2dKfDkBi"},
    ),
    Accepted("no-client", claim(azp=...), {"client_id": None}),
    Accepted("client-said-twice", claim(client_id="spa-client"), {"client_id": "spa-client"}),
    # Whatever else JSON allows.
    Accepted("subject-beyond-ascii", claim(sub="auth0|j\u00fcrgen \u6f22"), {"subject": "auth0|j\u00fcrgen \u6f22"}),
    Accepted("subject-of-512-characters", claim(sub="auth0|" + "x" * 506)),
    Accepted("surrogate-pair", raw_claim("https://example.com/x", '"\\ud83d\\ude00"')),
    Accepted("custom-claims", claim(**{"https://example.com/roles": ["admin"], "x": {"y": [None, True, 1.5]}})),
    Accepted("20-digits-in-a-custom-claim", raw_claim("x", "1" * 20)),
    Accepted("32-deep", raw_claim("x", "[" * 31 + "]" * 31)),
    Accepted("many-brackets-not-deep", raw_claim("x", "[" + "[]," * 100 + "[]]")),
    Accepted("white-space-around-payload", payload(b"\t" + with_member(user_claims(NOW), "x", " [ 1 ] ") + b" \r\n")),
    Accepted("nearly-too-long", claim(padding="x" * 11_500)),
]
