import pytest

from auth0_sso.tokens.claims import AccessToken, TokenPolicy, validate
from auth0_sso.tokens.jwk import JwkSet
from auth0_sso.tokens.token_cache import TokenCache, Verified
from support.issuer import AUDIENCE, ISSUER, Issuer, user_claims
from support.token_cases import NOW


@pytest.fixture(scope="module")
def token() -> AccessToken:
    return validate(user_claims(NOW), TokenPolicy(ISSUER, frozenset({AUDIENCE})), NOW)


@pytest.fixture(scope="module")
def keys(issuer: Issuer) -> JwkSet:
    return JwkSet.parse(issuer.jwks("key-0"), ["RS256"])


class Filled:
    """A cache and what is put into it, each entry named by one letter."""

    def __init__(self, cache: TokenCache, token: AccessToken, keys: JwkSet) -> None:
        self.cache = cache
        self._token = token
        self._keys = keys

    def put(self, name: str, cost: int) -> None:
        self.cache.put(name.encode(), Verified(self._token, self._keys, cost))

    def has(self, names: str) -> list[bool]:
        return [self.cache.get(name.encode()) is not None for name in names]


def filled(token: AccessToken, keys: JwkSet, *, entries: int = 1000, size: int = 1000) -> Filled:
    return Filled(TokenCache(entries, size), token, keys)


def test_one_entry_too_many_ends_the_one_not_used_for_longest(token: AccessToken, keys: JwkSet) -> None:
    cache = filled(token, keys, entries=3)
    for name in "abc":
        cache.put(name, 1)
    assert cache.has("a") == [True]
    cache.put("d", 1)
    assert cache.has("abcd") == [True, False, True, True]


def test_bytes_have_a_bound_to_the_byte(token: AccessToken, keys: JwkSet) -> None:
    cache = filled(token, keys, size=100)
    for name, cost in (("a", 40), ("b", 40), ("c", 20)):
        cache.put(name, cost)
    assert cache.has("abc") == [True, True, True]
    cache.put("d", 1)
    assert cache.has("abcd") == [False, True, True, True]


def test_a_large_entry_ends_as_many_as_it_needs(token: AccessToken, keys: JwkSet) -> None:
    cache = filled(token, keys, size=100)
    for name in "abcd":
        cache.put(name, 25)
    cache.put("e", 60)
    assert cache.has("abcde") == [False, False, False, True, True]


def test_an_entry_larger_than_all_of_it_changes_nothing(token: AccessToken, keys: JwkSet) -> None:
    cache = filled(token, keys, size=100)
    cache.put("a", 50)
    cache.put("b", 101)
    assert cache.has("ab") == [True, False]


def test_an_entry_put_again_counts_once_and_by_its_new_size(token: AccessToken, keys: JwkSet) -> None:
    cache = filled(token, keys, size=100)
    cache.put("b", 40)
    for _ in range(10):
        cache.put("a", 60)
    assert cache.has("ba") == [True, True]
    cache.put("a", 10)
    cache.put("c", 50)
    assert cache.has("bac") == [True, True, True]
    cache.put("d", 1)
    assert cache.has("bacd") == [False, True, True, True]


@pytest.mark.parametrize(("entries", "size"), [(0, 100), (100, 0)])
def test_without_room_nothing_is_kept(token: AccessToken, keys: JwkSet, entries: int, size: int) -> None:
    cache = filled(token, keys, entries=entries, size=size)
    cache.put("a", 1)
    assert cache.has("a") == [False]
