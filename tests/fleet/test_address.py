import pytest

from auth0_sso.fleet.address import library_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1:6379/0", "async+redis://127.0.0.1:6379/0"),
        ("rediss://user:word@store.example.com:6380", "async+rediss://user:word@store.example.com:6380"),
        ("redis+unix:///run/redis.sock?db=1", "async+redis+unix:///run/redis.sock?db=1"),
        ("redis+sentinel://a:26379,b:26379/main", "async+redis+sentinel://a:26379,b:26379/main"),
        ("redis+cluster://:word@a:6379,b:6379", "async+redis+cluster://:word@a:6379,b:6379"),
        ("valkey://127.0.0.1:6379", "async+redis://127.0.0.1:6379"),
        ("valkeys://127.0.0.1:6379", "async+rediss://127.0.0.1:6379"),
        ("valkey+cluster://a:6379", "async+redis+cluster://a:6379"),
    ],
)
def test_an_address_is_spelled_as_the_library_knows_it(url: str, address: str) -> None:
    assert library_address(url) == address


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
        "redis+sentinel://:the-secret-word@a:26379",
        "redis+sentinel://:the-secret-word@a:26379/",
        "redis+sentinel://:the-secret-word@a/main",
        "redis+cluster://:the-secret-word@a:6379,b",
        "redis://:the-secret-word@a:6379?foo=1",
    ],
)
def test_another_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|master|port|query") as caught:
        library_address(url)
    assert "the-secret-word" not in str(caught.value)
