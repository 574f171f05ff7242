import pytest

from support.service import USER, Service, person_id


async def test_a_user_reads_their_own_profile(service: Service) -> None:
    answer = await service.api.get("/profile", headers=await service.as_user(USER))
    assert answer.status_code == 200
    profile = answer.json()["profile"]
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
    answer = await service.api.post("/profile/metadata", headers=headers, json={"metadata": second})
    assert answer.status_code == 200
    assert answer.json().keys() == {"message", "metadata"}
    assert answer.json()["metadata"] == {"address": {"city": "Bonn"}}
    profile = (await service.api.get("/profile", headers=headers)).json()["profile"]
    assert profile["metadata"] == {"address": {"city": "Bonn"}}


@pytest.mark.parametrize(("method", "path"), [("GET", "/profile"), ("POST", "/profile/metadata")])
async def test_a_machine_has_no_profile(service: Service, method: str, path: str) -> None:
    json = {"metadata": {"theme": "dark"}} if method == "POST" else None
    answer = await service.api.request(method, path, headers=await service.as_machine(), json=json)
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope"')


async def test_a_deleted_user_finds_no_profile(service: Service) -> None:
    headers = await service.as_user(USER)
    await service.manage("DELETE", f"/users/{person_id(USER)}")
    answer = await service.api.get("/profile", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


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
    ],
)
async def test_unusable_metadata_is_refused_before_the_tenant_hears_of_it(service: Service, body: bytes) -> None:
    headers = {**await service.as_user(USER), "Content-Type": "application/json"}
    answer = await service.api.post("/profile/metadata", headers=headers, content=body)
    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_input"
    assert service.wire.count("PATCH") == 0
