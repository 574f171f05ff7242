import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest

from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import Issuer, public_jwk, user_claims
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey
from auth0_sso.tokens.verifier import MAX_TOKEN_BYTES, TokenVerifier, TrustedIssuer
from support.token_cases import NOW, POLICY, KeysAtHand


def cached(keys: KeysAtHand, clock: HandClock, *, size: int = 8) -> TokenVerifier:
    return TokenVerifier(keys, POLICY, cache_size=size, clock=clock)


async def refusal(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(InvalidTokenError) as caught:
        await verifier.verify(token)
    return caught.value.reason


async def test_a_repeated_token_is_cached(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier = cached(keys, clock)
    first = await verifier.verify(forge.token())
    assert await verifier.verify(forge.token()) is first
    assert await verifier.verify(forge.token(jti="another")) is not first


async def test_without_a_cache_nothing_is_cached(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier = TokenVerifier(keys, POLICY, clock=clock)
    first = await verifier.verify(forge.token())
    second = await verifier.verify(forge.token())
    assert first == second
    assert first is not second


async def test_the_least_recently_used_token_is_evicted(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier = cached(keys, clock, size=2)
    tokens = [forge.token(jti=str(number)) for number in range(3)]
    first, second, third = [await verifier.verify(token) for token in tokens]
    assert await verifier.verify(tokens[2]) is third
    assert await verifier.verify(tokens[1]) is second
    assert await verifier.verify(tokens[0]) is not first


async def test_a_token_used_again_is_evicted_last(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier = cached(keys, clock, size=2)
    tokens = [forge.token(jti=str(number)) for number in range(3)]
    first, second = [await verifier.verify(token) for token in tokens[:2]]
    for token in (tokens[0], tokens[2]):
        await verifier.verify(token)
    assert await verifier.verify(tokens[0]) is first
    assert await verifier.verify(tokens[1]) is not second


SHAPES: dict[str, Callable[[int], dict[str, object]]] = {
    "permissions": lambda count: {"permissions": [f"read:resource_{number}" for number in range(count)]},
    "roles": lambda count: {"https://example.com/roles": [f"role_{number}" for number in range(count)]},
    "objects": lambda count: {
        "https://example.com/orgs": [{"id": f"org_{n:016}", "role": "admin"} for n in range(count)]
    },
    "text": lambda count: {"https://example.com/text": "x" * count * 20},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 50, 250])
async def test_cached_tokens_do_not_exceed_their_memory(
    keys: KeysAtHand, clock: HandClock, forge: Forge, count: int, shape: str
) -> None:
    bound = 512 * 1024
    verifier = TokenVerifier(keys, POLICY, cache_size=100_000, cache_bytes=bound, clock=clock)
    tokens = [forge.token(jti=str(number), **SHAPES[shape](count)) for number in range(300)]
    await verifier.verify(tokens[0])
    tracemalloc.start()
    try:
        for token in tokens:
            await verifier.verify(token)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bound / 10 < taken < bound * 1.1


async def test_one_large_token_evicts_several_small_ones(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier = TokenVerifier(keys, POLICY, cache_size=4, cache_bytes=100_000, clock=clock)
    small = [forge.token(jti=str(number)) for number in range(4)]
    large = forge.token(**SHAPES["permissions"](250))
    for token in (*small, large):
        await verifier.verify(token)
    first = await verifier.verify(large)
    assert await verifier.verify(large) is first
    anew = [await verifier.verify(token) for token in reversed(small)]
    assert await verifier.verify(small[0]) is anew[3]


async def test_a_token_larger_than_the_cache_is_not_cached(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier = TokenVerifier(keys, POLICY, cache_size=8, cache_bytes=20_000, clock=clock)
    small, large = forge.token(), forge.token(**SHAPES["permissions"](250))
    first = await verifier.verify(small)
    assert await verifier.verify(large) is not await verifier.verify(large)
    assert await verifier.verify(small) is first


@pytest.mark.parametrize("size", [1, 3, 7, 100])
async def test_exactly_cache_size_small_tokens_are_cached(
    keys: KeysAtHand, clock: HandClock, forge: Forge, size: int
) -> None:
    verifier = cached(keys, clock, size=size)
    tokens = [forge.token(jti=str(number)) for number in range(size + 1)]
    made = [await verifier.verify(token) for token in tokens]
    assert [await verifier.verify(token) for token in tokens[1:]] == made[1:]
    again = [await verifier.verify(token) is before for token, before in zip(tokens[1:], made[1:], strict=True)]
    assert all(again)
    assert await verifier.verify(tokens[0]) is not made[0]


async def test_a_cached_token_expires(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier, token = cached(keys, clock), forge.token(exp=NOW + 60)
    await verifier.verify(token)
    clock.now = NOW + 60 + POLICY.leeway - 0.5
    await verifier.verify(token)
    clock.now += 0.5
    assert await refusal(verifier, token) == "expired"
    clock.now = NOW - POLICY.leeway - 1  # the clock was set back
    assert await refusal(verifier, token) == "iat_in_future"


async def test_the_policy_of_the_verifier_sets_the_end_of_a_token(
    keys: KeysAtHand, clock: HandClock, forge: Forge
) -> None:
    verifier = cached(keys, clock)
    token = await verifier.verify(forge.token(exp=NOW + 60))
    assert verifier.end_of(token) == NOW + 60 + POLICY.leeway


async def test_a_withdrawn_key_invalidates_its_cached_tokens(
    keys: KeysAtHand, clock: HandClock, forge: Forge, issuer: Issuer
) -> None:
    verifier = cached(keys, clock)
    await verifier.verify(forge.token())
    keys.current = JwkSet.parse(issuer.jwks("key-1"), ["RS256"])
    assert await refusal(verifier, forge.token()) == "kid_unknown"
    assert keys.asked == [("key-0", "RS256")]


async def test_a_key_replaced_under_its_kid_invalidates_its_tokens(
    keys: KeysAtHand, clock: HandClock, forge: Forge, issuer: Issuer
) -> None:
    verifier = cached(keys, clock)
    await verifier.verify(forge.token())
    keys.current = JwkSet.parse(Issuer([issuer.keys["key-1"]]).jwks("key-0"), ["RS256"])
    assert await refusal(verifier, forge.token()) == "signature_mismatch"


async def test_a_token_is_cached_again_with_a_new_key_set(
    keys: KeysAtHand, clock: HandClock, forge: Forge, issuer: Issuer
) -> None:
    verifier = cached(keys, clock)
    before = await verifier.verify(forge.token())
    keys.current = JwkSet.parse(issuer.jwks("key-0", "key-1"), ["RS256"])
    after = await verifier.verify(forge.token())
    assert (after, after is before) == (before, False)
    assert await verifier.verify(forge.token()) is after


async def test_a_token_whose_key_was_fetched_is_cached_with_it(
    keys: KeysAtHand, clock: HandClock, forge: Forge
) -> None:
    verifier = cached(keys, clock)
    keys.current, keys.fetched = None, keys.current
    first = await verifier.verify(forge.token())
    assert await verifier.verify(forge.token()) is first
    assert keys.asked == [("key-0", "RS256")]


async def test_without_a_current_set_cached_tokens_are_not_used(
    keys: KeysAtHand, clock: HandClock, forge: Forge
) -> None:
    verifier = cached(keys, clock)
    await verifier.verify(forge.token())
    keys.current = None
    assert await refusal(verifier, forge.token()) == "kid_unknown"


async def test_a_token_whose_key_was_withdrawn_meanwhile_is_not_cached(
    keys: KeysAtHand, clock: HandClock, forge: Forge, issuer: Issuer
) -> None:
    class Rotating(KeysAtHand):
        async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
            key = await super().find_key(key_id, algorithm)
            self.current = self.fetched = JwkSet.parse(
                issuer.jwks("key-1"), ["RS256"]
            )  # before the waiter runs again
            return key

    rotating = Rotating(None)
    rotating.fetched = keys.current
    verifier = cached(rotating, clock)
    await verifier.verify(forge.token())
    assert await refusal(verifier, forge.token()) == "kid_unknown"
    assert rotating.asked == [("key-0", "RS256")] * 2


async def test_a_refused_token_is_not_cached(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier, token = cached(keys, clock), forge.token(nbf=NOW + 100)
    assert await refusal(verifier, token) == "not_yet_valid"
    clock.now = NOW + 100
    assert (await verifier.verify(token)).not_before == NOW + 100


async def test_another_encoding_of_a_token_is_not_in_the_cache(
    keys: KeysAtHand, clock: HandClock, forge: Forge
) -> None:
    verifier = cached(keys, clock)
    await verifier.verify(forge.token())
    for other in (forge.token() + "==", forge.token() + "\u00e9", " " + forge.token()):
        assert (await refusal(verifier, other)).endswith("_not_base64url")


async def test_the_cache_contains_no_token_text(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier, token = cached(keys, clock), forge.token()
    await verifier.verify(token)
    assert token.rsplit(".", 1)[1] not in repr(vars(verifier))


@pytest.mark.parametrize(
    "token",
    ["\ud800", "a.b.\udfff", "\x00.\x00.\x00", "\u2603" * 20_000, "." * 20_000],
    ids=["surrogate", "surrogate-inside", "nul", "snowmen", "dots"],
)
async def test_non_ascii_text_is_refused(keys: KeysAtHand, clock: HandClock, token: str) -> None:
    await refusal(cached(keys, clock), token)
    assert keys.asked == []


async def test_the_maximum_length_is_configurable(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    token = forge.token()
    for bound, passes in ((len(token), True), (len(token) - 1, False)):
        verifier = TokenVerifier(keys, POLICY, max_token_bytes=bound, clock=clock)
        if passes:
            await verifier.verify(token)
        else:
            assert await refusal(verifier, token) == "token_too_long"
    assert await refusal(cached(keys, clock), "x" * (MAX_TOKEN_BYTES + 1)) == "token_too_long"
    assert await refusal(cached(keys, clock), "x" * MAX_TOKEN_BYTES) == "token_opaque"


async def test_only_rs256_is_accepted_by_default(
    keys: KeysAtHand, clock: HandClock, issuer: Issuer, forge: Forge
) -> None:
    token = issuer.token({}, kid="key-1", algorithm="RS512")
    assert await refusal(cached(keys, clock), token) == "alg_not_allowed"
    assert (await TokenVerifier(keys, POLICY, clock=clock).verify(forge.token())).subject


async def test_a_refusal_names_key_and_verified_client(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    verifier = cached(keys, clock)
    token = forge.token(azp="client-1", exp=NOW + 60)
    await verifier.verify(token)
    clock.now += 3600
    with pytest.raises(InvalidTokenError) as cached_one:
        await verifier.verify(token)
    with pytest.raises(InvalidTokenError) as new_one:
        await verifier.verify(forge.token(azp="client-1", exp=NOW + 61))
    assert (cached_one.value.reason, cached_one.value.client_id) == ("expired", "client-1")
    assert (new_one.value.reason, new_one.value.client_id) == ("expired", "client-1")
    assert new_one.value.key_id == "key-0"


async def test_a_wrong_signature_gives_no_client(keys: KeysAtHand, clock: HandClock, forge: Forge) -> None:
    header, _, signature = forge.token(azp="client-1").split(".")
    _, payload, _ = forge.token(azp="client-2").split(".")
    with pytest.raises(InvalidTokenError) as refused:
        await cached(keys, clock).verify(f"{header}.{payload}.{signature}")
    assert (refused.value.reason, refused.value.key_id) == ("signature_mismatch", "key-0")
    assert refused.value.client_id is None


@pytest.mark.parametrize("claims", [{"azp": ["client-1"]}, {"client_id": "a", "azp": "b"}], ids=["array", "two"])
async def test_a_malformed_client_id_is_not_named(
    keys: KeysAtHand, clock: HandClock, forge: Forge, claims: dict[str, object]
) -> None:
    with pytest.raises(InvalidTokenError) as refused:
        await cached(keys, clock).verify(forge.token(aud="https://other.example.com", **claims))
    assert (refused.value.reason, refused.value.client_id) == ("aud_mismatch", None)


OTHER_ISSUER = "https://other.example.com/"
OTHER_POLICY = replace(POLICY, issuer=OTHER_ISSUER)


def keys_of(issuer: Issuer, kid: str, algorithm: str = "RS256") -> KeysAtHand:
    """Return a set with one key, called key-0 whichever it is."""
    jwks = {"keys": [public_jwk(issuer.keys[kid], "key-0", alg=algorithm)]}
    return KeysAtHand(JwkSet.parse(jwks, SUPPORTED_ALGORITHMS))


def token_of(issuer: Issuer, kid: str, algorithm: str = "RS256", /, **claims: object) -> str:
    return issuer.token(user_claims(NOW) | claims, kid=kid, algorithm=algorithm, header={"kid": "key-0"})


async def test_a_key_of_one_issuer_verifies_no_token_of_another_with_the_same_kid(
    issuer: Issuer, clock: HandClock
) -> None:
    others = [TrustedIssuer(keys_of(issuer, "key-1"), OTHER_POLICY)]
    verifier = TokenVerifier(keys_of(issuer, "key-0"), POLICY, others=others, cache_size=8, clock=clock)
    for _ in range(2):  # verified, and cached
        assert (await verifier.verify(token_of(issuer, "key-0"))).issuer == POLICY.issuer
        assert (await verifier.verify(token_of(issuer, "key-1", iss=OTHER_ISSUER))).issuer == OTHER_ISSUER
    assert await refusal(verifier, token_of(issuer, "key-0", iss=OTHER_ISSUER)) == "signature_mismatch"
    assert await refusal(verifier, token_of(issuer, "key-1")) == "signature_mismatch"


async def test_each_issuer_has_its_own_audience_clients_and_times(issuer: Issuer, clock: HandClock) -> None:
    policy = replace(OTHER_POLICY, audiences=frozenset({"https://other-api.example.com"}), leeway=600)
    others = [TrustedIssuer(keys_of(issuer, "key-1"), policy)]
    verifier = TokenVerifier(keys_of(issuer, "key-0"), POLICY, others=others, cache_size=8, clock=clock)
    assert await refusal(verifier, token_of(issuer, "key-1", iss=OTHER_ISSUER)) == "aud_mismatch"
    text = token_of(issuer, "key-1", iss=OTHER_ISSUER, aud="https://other-api.example.com", exp=NOW + 5)
    token = await verifier.verify(text)
    assert verifier.end_of(token) == NOW + 605
    await clock.advance(300)
    assert (await verifier.verify(text)) is token
    await clock.advance(306)
    assert await refusal(verifier, text) == "expired"


@pytest.mark.parametrize("first", [True, False])
async def test_an_algorithm_of_one_issuer_is_refused_of_another(
    issuer: Issuer, clock: HandClock, first: bool
) -> None:
    keys, others = (
        keys_of(issuer, "key-0"),
        [TrustedIssuer(keys_of(issuer, "key-0", "PS256"), OTHER_POLICY, ("PS256",))],
    )
    verifier = TokenVerifier(keys, POLICY, others=others, clock=clock)
    assert (await verifier.verify(token_of(issuer, "key-0", "PS256", iss=OTHER_ISSUER))).subject
    wrong = token_of(issuer, "key-0", "PS256") if first else token_of(issuer, "key-0", iss=OTHER_ISSUER)
    assert await refusal(verifier, wrong) == "alg_not_allowed"
    assert keys.asked == [], "a key was looked for"


async def test_a_token_of_no_trusted_issuer_asks_none_of_them_for_keys(issuer: Issuer, clock: HandClock) -> None:
    one, other = keys_of(issuer, "key-0"), keys_of(issuer, "key-1")
    verifier = TokenVerifier(one, POLICY, others=[TrustedIssuer(other, OTHER_POLICY)], clock=clock)
    for stranger in ("https://third.example.com/", OTHER_ISSUER.removesuffix("/"), OTHER_ISSUER.upper()):
        assert await refusal(verifier, token_of(issuer, "key-2", iss=stranger)) == "iss_mismatch"
    assert await refusal(verifier, token_of(issuer, "key-2", iss=[OTHER_ISSUER])) == "iss_invalid"
    assert (one.asked, other.asked) == ([], [])


async def test_a_rotated_key_of_one_issuer_is_asked_of_that_issuer_alone(issuer: Issuer, clock: HandClock) -> None:
    one, other = keys_of(issuer, "key-0"), keys_of(issuer, "key-1")
    other.fetched = JwkSet.parse({"keys": [public_jwk(issuer.keys["key-2"], "key-2")]}, SUPPORTED_ALGORITHMS)
    verifier = TokenVerifier(one, POLICY, others=[TrustedIssuer(other, OTHER_POLICY)], cache_size=8, clock=clock)
    rotated = issuer.token(user_claims(NOW) | {"iss": OTHER_ISSUER}, kid="key-2")
    assert (await verifier.verify(rotated)).issuer == OTHER_ISSUER
    assert (one.asked, other.asked) == ([], [("key-2", "RS256")])


def test_two_issuers_of_one_name_are_refused(issuer: Issuer) -> None:
    keys = KeysAtHand.of(issuer)
    with pytest.raises(ValueError, match="a name of its own"):
        TokenVerifier(keys, POLICY, others=[TrustedIssuer(keys, POLICY)])
