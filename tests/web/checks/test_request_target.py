from typing import Any

import pytest

from auth0_sso.web.checks.request_target import target_of


def request(path: bytes | None = b"/orders", **scope: Any) -> dict[str, Any]:  # noqa: ANN401 - an ASGI scope
    headers = [(b"host", b"api.example.com"), (b"accept", b"*/*")]
    decoded = "/orders" if path is None else path.decode("latin-1")
    return {"scheme": "https", "path": decoded, "raw_path": path, "root_path": "", "headers": headers} | scope


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param(request(), "https://api.example.com/orders", id="plain"),
        pytest.param(request(b"/a%2fb%7e"), "https://api.example.com/a%2Fb~", id="escapes"),
        pytest.param(request(scheme="wss"), "https://api.example.com/orders", id="websocket"),
        pytest.param(request(scheme="http"), "http://api.example.com/orders", id="http"),
        pytest.param(request(headers=[(b"host", b"h:443")]), "https://h/orders", id="default-port"),
        pytest.param(request(None), "https://api.example.com/orders", id="without-raw-path"),
        pytest.param(request(root_path="/v1"), "https://api.example.com/v1/orders", id="proxy-removes-root-path"),
        pytest.param(
            request(b"/v1/orders", root_path="/v1"), "https://api.example.com/v1/orders", id="server-adds-it"
        ),
        pytest.param(
            request(b"/v1/orders", root_path="/v1", app_root_path=""),
            "https://api.example.com/v1/orders",
            id="mounted",
        ),
        pytest.param(
            request(b"/v1orders", root_path="/v1"), "https://api.example.com/v1/v1orders", id="only-whole-segments"
        ),
    ],
)
def test_the_target_is_the_uri_that_the_client_has(scope: dict[str, Any], expected: str) -> None:
    assert target_of(scope, "") == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param(request(headers=[(b"host", b"evil.example")]), "https://public.example/shop/orders", id="host"),
        pytest.param(request(headers=[]), "https://public.example/shop/orders", id="no-host"),
        pytest.param(request(root_path="/shop"), "https://public.example/shop/orders", id="root-path"),
        pytest.param(request(b"/in/orders", root_path="/in"), "https://public.example/shop/orders", id="other-root"),
        pytest.param(request(b"//evil.example/x"), "https://public.example/shop//evil.example/x", id="two-slashes"),
    ],
)
def test_the_public_url_wins(scope: dict[str, Any], expected: str) -> None:
    assert target_of(scope, "https://public.example/shop") == expected


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(request(headers=[]), id="no-host"),
        pytest.param(request(headers=[(b"host", b"a"), (b"host", b"b")]), id="two-hosts"),
        pytest.param(request(headers=[(b"host", b"user@evil")]), id="user-information"),
        pytest.param(request(headers=[(b"host", b"a/b?")]), id="path-in-host"),
        pytest.param(request(headers=[(b"host", b"\xff")]), id="host-not-ascii"),
        pytest.param(request(b"/a#b"), id="fragment"),
        pytest.param(request(b"/a?b"), id="query"),
        pytest.param(request(b"*"), id="asterisk"),
        pytest.param(request(b"/\xff"), id="path-not-ascii"),
        pytest.param(request(b"/%"), id="half-an-escape"),
    ],
)
def test_what_can_be_read_in_two_ways_has_no_target(scope: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        target_of(scope, "")
