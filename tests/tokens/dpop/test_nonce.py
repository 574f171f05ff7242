import pytest

from auth0_sso.clock import WallTime
from auth0_sso.tokens.dpop.nonce import NONCE_SECONDS, NonceSource

KEY = bytes(range(32))
NOW = WallTime(NONCE_SECONDS * 10_000_000.0)


def later(seconds: float) -> WallTime:
    return WallTime(NOW + seconds)


def test_replicas_with_one_key_accept_each_others_nonces() -> None:
    nonce = NonceSource(KEY).current(NOW)
    assert NonceSource(KEY).accepts(nonce, NOW)
    assert not NonceSource(KEY[::-1]).accepts(nonce, NOW)


def test_a_nonce_is_accepted_until_the_end_of_the_next_slot() -> None:
    source = NonceSource(KEY)
    nonce = source.current(NOW)
    assert source.accepts(nonce, later(2 * NONCE_SECONDS - 1))
    assert not source.accepts(nonce, later(2 * NONCE_SECONDS))


def test_each_slot_has_another_nonce() -> None:
    source = NonceSource(KEY)
    assert source.current(NOW) == source.current(later(NONCE_SECONDS - 1))
    assert len({source.current(later(NONCE_SECONDS * number)) for number in range(100)}) == 100


def test_a_nonce_of_the_future_is_not_accepted() -> None:
    source = NonceSource(KEY)
    assert not source.accepts(source.current(later(NONCE_SECONDS)), NOW)


@pytest.mark.parametrize("nonce", ["", "other", "\u00e9", "n" * 256])
def test_other_texts_are_not_accepted(nonce: str) -> None:
    assert not NonceSource(KEY).accepts(nonce, NOW)


def test_a_nonce_has_characters_that_headers_and_the_rfc_allow() -> None:
    nonce = NonceSource(KEY).current(NOW)
    assert len(nonce) == 43
    assert all(character.isalnum() or character in "-_" for character in nonce)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        NonceSource(b"short")
