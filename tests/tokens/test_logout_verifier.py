"""Logout tokens with their signatures; the claims by themselves are in test_logout_token.py."""

import pytest

from auth0_sso import StaticKeys
from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER, SUBJECT, Issuer, public_jwk, user_claims
from auth0_sso.tokens.logout_token import LogoutPolicy
from auth0_sso.tokens.logout_verifier import LogoutIssuer, LogoutTokenVerifier
from auth0_sso.tokens.verifier import KeySource
from support.logout_tokens import CLIENT, SESSION, logout_claims


def verifier_with(keys: KeySource, clock: HandClock) -> LogoutTokenVerifier:
    return LogoutTokenVerifier([LogoutIssuer(keys, LogoutPolicy(ISSUER, frozenset({CLIENT})))], clock=clock)


@pytest.fixture
def verifier(issuer: Issuer, clock: HandClock) -> LogoutTokenVerifier:
    return verifier_with(StaticKeys(issuer.jwks("key-0")), clock)


async def reason_of(verifier: LogoutTokenVerifier, compact: str) -> str:
    with pytest.raises(InvalidTokenError) as refused:
        await verifier.verify(compact)
    return refused.value.reason


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", ...], ids=str)
async def test_a_logout_token_of_either_type_says_whose_session_ended(
    verifier: LogoutTokenVerifier, issuer: Issuer, clock: HandClock, typ: object
) -> None:
    token = await verifier.verify(issuer.token(logout_claims(clock.now), header={"typ": typ}))
    assert (token.subject, token.session_id, token.id) == (SUBJECT, SESSION, "logout-1")


async def test_a_logout_token_is_verified_with_a_key_of_its_issuer(
    verifier: LogoutTokenVerifier, issuer: Issuer, clock: HandClock
) -> None:
    claims = logout_claims(clock.now)
    assert await reason_of(verifier, issuer.token(claims, kid="key-1")) == "kid_unknown"
    forged = issuer.token(claims, kid="key-1", header={"kid": "key-0"})
    assert await reason_of(verifier, forged) == "signature_mismatch"
    assert await reason_of(verifier, issuer.token(claims, header={"alg": "none"})) == "alg_not_allowed"
    assert await reason_of(verifier, issuer.token(claims, header={"alg": "HS256"})) == "alg_symmetric"


async def test_an_access_token_and_an_id_token_end_no_session(
    verifier: LogoutTokenVerifier, issuer: Issuer, clock: HandClock
) -> None:
    access = user_claims(clock.now)
    assert await reason_of(verifier, issuer.token(access, header={"typ": "at+jwt"})) == "typ_not_allowed"
    assert await reason_of(verifier, issuer.token(access | {"aud": CLIENT})) == "logout_events_mismatch"
    with_nonce = logout_claims(clock.now, nonce="n-1")
    assert await reason_of(verifier, issuer.token(with_nonce)) == "logout_nonce"


async def test_a_token_of_another_issuer_or_too_long_costs_no_key(issuer: Issuer, clock: HandClock) -> None:
    class NoKeys:
        current = None

        async def find_key(self, key_id: str, algorithm: str) -> object:
            raise AssertionError(f"a key was looked for: {key_id} {algorithm}")

    verifier = verifier_with(NoKeys(), clock)  # type: ignore[arg-type]  # it finds none
    other = logout_claims(clock.now, iss="https://other.example.com/")
    assert await reason_of(verifier, issuer.token(other)) == "logout_iss_mismatch"
    long = logout_claims(clock.now, more="x" * 20_000)
    assert await reason_of(verifier, issuer.token(long)) == "token_too_long"


async def test_each_issuer_has_its_own_keys_clients_and_algorithms(issuer: Issuer, clock: HandClock) -> None:
    other = "https://other.example.com/"
    verifier = LogoutTokenVerifier(
        [
            LogoutIssuer(StaticKeys(issuer.jwks("key-0")), LogoutPolicy(ISSUER, frozenset({CLIENT}))),
            LogoutIssuer(
                StaticKeys({"keys": [public_jwk(issuer.keys["key-1"], "key-1", alg="PS256")]}, algorithms=("PS256",)),
                LogoutPolicy(other, frozenset({"other-client"})),
                ("PS256",),
            ),
        ],
        clock=clock,
    )
    theirs = logout_claims(clock.now, iss=other, aud="other-client")
    assert (await verifier.verify(issuer.token(theirs, kid="key-1", algorithm="PS256"))).issuer == other
    assert await reason_of(verifier, issuer.token(theirs, kid="key-0")) == "alg_not_allowed"
    crossed = logout_claims(clock.now, iss=other, aud=CLIENT)
    assert await reason_of(verifier, issuer.token(crossed, kid="key-1", algorithm="PS256")) == "logout_aud_mismatch"
    unnamed = logout_claims(clock.now, iss=[other])
    assert await reason_of(verifier, issuer.token(unnamed)) == "logout_iss_mismatch"
