import pytest

from auth0_sso.store.address import StoreAddress, parse_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1:6379/0", StoreAddress("async+redis://127.0.0.1:6379/0", "server", tls=False)),
        ("rediss://user:word@a:6380", StoreAddress("async+rediss://user:word@a:6380", "server", tls=True)),
        ("redis+unix:///run/a.sock?db=1", StoreAddress("async+redis+unix:///run/a.sock?db=1", "unix", tls=False)),
        ("redis+sentinel://a:1,b:2/main", StoreAddress("async+redis+sentinel://a:1,b:2/main", "sentinel", tls=False)),
        ("rediss+sentinel://a:1,b:2/main", StoreAddress("async+redis+sentinel://a:1,b:2/main", "sentinel", tls=True)),
        ("redis+cluster://:word@a:1,b:2", StoreAddress("async+redis+cluster://:word@a:1,b:2", "cluster", tls=False)),
        ("rediss+cluster://:word@a:1,b:2", StoreAddress("async+redis+cluster://:word@a:1,b:2", "cluster", tls=True)),
        ("valkey://127.0.0.1:6379", StoreAddress("async+redis://127.0.0.1:6379", "server", tls=False)),
        ("valkeys://127.0.0.1:6379", StoreAddress("async+rediss://127.0.0.1:6379", "server", tls=True)),
        ("valkey+cluster://a:6379", StoreAddress("async+redis+cluster://a:6379", "cluster", tls=False)),
        ("valkeys+sentinel://a:1/main", StoreAddress("async+redis+sentinel://a:1/main", "sentinel", tls=True)),
    ],
)
def test_an_address_is_spelled_as_the_library_knows_it(url: str, address: StoreAddress) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis",
        "redis://",
        "memory://",
        "memcached://:the-secret-word@a:1",
        "http://:the-secret-word@a:1",
        "redis+tls://:the-secret-word@a:1",
        "rediss+unix:///the-secret-word",
        "redis+sentinels://:the-secret-word@a:1/main",
        "rediss+cluster://:the-secret-word@a:6379,b",
        "redis+sentinel://:the-secret-word@a:26379",
        "redis+sentinel://:the-secret-word@a:26379/",
        "redis+sentinel://:the-secret-word@a/main",
        "redis+cluster://:the-secret-word@a:6379,b",
        "redis://:the-secret-word@a:6379?foo=1",
    ],
)
def test_another_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|master|port|query") as caught:
        parse_address(url)
    assert "the-secret-word" not in str(caught.value)


def test_an_address_shows_no_password() -> None:
    assert "the-secret-word" not in repr(parse_address("redis://:the-secret-word@a:6379"))
