import pytest

from auth0_sso.store.keyring import Keyring
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore

SECRET = "a-secret-that-every-replica-has"


def sealed(
    store: RedisStore, secret: str = SECRET, purpose: str = "https://tenant.example.com/ client"
) -> SealedStore:
    return SealedStore(store, Keyring(purpose, secret))


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
    assert name == sealed(store, "another-secret").name("thing", "auth0|someone")  # it stays when the secret changes
    assert name != sealed(store, purpose="https://other.example.com/ client").name("thing", "auth0|someone")
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


async def test_an_unknown_key_is_logged_once(store: RedisStore, caplog: pytest.LogCaptureFixture) -> None:
    one, other = sealed(store), sealed(store, "another-secret")
    for value in range(3):
        assert one.unseal("place", other.seal("place", value)) is None
    assert one.unseal("place", b"garbage") is None
    (record,) = caplog.records
    assert (record.levelname, record.name) == ("WARNING", "auth0_sso.store.sealed")
    assert "with a secret this process does not have" in record.getMessage()


async def test_invented_key_ids_do_not_flood_the_log(store: RedisStore, caplog: pytest.LogCaptureFixture) -> None:
    one = sealed(store)
    for number in range(100):
        assert one.unseal("place", b"%08x.gAAAAAB" % number) is None
    assert len(caplog.records) == 4


async def test_only_a_sealed_value_of_another_secret_has_an_unknown_key(store: RedisStore) -> None:
    one = sealed(store)
    assert one.has_unknown_key(sealed(store, "another-secret").seal("place", 1))
    good = one.seal("place", 1)
    others = [good, good[:-1], b"garbage", b"", None, "text"]
    assert [one.has_unknown_key(value) for value in others] == [False] * len(others)
