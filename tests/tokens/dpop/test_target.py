import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.tokens.dpop.target import normalized

TARGET = "https://api.example.com/a/b"


@pytest.mark.parametrize(
    "uri",
    [
        TARGET,
        "HTTPS://api.example.com/a/b",
        "https://API.Example.COM/a/b",
        "https://api.example.com:443/a/b",
        "https://api.example.com:/a/b",
        "https://api.example.com/%61/b",
        "https://api.example.com/./a/b",
        "https://api.example.com/x/../a/b",
        "https://api.example.com/../a/b",
        "https://api.example.com/a/b?query=1",
        "https://api.example.com/a/b#fragment",
        "https://api.example.com/x/%2e%2E/a/b",
    ],
)
def test_other_spellings_of_one_target_are_equal(uri: str) -> None:
    assert normalized(uri) == TARGET


@pytest.mark.parametrize(
    "uri",
    [
        "http://api.example.com/a/b",
        "https://api.example.com:8443/a/b",
        "https://api.example.com:80/a/b",
        "https://api.example.org/a/b",
        "https://api.example.com/A/b",
        "https://api.example.com/a/b/",
        "https://api.example.com//a/b",
        "https://api.example.com/a%2Fb",
        "https://api.example.com/a/b/.",
        "https://api.example.com/a/b/..",
        "https://api.example.com/a/b%00",
        "https://api.example.com./a/b",
    ],
)
def test_another_target_stays_another(uri: str) -> None:
    assert normalized(uri) != TARGET


def test_an_empty_path_is_the_root() -> None:
    assert normalized("https://api.example.com") == normalized("https://api.example.com/")


def test_an_address_of_ipv6_keeps_its_brackets_and_port() -> None:
    assert normalized("http://[::1]:80/a") == "http://[::1]/a"
    assert normalized("http://[::1]:3000/a") == "http://[::1]:3000/a"
    assert normalized("http://[::1]/a") == "http://[::1]/a"


def test_escapes_of_reserved_characters_differ_in_case_only() -> None:
    assert normalized("https://api.example.com/auth0%7c1") == normalized("https://api.example.com/auth0%7C1")
    assert normalized("https://api.example.com/auth0%7C1").endswith("%7C1")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/a/b",
        "//api.example.com/a",
        "ftp://api.example.com/a",
        "https:///a",
        "https://",
        "https://user@api.example.com/a",
        "https://user:password@api.example.com/a",
        "https://api.example.com:port/a",
        "https://api.example.com:999999/a",
        "https://api.example.com/%",
        "https://api.example.com/%4",
        "https://api.example.com/%zz",
        "https://api.example.com/a b",
        "https://api.example.com/\u00e9",
        "https://api.example.com\\a",
        "https://[::1/a",
        "https://[/a",
        "https://api.example.com/" + "a" * 8192,
    ],
)
def test_what_is_no_http_uri_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"URI|host|port|hexadecimal|netloc|IPv6"):
        normalized(uri)


@given(st.text(max_size=60))
def test_any_path_either_has_one_normal_form_or_none(path: str) -> None:
    try:
        once = normalized(f"https://api.example.com/{path}")
    except ValueError:
        return
    assert normalized(once) == once
