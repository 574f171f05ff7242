"""The tests of the app: in memory, and against a development tenant over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app import app, orders
from fastapi.testclient import TestClient

from auth0_devtenant import RunningTenant, Seed, read_seed
from auth0_sso.testing import ClientFactory, HostileToken, unguarded_routes


@pytest.fixture(autouse=True)
def no_orders() -> Iterator[None]:
    yield
    orders.clear()


def test_every_route_asks_for_a_token_or_says_that_it_is_public() -> None:
    assert unguarded_routes(app) == []


def test_a_clerk_sees_the_orders_that_the_clerk_placed(auth0_client: ClientFactory) -> None:
    api = auth0_client(app)
    clara = api.as_user("auth0|clara", permissions={"read:orders", "write:orders"})
    other = api.as_user("auth0|other", permissions={"read:orders"})
    assert clara.post("/orders", json={"article": "tea", "pieces": 2}).status_code == 201
    assert [order["article"] for order in clara.get("/orders").json()] == ["tea"]
    assert other.get("/orders").json() == []


def test_without_the_permission_nothing_is_ordered(auth0_client: ClientFactory) -> None:
    reader = auth0_client(app).as_user(permissions={"read:orders"})
    assert reader.post("/orders", json={"article": "tea"}).status_code == 403
    assert orders == []


def test_the_report_is_for_auditors(auth0_client: ClientFactory) -> None:
    api = auth0_client(app)
    assert api.as_user(roles={"auditor"}).get("/report").json() == {}
    assert api.as_user(roles={"clerk"}).get("/report").status_code == 403


def test_a_hostile_token_gets_nowhere(auth0_client: ClientFactory, hostile_token: HostileToken) -> None:
    answer = auth0_client(app).as_anonymous().get("/orders", headers=hostile_token.headers)
    hostile_token.assert_refused(answer)


@pytest.fixture(scope="session")
def auth0_tenant_seed() -> Seed:
    return read_seed(Path(__file__).with_name("tenant.toml"))


def test_roles_come_from_the_tenant(auth0_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in auth0_tenant.environment.items():
        monkeypatch.setenv(name, value)
    with TestClient(app) as client:
        for email, status in (("otto@example.com", 200), ("clara@example.com", 403)):
            headers = {"Authorization": f"Bearer {auth0_tenant.token(email)}"}
            assert client.get("/report", headers=headers).status_code == status
