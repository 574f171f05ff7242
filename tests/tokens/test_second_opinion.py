"""joserfc, told the same rules, gives the same verdict on well-formed tokens; where it does not, we mean it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt
from joserfc.errors import JoseError

from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.hostile.cases import LEEWAY
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, SUBJECT, Issuer, public_jwk, user_claims
from auth0_sso.tokens.claims import AccessToken
from support.token_cases import NOW, POLICY, SECOND_AUDIENCE, KeysAtHand, verdict

TIME = st.sampled_from(
    [NOW + distance for distance in (-3600, -LEEWAY - 1, -LEEWAY, 0, LEEWAY, LEEWAY + 1, 3600)]
).map(int)
WELL_FORMED = st.fixed_dictionaries(
    {
        "iss": st.sampled_from([ISSUER, ISSUER[:-1], "https://other.example.com/"]),
        "aud": st.sampled_from([AUDIENCE, SECOND_AUDIENCE, "urn:other"])
        | st.lists(st.sampled_from([AUDIENCE, SECOND_AUDIENCE, "urn:other"]), min_size=1, max_size=3),
        "exp": TIME,
        "iat": TIME,
    },
    optional={"nbf": TIME, "scope": st.sampled_from(["", "read:data", "a b"]), "jti": st.just("j")},
)


def joserfc_accepts(token: str, issuer: Issuer) -> bool:
    """Ask joserfc, told the same rules."""
    key = joserfc_jwk.RSAKey.import_key({**public_jwk(issuer.keys["key-0"], "key-0")})  # type: ignore[dict-item]  # joserfc's own JWK type is narrower than its input
    rules = joserfc_jwt.JWTClaimsRegistry(
        now=int(NOW),
        leeway=int(LEEWAY),
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "values": sorted(POLICY.audiences)},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        rules.validate(joserfc_jwt.decode(token, key, algorithms=["RS256"]).claims)
    except (JoseError, ValueError):
        return False
    return True


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WELL_FORMED, st.sampled_from(["key-0", "key-1"]))
def test_a_second_library_gives_the_same_verdict_on_well_formed_tokens(
    keys: KeysAtHand, issuer: Issuer, claims: dict[str, Any], signer: str
) -> None:
    token = issuer.token({"sub": SUBJECT} | claims, header={"kid": "key-0"}, kid=signer)
    outcome = verdict(keys, [b"Bearer " + token.encode()])
    assert isinstance(outcome, AccessToken) == joserfc_accepts(token, issuer), outcome


# Where we differ on purpose: each of these joserfc accepts and we refuse, for the reason beside it.
STRICTER: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a type that is no access token's": ({"typ": "dpop+jwt"}, {}, "typ_not_allowed"),
    "no kid": ({"kid": ...}, {}, "kid_missing"),
    "an ID token": ({}, {"nonce": "n"}, "id_token"),
    "a key-bound token": ({}, {"cnf": {"jkt": "x"}}, "sender_constrained"),
    "a subject that breaks a log line": ({}, {"sub": "a\nb"}, "sub_invalid"),
    "a list for a scope": ({}, {"scope": ["a"]}, "scope_invalid"),
    "a clock that never ends": ({}, {"exp": 10**15}, "exp_invalid"),
}


@pytest.mark.parametrize(("header", "claims", "reason"), STRICTER.values(), ids=STRICTER)
def test_every_difference_to_the_second_library_is_listed(
    keys: KeysAtHand, issuer: Issuer, header: dict[str, Any], claims: dict[str, Any], reason: str
) -> None:
    token = issuer.token(user_claims(NOW, **claims), header=header)
    outcome = verdict(keys, [b"Bearer " + token.encode()])
    assert isinstance(outcome, InvalidTokenError)
    assert (outcome.reason, joserfc_accepts(token, issuer)) == (reason, True)
