import pytest

from ..visitor import Visitor


async def test_a_fault_applies_to_its_path_and_as_often_as_set(visitor: Visitor) -> None:
    fault = {"path": "/.well-known/", "times": 2, "status": 429, "headers": {"Retry-After": "3"}, "body": "later"}
    assert (await visitor.client.post("_development/faults", json=fault)).status_code == 204
    first, second, third = [await visitor.client.get(".well-known/jwks.json") for _ in range(3)]
    assert [answer.status_code for answer in (first, second, third)] == [429, 429, 200]
    assert (first.headers["Retry-After"], first.text) == ("3", "later")
    assert (await visitor.machine()).status_code == 200


async def test_requests_are_counted_except_those_under_development(visitor: Visitor) -> None:
    await visitor.client.post("_development/faults", json={"path": "/.well-known/"})
    for _ in range(2):
        await visitor.client.get(".well-known/jwks.json")
    assert (await visitor.client.get("_development/requests")).json() == {"GET /.well-known/jwks.json": 2}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"path":"/","color":"red"}',
        "\xff",
        '{"path":5}',
        '{"path":"/","status":99}',
        '{"path":"/","status":1000}',
        '{"path":"/","times":0}',
        '{"path":"/","headers":{"X-Two":"a\\r\\nb: c"}}',
        '{"path":"/","headers":{"X Two":"a"}}',
        '{"path":"/","headers":{"X-Two":"\u20ac"}}',
    ],
)
async def test_an_invalid_fault_is_refused(visitor: Visitor, body: str) -> None:
    content = body.encode("latin-1", "replace") if body == "\xff" else body.encode()
    headers = {"Content-Type": "application/json"}
    answer = await visitor.client.post("_development/faults", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"][:13]) == (400, "invalid fault")
    assert (await visitor.client.get(".well-known/jwks.json")).status_code == 200


async def test_other_methods_on_the_fault_endpoints_are_refused(visitor: Visitor) -> None:
    for method, path in (("PUT", "faults"), ("POST", "requests"), ("GET", "reset"), ("POST", "people")):
        answer = await visitor.client.request(method, f"_development/{path}")
        assert (answer.status_code, answer.json()["statusCode"]) == (405, 405)
    assert (await visitor.client.get("_development/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("preset", "status", "body"),
    [
        ("fail", 503, ""),
        ("garbage", 200, "<html>garbage"),
        ("rate_limit", 429, "Global limit has been reached"),
    ],
)
async def test_a_preset_shapes_the_response(visitor: Visitor, preset: str, status: int, body: str) -> None:
    assert (await visitor.client.post("_development/faults", json={"preset": preset})).status_code == 204
    answer = await visitor.client.get(".well-known/jwks.json")
    assert answer.status_code == status
    assert body in answer.text


async def test_a_slow_response_is_the_one_without_a_fault(visitor: Visitor) -> None:
    plain = (await visitor.client.get(".well-known/jwks.json")).content
    await visitor.client.post("_development/faults", json={"preset": "slow", "delay": 0.01})
    assert (await visitor.client.get(".well-known/jwks.json")).content == plain
    assert (await visitor.client.get("_development/faults")).json() == []


async def test_faults_are_listed_and_removed(visitor: Visitor) -> None:
    await visitor.client.post("_development/faults", json={"path": "/oauth/token", "times": 2, "status": 500})
    assert (await visitor.machine()).status_code == 500
    (fault,) = (await visitor.client.get("_development/faults")).json()
    assert (fault["path"], fault["times"], fault["status"]) == ("/oauth/token", 1, 500)
    assert (await visitor.client.delete("_development/faults")).status_code == 204
    assert (await visitor.machine()).status_code == 200


async def test_the_last_requests_are_kept_without_query_and_with_their_status(visitor: Visitor) -> None:
    await visitor.client.get(".well-known/jwks.json", params={"secret": "s3cret"})
    await visitor.client.get("nothing")
    answer = await visitor.client.get("_development/requests/last")
    assert [(each["method"], each["path"], each["status"]) for each in answer.json()] == [
        ("GET", "/.well-known/jwks.json", 200),
        ("GET", "/nothing", 404),
    ]
    assert "s3cret" not in answer.text
    await visitor.client.delete("_development/requests")
    assert (await visitor.client.get("_development/requests")).json() == {}
