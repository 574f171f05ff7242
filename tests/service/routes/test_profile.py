from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.testing.clock import HandClock
from support.service import ADMIN, USER, Service, person_id, running_service


async def test_a_user_reads_their_own_profile(service: Service) -> None:
    response = await service.api.get("/profile", headers=await service.as_user(USER))
    assert response.status_code == 200
    profile = response.json()["profile"]
    assert profile.keys() == {
        "id",
        "email",
        "name",
        "picture",
        "emailVerified",
        "lastLogin",
        "loginsCount",
        "metadata",
        "appMetadata",
    }
    assert (profile["id"], profile["email"]) == (person_id(USER), USER)
    assert profile["loginsCount"] >= 1


async def test_metadata_merges_at_the_first_level_and_null_deletes(service: Service) -> None:
    headers = await service.as_user(USER)
    first = {"theme": "dark", "address": {"city": "Ulm", "street": "A"}}
    await service.api.post("/profile/metadata", headers=headers, json={"metadata": first})
    second = {"theme": None, "address": {"city": "Bonn"}}
    response = await service.api.post("/profile/metadata", headers=headers, json={"metadata": second})
    assert response.status_code == 200
    assert response.json().keys() == {"message", "metadata"}
    assert response.json()["metadata"] == {"address": {"city": "Bonn"}}
    profile = (await service.api.get("/profile", headers=headers)).json()["profile"]
    assert profile["metadata"] == {"address": {"city": "Bonn"}}


@pytest.mark.parametrize(("method", "path"), [("GET", "/profile"), ("POST", "/profile/metadata")])
async def test_a_machine_has_no_profile(service: Service, method: str, path: str) -> None:
    json = {"metadata": {"theme": "dark"}} if method == "POST" else None
    response = await service.api.request(method, path, headers=await service.as_machine(), json=json)
    assert response.status_code == 403
    assert response.json()["code"] == "insufficient_scope"
    assert response.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope"')


async def test_a_deleted_user_finds_no_profile(service: Service) -> None:
    headers = await service.as_user(USER)
    await service.manage("DELETE", f"/users/{person_id(USER)}")
    response = await service.api.get("/profile", headers=headers)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="not-json"),
        pytest.param(b"[]", id="not-an-object"),
        pytest.param(b'{"metadata": []}', id="metadata-a-list"),
        pytest.param(b'{"metadata": null}', id="metadata-null"),
        pytest.param(b'{"metadata": {}, "app_metadata": {"role": "admin"}}', id="member-unknown"),
        pytest.param(b'{"metadata": {"a": NaN}}', id="nan"),
        pytest.param(b'{"metadata": {"a": 1e999}}', id="infinity"),
        pytest.param(b'{"metadata": {"a": "\\ud800"}}', id="lone-surrogate"),
        pytest.param(b'{"metadata": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}", id="deep"),
        pytest.param(b'{"metadata": {"a": ' + b"9" * 5000 + b"}}", id="endless-integer"),
        pytest.param(b'\xff\xfe{"metadata": {}}', id="not-utf8"),
        pytest.param(b'{"metadata": {"a": 9007199254740992}}', id="integer-past-2-to-the-53"),
        pytest.param(b'{"metadata": {"a": ' + b"[" * 10 + b"]" * 10 + b"}}", id="11-levels"),
        pytest.param(b'{"metadata": {"a": "' + b"x" * 16_384 + b'"}}', id="over-16-kib"),
    ],
)
async def test_invalid_metadata_is_refused_without_a_call(service: Service, body: bytes) -> None:
    headers = {**await service.as_user(USER), "Content-Type": "application/json"}
    response = await service.api.post("/profile/metadata", headers=headers, content=body)
    assert response.status_code in {400, 422}
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "invalid_input"
    assert service.wire.count("GET /api/v2/") + service.wire.count("PATCH") == 0


async def change(service: Service, metadata: dict[str, object], email: str = USER) -> httpx.Response:
    headers = await service.as_user(email)
    return await service.api.post("/profile/metadata", headers=headers, json={"metadata": metadata})


async def test_metadata_cannot_exceed_its_size_in_small_steps(service: Service) -> None:
    responses = [await change(service, {f"k{number}": "x" * 3000}) for number in range(8)]
    assert [response.status_code for response in responses] == [200] * 5 + [422] * 3
    assert responses[-1].json()["errors"] == [
        {
            "at": ["body", "metadata"],
            "message": "Value error, is larger than 16384 bytes together with what is stored: delete keys first",
        }
    ]
    assert service.wire.count("PATCH") == 5
    assert (await change(service, {"k0": None, "k9": "x" * 3000})).status_code == 200


async def test_the_largest_metadata_is_returned_unchanged(service: Service) -> None:
    largest = {"x": "ü" * ((16_384 - len('{"x":"","y":9007199254740991}')) // 2), "y": 9007199254740991}
    assert (await change(service, largest)).json()["metadata"] == largest
    profile = await service.api.get("/profile", headers=await service.as_user(USER))
    assert profile.json()["profile"]["metadata"] == largest


async def test_the_profile_is_cached_for_five_seconds(service: Service) -> None:
    headers = await service.as_user(USER)
    for _ in range(10):
        assert (await service.api.get("/profile", headers=headers)).status_code == 200
    assert service.wire.count("GET /api/v2/users/") == 1
    await service.clock.advance(5)
    await service.api.get("/profile", headers=headers)
    assert service.wire.count("GET /api/v2/users/") == 2


async def test_a_deleted_user_is_logged_out_at_once(service: Service) -> None:
    headers = await service.as_user(USER)
    assert (await service.api.get("/profile", headers=headers)).status_code == 200
    path = f"/admin/users/{quote(person_id(USER), safe='')}"
    assert (await service.api.delete(path, headers=await service.as_user(ADMIN))).status_code == 204
    assert (await service.api.get("/profile", headers=headers)).status_code == 401


async def test_both_profile_routes_share_the_budget_of_a_user(service: Service) -> None:
    headers, path = await service.as_user(USER), "/profile"
    responses = [await service.api.get(path, headers=headers) for _ in range(20)]
    assert responses[0].headers["RateLimit-Policy"] == '"30/minute";q=30;w=60'
    for number in range(10):
        assert (await change(service, {"n": number})).status_code == 200
    calls = len(service.wire.requests)
    for refused in (await service.api.get(path, headers=headers), await change(service, {"n": 0})):
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert len(service.wire.requests) == calls, "a refused request costs no call"
    assert (await service.api.get(path, headers=await service.as_user(ADMIN))).status_code == 200
    await service.clock.advance(60)
    assert (await service.api.get(path, headers=headers)).status_code == 200


@pytest.mark.parametrize(("policy", "passed"), [("off", 40), ("2/minute", 2)])
async def test_the_budget_is_a_setting(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], clock: HandClock, policy: str, passed: int
) -> None:
    async with running_service(rsa_keys, clock, profile_rate_limit=policy) as service:
        headers = await service.as_user(USER)
        responses = [await service.api.get("/profile", headers=headers) for _ in range(40)]
    assert [response.status_code for response in responses] == [200] * passed + [429] * (40 - passed)
    assert ("RateLimit" in responses[0].headers) == (policy != "off")


async def test_a_request_without_a_token_costs_no_budget(service: Service) -> None:
    for _ in range(40):
        assert (await service.api.get("/profile")).status_code == 401
