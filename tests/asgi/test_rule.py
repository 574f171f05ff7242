"""Rules that would not mean what they say."""

from typing import Any

import pytest

from auth0_sso.asgi import Rule


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": "api"}, "begins with /"),
        ({"path": ""}, "begins with /"),
        ({"path": "/users/{id}"}, "without parameters"),
        ({"path": "/api/*"}, "wildcards"),
        ({"path": "/a/../b"}, "without . or .."),
        ({"path": "/a/./b"}, "without . or .."),
        ({"path": "//a"}, "empty segments"),
        ({"path": "/a%2fb"}, "decoded"),
        ({"path": "/a;v=1"}, "decoded"),
        ({"path": "/a\\b"}, "decoded"),
        ({"path": "/a\n"}, "decoded"),
        ({"path": "/a."}, "decoded"),
        ({"methods": "GET"}, "methods of a rule is a set or list"),
        ({"methods": {"get"}}, "in capitals"),
        ({"methods": {"HEAD"}}, "includes HEAD"),
        ({"scopes": "read:orders"}, "scopes of a rule is a set or list"),
        ({"scopes": {"read orders"}}, "RFC 6749"),
        ({"permissions": {""}}, "permissions of a rule is a set or list"),
        ({"any_role": "admin"}, "any_role of a rule is a set or list"),
        ({"public": True, "scopes": {"a"}}, "public"),
        ({"public": True, "any_role": {"a"}}, "public"),
        ({"stale_ok": True}, "needs any_role"),
        ({"within_organization": True}, "needs any_role"),
        ({"rate_limit": "often"}, "rate limit"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_hold_is_refused_at_once(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Rule(**({"path": "/a"} | arguments))


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/.well-known", "/API/v1.2", "/zürich", "/a b", "/@me"])
def test_a_prefix_may_be_any_path_in_its_plain_spelling(path: str) -> None:
    assert Rule(path).path == path


def test_a_rule_is_named_by_its_methods_and_path() -> None:
    assert Rule("/api", methods=["POST", "GET"]).name == "GET,POST /api"
    assert Rule("/api").name == "/api"
