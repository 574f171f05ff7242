"""Every route over real HTTP, with tokens of real logins: allowed, refused, limited, after changes at the tenant."""

from collections.abc import Iterator

import httpx
import pytest

from auth0_devtenant import MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET
from support.process import Dev, dev
from support.service import ADMIN, MANAGER, USER, person_id

NEW = {"email": "walker@example.com", "password": "Walker-password-1!", "name": "Walker"}


class Walker:
    """Calls the API as somebody."""

    def __init__(self, running: Dev) -> None:
        self.dev = running
        self.tokens = {who: running.token(who) for who in (ADMIN, MANAGER, USER, "--machine")}

    def ask(self, who: str | None, method: str, path: str, json: object = None) -> httpx.Response:
        headers = {} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"}
        return httpx.request(method, f"{self.dev.api}{path}", headers=headers, json=json)

    def status(self, who: str | None, method: str, path: str, json: object = None) -> int:
        return self.ask(who, method, path, json).status_code

    def manage(self, method: str, path: str, json: object = None) -> httpx.Response:
        grant = {
            "grant_type": "client_credentials",
            "client_id": MANAGEMENT_CLIENT_ID,
            "client_secret": MANAGEMENT_CLIENT_SECRET,
            "audience": f"{self.dev.tenant}api/v2/",
        }
        token = httpx.post(f"{self.dev.tenant}oauth/token", json=grant).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        response = httpx.request(method, f"{self.dev.tenant}api/v2{path}", headers=headers, json=json)
        return response.raise_for_status()


@pytest.fixture(scope="module")
def walker() -> Iterator[Walker]:
    with dev() as running:
        yield Walker(running)


def test_each_caller_gets_the_documented_status(walker: Walker) -> None:
    path = f"/admin/users/{person_id(USER).replace('|', '%7C')}"
    # The statuses for an anonymous caller, a user without roles, a machine, a manager and an administrator.
    expected = {
        ("GET", "/"): (200, 200, 200, 200, 200),
        ("GET", "/profile"): (401, 200, 403, 200, 200),
        ("POST", "/profile/metadata"): (401, 200, 403, 200, 200),
        ("GET", "/dashboard"): (401, 403, 403, 200, 200),
        ("GET", "/admin/users"): (401, 403, 403, 403, 200),
        ("GET", path): (401, 403, 403, 403, 200),
        ("GET", f"{path}/roles"): (401, 403, 403, 403, 200),
        ("GET", "/api/data"): (401, 200, 200, 200, 200),
        ("GET", "/healthz"): (200,) * 5,
        ("GET", "/readyz"): (200,) * 5,
        ("GET", "/openapi.json"): (200,) * 5,
        ("GET", "/docs"): (200,) * 5,
    }
    body = {"metadata": {"walked": True}}
    for (method, route), statuses in expected.items():
        json = body if method == "POST" else None
        found = tuple(walker.status(who, method, route, json) for who in (None, USER, "--machine", MANAGER, ADMIN))
        assert found == statuses, (method, route)


def test_an_admin_creates_changes_and_deletes_a_user(walker: Walker) -> None:
    created = walker.ask(ADMIN, "POST", "/admin/users", NEW)
    assert created.status_code == 201
    path = created.headers["Location"]
    roles = {role["name"]: role["id"] for role in walker.manage("GET", "/roles").json()}
    walker.tokens["walker"] = walker.dev.token(NEW["email"], "--password", NEW["password"])
    assert walker.status("walker", "GET", "/dashboard") == 403
    assert walker.status(ADMIN, "POST", f"{path}/roles", {"roleIds": [roles["manager"]]}) == 200
    assert walker.ask("walker", "GET", "/dashboard").json()["accessLevel"] == "manager"
    assert walker.status(ADMIN, "DELETE", f"{path}/roles", {"roleIds": [roles["manager"]]}) == 200
    assert walker.status("walker", "GET", "/dashboard") == 403
    assert walker.status(ADMIN, "POST", f"{path}/roles", {"roleNames": ["manager"]}) == 200
    assert walker.status("walker", "GET", "/dashboard") == 200
    assert walker.status(ADMIN, "PUT", f"{path}/block") == 200
    assert walker.status("walker", "GET", "/dashboard") == 401
    assert walker.status(ADMIN, "POST", f"{path}/logout") == 204
    assert walker.ask(ADMIN, "GET", f"{path}/logs").json()["logs"][0]["type"] == "s"
    assert walker.status(ADMIN, "DELETE", path) == 204
    assert walker.status(ADMIN, "GET", path) == 404


def test_a_members_role_grants_nothing_in_the_whole_tenant(walker: Walker) -> None:
    walker.tokens["member"] = walker.dev.token(USER, "--organization", "acme")
    assert walker.ask("member", "GET", "/").json()["user"]["org_id"]
    for path in ("/dashboard", "/admin/users"):
        assert walker.status("member", "GET", path) == 403


def test_the_eleventh_request_is_refused_until_retry_after(walker: Walker) -> None:
    def eleven() -> list[int]:
        return [walker.status(MANAGER, "GET", "/api/data") for _ in range(11)]

    statuses = eleven()
    if 429 not in statuses:  # a new minute started in between; it does not start twice
        statuses = eleven()
    assert statuses[-1] == 429
    assert 1 <= int(walker.ask(MANAGER, "GET", "/api/data").headers["Retry-After"]) <= 60
    assert walker.status(MANAGER, "GET", "/profile") == 200


def test_tokens_of_both_keys_pass_after_a_rotation(walker: Walker) -> None:
    for _ in range(2):  # the published set already has the first successor, but not the second
        walker.manage("POST", "/keys/signing/rotate")
    assert walker.status(USER, "GET", "/profile") == 200
    walker.tokens["rotated"] = walker.dev.token(ADMIN)
    assert walker.status("rotated", "GET", "/profile") == 200


def test_a_malformed_token_is_refused_with_a_challenge(walker: Walker) -> None:
    walker.tokens |= {"garbage": "garbage", "cut": walker.tokens[ADMIN][:-10]}
    for who in ("garbage", "cut"):
        response = walker.ask(who, "GET", "/profile")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
