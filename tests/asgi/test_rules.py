"""Which rule a request is under."""

from typing import Any
from urllib.parse import unquote

import pytest

from auth0_sso.asgi import Rule
from auth0_sso.asgi.rules import RuleTable
from auth0_sso.errors import InvalidInputError

ADMIN, API, OPEN = Rule("/api/admin", any_role={"admin"}), Rule("/api"), Rule("/", public=True)


def request(path: str, method: str = "GET", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - an ASGI scope
    return {"type": "http", "method": method, "path": path, "raw_path": None, "root_path": ""} | changes


@pytest.mark.parametrize("rules", [(ADMIN, API, OPEN), (OPEN, API, ADMIN)])
def test_the_longest_path_counts_in_any_order(rules: tuple[Rule, ...]) -> None:
    table = RuleTable(rules)
    assert table.find(request("/api/admin/users")) is ADMIN
    assert table.find(request("/api/orders")) is API
    assert table.find(request("/")) is OPEN


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/api", API),
        ("/api/", API),
        ("/apis", OPEN),
        ("/api-admin", OPEN),
        ("/api.json", OPEN),
        ("/api/administrators", API),
        ("/api/admin", ADMIN),
        ("/api/admin/", ADMIN),
        ("/x/api/admin", OPEN),
        ("", OPEN),
    ],
)
def test_a_prefix_ends_with_a_segment(path: str, rule: Rule) -> None:
    assert RuleTable([ADMIN, API, OPEN]).find(request(path)) is rule


def test_what_no_rule_is_for_needs_a_token() -> None:
    for table in (RuleTable([]), RuleTable([Rule("/health", public=True)])):
        assert table.find(request("/api")) == Rule("/")


def test_rules_of_one_path_differ_by_method() -> None:
    read, write = Rule("/api", methods={"GET"}, public=True), Rule("/api", scopes={"write"})
    table = RuleTable([read, write])
    for method in ("GET", "HEAD"):
        assert table.find(request("/api/x", method)) is read
    for method in ("POST", "OPTIONS", "PROPFIND", "post", "GET "):
        assert table.find(request("/api/x", method)) is write
    assert table.find({"type": "websocket", "path": "/api/x"}) is write


@pytest.mark.parametrize("method", ["get", "Get", "head"])
def test_a_method_in_another_case_is_not_under_either_rule(method: str) -> None:
    table = RuleTable([Rule("/api", methods={"GET"}, public=True), API])
    with pytest.raises(InvalidInputError) as refused:
        table.find(request("/api/x", method))
    assert refused.value.reason == "method_ambiguous"


def test_a_get_rule_holds_for_head_where_it_asks_for_more() -> None:
    strict = Rule("/api", methods={"GET"}, any_role={"admin"})
    assert RuleTable([strict, API]).find(request("/api", "HEAD")) is strict


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([Rule("/a"), Rule("/a/")], "/a needs one rule without methods"),
        ([Rule("/a", methods={"GET"})], "/a needs one rule without methods"),
        ([Rule("/", methods={"GET"})], "/ needs one rule without methods"),
        ([Rule("/a", methods={"GET", "PUT"}), Rule("/a", methods={"PUT"}, public=True), Rule("/a")], "PUT /a"),
        ([Rule("/a"), Rule("/A/")], "differ in case only"),
    ],
    ids=str,
)
def test_rules_that_contradict_each_other_are_refused(rules: list[Rule], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RuleTable(rules)


@pytest.mark.parametrize("path", ["/API/admin", "/api//admin", "/api/admin\n", "/api/x/../admin", "//api", "*"])
def test_a_path_under_two_rules_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        RuleTable([ADMIN, API, OPEN]).find(request(path))
    assert refused.value.reason == "path_ambiguous"
    assert path not in str(refused.value)


@pytest.mark.parametrize(
    "path", ["/api/Orders/7", "/api//orders", "/api/50%", "/api/a b", "/api/zürich", "/api/a;v=1", "/Docs", "/a:b@c"]
)
def test_an_unusual_path_under_one_rule_passes(path: str) -> None:
    assert RuleTable([ADMIN, API, OPEN]).find(request(path)) is (API if path.startswith("/api") else OPEN)


@pytest.mark.parametrize("path", ["/a/../b", "//", "/%2e%2e", "*", "/\n"])
def test_no_path_is_ambiguous_for_one_rule(path: str) -> None:
    assert RuleTable([OPEN]).find(request(path)) is OPEN


@pytest.mark.parametrize("start", ["/api/a", "/api/A", "/api/%CC%80", "/api//"])
def test_a_path_that_is_too_long_is_refused_unread(start: str) -> None:
    table, raw = RuleTable([ADMIN, API, OPEN]), start.ljust(8001, "a").encode()
    with pytest.raises(InvalidInputError) as refused:
        table.find({"type": "http", "method": "GET", "raw_path": raw, "root_path": ""})  # there is no path to read
    assert refused.value.reason == "path_too_long"
    path = unquote(raw[:-1].decode())
    assert table.find(request(path, raw_path=raw[:-1] + b"?" + b"x" * 8000)) is API


def test_without_raw_path_a_path_is_as_long_as_clients_send_it() -> None:
    table = RuleTable([ADMIN, API, OPEN])
    assert table.find(request("/api/" + "\u0300-" * 1142)) is API
    with pytest.raises(InvalidInputError) as refused:
        table.find(request("/api/" + "\u0300-" * 1143))
    assert refused.value.reason == "path_too_long"


def test_characters_that_take_long_to_normalize_are_refused_in_long_runs() -> None:
    table = RuleTable([ADMIN, API, OPEN])
    assert table.find(request("/api/" + ("\u0344" * 255 + "/") * 5)) is API
    with pytest.raises(InvalidInputError) as refused:
        table.find(request("/api/" + "\u0344" * 128 + "\u0316" * 128))
    assert refused.value.reason == "path_ambiguous"


def test_one_rule_is_for_paths_of_any_length() -> None:
    assert RuleTable([OPEN]).find(request("/" + "a" * 60_000)) is OPEN


def test_an_encoded_slash_is_not_read_in_two_ways() -> None:
    table = RuleTable([Rule("/files", public=True)])
    assert table.find(request("/files/a/b", raw_path=b"/files/a%2Fb")).public
    with pytest.raises(InvalidInputError):
        table.find(request("/files/secret", raw_path=b"/files%2fsecret"))
    assert table.find(request("/files/secret", raw_path=b"/%66iles/secret?x=%2f")).public


@pytest.mark.parametrize(
    ("path", "root_path", "rule"),
    [
        ("/v1/api/admin", "/v1", ADMIN),
        ("/v1/api", "/v1", API),
        ("/v1", "/v1", OPEN),
        ("/api/admin", "/v1", ADMIN),
        ("/api/admin", "/api", OPEN),
        ("/v1/Docs", "/v1", OPEN),
    ],
)
def test_rules_are_for_the_path_below_the_root_path(path: str, root_path: str, rule: Rule) -> None:
    assert RuleTable([ADMIN, API, OPEN]).find(request(path, root_path=root_path)) is rule


@pytest.mark.parametrize("path", ["/x/v1/api/admin", "/v1api/admin", "/v1/V1/../api"])
def test_a_root_path_that_routers_remove_differently_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError):
        RuleTable([ADMIN, API, OPEN]).find(request(path, root_path="/v1"))


def test_the_apps_own_root_path_replaces_the_servers() -> None:
    table = RuleTable([ADMIN, OPEN], root_path="/v1")
    assert table.find(request("/v1/api/admin", root_path="/proxy")) is ADMIN
