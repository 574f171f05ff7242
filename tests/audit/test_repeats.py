import pytest

from auth0_sso.audit.record import Actor
from auth0_sso.audit.repeats import Repeats, network_of

FIRST = Actor(address="192.0.2.1")


def is_first(repeats: Repeats, *, reason: str = "expired", actor: Actor = FIRST) -> bool:
    return repeats.is_first("token-refused", reason, "invalid_token", actor)


def test_the_first_is_recorded_and_others_alike_are_counted() -> None:
    repeats = Repeats()
    assert [is_first(repeats) for _ in range(4)] == [True, False, False, False]
    [repeated] = repeats.flush()
    assert (repeated.count, repeated.action, repeated.reason, repeated.actor) == (
        3,
        "token-refused",
        "expired",
        FIRST,
    )


def test_a_refusal_that_was_not_repeated_is_not_recorded_again() -> None:
    repeats = Repeats()
    is_first(repeats)
    assert repeats.flush() == []


def test_each_period_begins_anew() -> None:
    repeats = Repeats()
    assert [is_first(repeats), is_first(repeats)] == [True, False]
    repeats.flush()
    assert is_first(repeats)
    assert repeats.flush() == []


@pytest.mark.parametrize(
    ("reason", "actor"),
    [
        ("signature_mismatch", FIRST),
        ("expired", Actor(address="192.0.2.2")),
        ("expired", Actor(subject="auth0|1", address="192.0.2.1")),
    ],
    ids=["reason", "address", "subject"],
)
def test_what_differs_is_of_another_kind(reason: str, actor: Actor) -> None:
    repeats = Repeats()
    is_first(repeats)
    assert is_first(repeats, reason=reason, actor=actor)


def test_one_host_with_many_ipv6_addresses_is_one_caller() -> None:
    repeats = Repeats()
    found = [is_first(repeats, actor=Actor(address=f"2001:db8::{number:x}")) for number in range(1, 100)]
    assert found.count(True) == 1


def test_kinds_beyond_the_maximum_are_counted_together_without_an_address() -> None:
    repeats = Repeats(max_kinds=2)
    found = [is_first(repeats, actor=Actor(address=f"192.0.2.{number}")) for number in range(10)]
    assert found == [True, True, *[False] * 8]
    [others] = repeats.flush()
    assert (others.count, others.reason, others.actor) == (8, None, Actor())


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
    ],
)
def test_the_network_of_an_address(host: str, network: str) -> None:
    assert network_of(host) == network
