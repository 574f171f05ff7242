import pytest

from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore

SECRET = "a-secret-that-every-replica-has"


def sealed(
    store: RedisStore, secret: str = SECRET, purpose: str = "https://tenant.example.com/ client"
) -> SealedStore:
    return SealedStore(store, secret, purpose)


async def test_another_process_with_the_secret_unseals_a_value(store: RedisStore) -> None:
    name = sealed(store).name("thing", "auth0|someone")
    value = {"roles": ["admin"], "n": 1, "nothing": None}
    assert name == sealed(store).name("thing", "auth0|someone")
    assert sealed(store).unseal(name, sealed(store).seal(name, value)) == value


async def test_neither_key_nor_value_shows_what_it_holds(store: RedisStore) -> None:
    one = sealed(store)
    name = one.name("thing", "auth0|someone")
    assert "someone" not in name
    assert name != one.name("thing", "auth0|", "someone")
    assert name != one.name("other", "auth0|someone")
    assert name != sealed(store, "another-secret").name("thing", "auth0|someone")
    assert b"admin" not in one.seal(name, "admin")


async def test_no_other_value_is_unsealed(store: RedisStore) -> None:
    one = sealed(store)
    name, other = one.name("thing", "a"), one.name("thing", "b")
    good = one.seal(name, "x")
    forgeries = [None, "x", b"", b"x", good[:-1], good[:40] + b"A" + good[41:], good.decode()]
    assert [one.unseal(name, forged) for forged in forgeries] == [None] * len(forgeries)
    assert one.unseal(other, good) is None  # moved to another place
    assert sealed(store, "another-secret").unseal(name, good) is None
    assert sealed(store, purpose="https://other.example.com/ client").unseal(name, good) is None


@pytest.mark.parametrize("secret", ["short", "-----BEGIN PRIVATE KEY-----\n" + "A" * 3000])
async def test_any_secret_makes_a_key(store: RedisStore, secret: str) -> None:
    one = sealed(store, secret)
    assert one.unseal("place", one.seal("place", 1)) == 1
