import pytest

from auth0_sso.store.address import StoreAddress, parse_address

SOCKET = "/run/a.sock"
TWO = (("a", 1), ("b", 2))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1:6379", StoreAddress("server", (("127.0.0.1", 6379),))),
        ("redis://127.0.0.1:6379/", StoreAddress("server", (("127.0.0.1", 6379),))),
        ("redis://[::1]:6379/3", StoreAddress("server", (("::1", 6379),), database=3)),
        ("redis://A:6379/3?db=4", StoreAddress("server", (("a", 6379),), database=4)),
        ("rediss://me:word@a:1", StoreAddress("server", (("a", 1),), tls=True, username="me", password="word")),
        ("redis://:%40%2F%3a@a:1", StoreAddress("server", (("a", 1),), password="@/:")),
        ("redis+unix:///run/a.sock?db=1", StoreAddress("unix", path=SOCKET, database=1)),
        ("redis+unix://me:word@/run/a.sock", StoreAddress("unix", path=SOCKET, username="me", password="word")),
        ("redis+sentinel://a:1,b:2/main", StoreAddress("sentinel", TWO, master="main")),
        ("rediss+sentinel://a:1,b:2/main?db=1", StoreAddress("sentinel", TWO, master="main", tls=True, database=1)),
        ("redis+cluster://:word@a:1,b:2", StoreAddress("cluster", TWO, password="word")),
        ("rediss+cluster://a:1,b:2/0", StoreAddress("cluster", TWO, tls=True)),
        ("valkey://a:1", StoreAddress("server", (("a", 1),))),
        ("valkeys://a:1", StoreAddress("server", (("a", 1),), tls=True)),
        ("valkey+unix:///run/a.sock", StoreAddress("unix", path=SOCKET)),
        ("valkey+cluster://a:1,b:2", StoreAddress("cluster", TWO)),
        ("valkeys+sentinel://a:1,b:2/main", StoreAddress("sentinel", TWO, master="main", tls=True)),
    ],
)
def test_an_address_is_read(url: str, address: StoreAddress) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "address"),
        ("redis", "address"),
        ("redis://", "address"),
        ("memory://", "address"),
        ("memcached://:the-secret-word@a:1", "address"),
        ("http://:the-secret-word@a:1", "address"),
        ("redis+tls://:the-secret-word@a:1", "address"),
        ("redis+sentinels://:the-secret-word@a:1/main", "address"),
        ("redis://:the-secret-word@[a:1", "address"),
        ("rediss+unix:///the-secret-word", "address"),
        ("redis+unix://:the-secret-word@", "socket"),
        ("redis+unix://:the-secret-word@a:1/run/a.sock", "socket"),
        ("redis:///0", "port"),
        ("redis://:the-secret-word@a", "port"),
        ("redis://:the-secret-word@a:abc", "port"),
        ("redis://:the-secret-word@a:0", "port"),
        ("redis://:the-secret-word@a:65536", "port"),
        ("redis+sentinel://:the-secret-word@a/main", "port"),
        ("redis+cluster://:the-secret-word@a:6379,b", "port"),
        ("rediss+cluster://:the-secret-word@a:6379,", "port"),
        ("redis://:the-secret-word@a:1,b:2", "several hosts"),
        ("redis+sentinel://:the-secret-word@a:26379", "master"),
        ("redis+sentinel://:the-secret-word@a:26379/", "master"),
        ("redis://:the-secret-word@a:6379?foo=1", "query"),
        ("redis://:the-secret-word@a:6379?foo=", "query"),
        ("redis://:the-secret-word@a:6379/name", "database"),
        ("redis://:the-secret-word@a:6379?db=-1", "database"),
        ("redis+sentinel://:the-secret-word@a:1/main?db=", "database"),
        ("redis+cluster://:the-secret-word@a:1/1", "cluster"),
        ("redis+cluster://:the-secret-word@a:1?db=1", "cluster"),
    ],
)
def test_another_is_refused_and_not_repeated(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_address(url)
    assert "the-secret-word" not in str(caught.value)


def test_an_address_shows_no_password() -> None:
    assert "the-secret-word" not in repr(parse_address("redis://:the-secret-word@a:6379"))
