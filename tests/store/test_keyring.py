from auth0_sso.store.keyring import ADOPTION, RETIREMENT, Keyring
from auth0_sso.store.sealed import SealedStore
from auth0_sso.store.store import RedisStore
from auth0_sso.testing.clock import HandClock

PLACE = "a-place"


def opens(reader: SealedStore, writer: SealedStore) -> bool:
    return reader.unseal(PLACE, writer.seal(PLACE, "x")) == "x"


async def test_either_order_of_two_secrets_opens_what_the_other_seals(store: RedisStore) -> None:
    one, two = SealedStore(store, Keyring("p", "old", "new")), SealedStore(store, Keyring("p", "new", "old"))
    assert opens(one, two)
    assert opens(two, one)


async def test_a_secret_that_is_known_seals_as_soon_as_it_is_first(store: RedisStore, clock: HandClock) -> None:
    ring = Keyring("p", "old", "new", clock=clock)
    ring.replace(["new", "old"])
    assert opens(SealedStore(store, Keyring("p", "new")), SealedStore(store, ring))


async def test_a_new_secret_opens_at_once_and_seals_after_the_adoption(store: RedisStore, clock: HandClock) -> None:
    ring = Keyring("p", "old", clock=clock)
    ring.replace(["new"])
    changed = SealedStore(store, ring)
    old, new = (SealedStore(store, Keyring("p", name)) for name in ("old", "new"))
    assert opens(changed, new)
    clock.now += ADOPTION - 1
    assert opens(old, changed)
    clock.now += 1
    assert opens(new, changed)
    assert not opens(old, changed)


async def test_a_secret_that_is_not_listed_any_more_opens_for_an_hour(store: RedisStore, clock: HandClock) -> None:
    ring = Keyring("p", "old", clock=clock)
    ring.replace(["new"])
    changed, old = SealedStore(store, ring), SealedStore(store, Keyring("p", "old"))
    clock.now += RETIREMENT - 1
    assert opens(changed, old)
    clock.now += 1
    assert not opens(changed, old)


async def test_a_second_change_does_not_shorten_the_adoption(store: RedisStore, clock: HandClock) -> None:
    ring = Keyring("p", "old", clock=clock)
    ring.replace(["new"])
    clock.now += ADOPTION - 1
    ring.replace(["new", "old"])
    assert opens(SealedStore(store, Keyring("p", "old")), SealedStore(store, ring))
    clock.now += 1
    assert opens(SealedStore(store, Keyring("p", "new")), SealedStore(store, ring))


async def test_a_change_that_is_taken_back_seals_as_before(store: RedisStore, clock: HandClock) -> None:
    ring = Keyring("p", "old", clock=clock)
    ring.replace(["wrong"])
    ring.replace(["old"])
    clock.now += ADOPTION
    assert opens(SealedStore(store, Keyring("p", "old")), SealedStore(store, ring))


async def test_a_replica_between_two_changes_still_opens_both(store: RedisStore, clock: HandClock) -> None:
    ring = Keyring("p", "first", clock=clock)
    ring.replace(["second"])
    ring.replace(["third"])
    changed = SealedStore(store, ring)
    assert all(opens(changed, SealedStore(store, Keyring("p", name))) for name in ("first", "second", "third"))


def test_a_key_id_tells_nothing_of_its_secret() -> None:
    key = Keyring("p", "the-secret").sealing
    assert len(key.id) == 8
    assert key.id != Keyring("another purpose", "the-secret").sealing.id
    assert "the-secret" not in repr(key)
