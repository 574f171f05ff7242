import pytest

from auth0_sso.web.checks.callers import address_of


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "address 192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "address 2001:db8:1:2::"),
        ("2001:db8:1:3::1", "address 2001:db8:1:3::"),
        ("fe80::1%eth0", "address fe80::"),
        ("::ffff:192.0.2.7", "address 192.0.2.7"),
        ("testclient", "address testclient"),
        ("x" * 1000, "address " + "x" * 64),
    ],
)
def test_an_address_is_counted_by_what_one_host_may_choose_from(host: str, name: str) -> None:
    assert address_of({"client": (host, 1234)}) == name


def test_without_an_address_all_are_one() -> None:
    assert address_of({}) == address_of({"client": None}) == "address unknown"
