"""Three services over HTTP, each on behalf of the user: those of docs/calling-other-apis.md, and one between them."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from time import time

import httpx
import pytest

from auth0_devtenant import RunningTenant, default_seed, running_tenant
from auth0_devtenant.seed import Api, Application, Seed
from support.document import Document
from support.process import free_port, process, wait_for_port
from support.service import ADMIN, USER, person_id

ORDERS, STOCK = "https://api.orders", "https://api.stock"
SECRET = "development-only-secret-of-the-exchange"

GATEWAY = """
import os

import httpx
from fastapi import FastAPI

from auth0_sso import Exchange, protect

app = protect(FastAPI())
http = httpx.AsyncClient(base_url=os.environ["STOCK_URL"])


@app.get("/orders")
async def orders(exchange: Exchange) -> object:
    response = await http.get("/orders", auth=exchange.auth("https://api.stock"))
    return response.raise_for_status().json()
"""


@dataclass
class Clock:
    """The tenant's: each test has a minute of its own, since tokens of the same second are the same."""

    offset: int = 0

    def __call__(self) -> float:
        return time() + self.offset


@dataclass
class Services:
    """The shop, the orders that it asks, a shop whose orders are those of a third service, and their tenant."""

    tenant: RunningTenant
    clock: Clock
    shop: str
    orders: str
    chain: str

    def ask(self, user: str, url: str) -> httpx.Response:
        return httpx.get(url, headers={"Authorization": f"Bearer {self.tenant.token(user)}"})

    def refused(self, user: str) -> tuple[int, str]:
        answer = self.ask(user, f"{self.shop}/my-orders")
        return answer.status_code, answer.json()["code"]


def seed() -> Seed:
    given = default_seed()
    first = given.apis[0].identifier
    more = [
        Api(identifier=identifier, token_lifetime=3600, permissions={"read:orders": ""}, enforce_policies=False)
        for identifier in (ORDERS, STOCK)
    ]
    clients = [api_client("shop", first, ORDERS), api_client("orders", ORDERS, STOCK)]
    return given.model_copy(update={"apis": (*given.apis, *more), "applications": (*given.applications, *clients)})


def api_client(client_id: str, api: str, audience: str) -> Application:
    return Application(
        name=client_id,
        client_id=client_id,
        client_secret=SECRET,
        app_type="resource_server",
        resource_server_identifier=api,
        grants={audience: ("read:orders",)},
    )


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("services")
    for name, code in {**Document.read("calling-other-apis.md").files, "gateway.py": GATEWAY}.items():
        (folder / name).write_text(code)
    with ExitStack() as stack:
        clock = Clock()
        tenant = stack.enter_context(running_tenant(seed(), now=clock))

        def run(module: str, client_id: str, audience: str, **environment: str) -> str:
            port = free_port()
            command = [
                sys.executable,
                "-m",
                "uvicorn",
                "--app-dir",
                str(folder),
                "--port",
                str(port),
                f"{module}:app",
            ]
            client = {"AUTH0_MANAGEMENT_CLIENT_ID": client_id, "AUTH0_MANAGEMENT_CLIENT_SECRET": SECRET}
            values = {**tenant.environment, **client, "AUTH0_AUDIENCE": audience, **environment}
            stack.enter_context(process(*command, **values))
            wait_for_port(port)
            return f"http://127.0.0.1:{port}"

        first = tenant.audience
        orders, stock = run("orders", "orders", ORDERS), run("orders", "stock", STOCK)
        shop = run("shop", "shop", first, ORDERS_URL=orders)
        gateway = run("gateway", "orders", ORDERS, STOCK_URL=stock)
        yield Services(tenant, clock, shop, orders, run("shop", "shop", first, ORDERS_URL=gateway))


@pytest.fixture
def services(started: Services) -> Iterator[Services]:
    started.clock.offset -= 60
    yield started
    started.tenant.reset()


def test_the_next_service_sees_the_user_and_who_calls(services: Services) -> None:
    answer = services.ask(ADMIN, f"{services.shop}/my-orders")
    assert answer.json() == {"user": person_id(ADMIN), "called by": "shop", "before": []}


def test_the_last_of_three_services_sees_the_whole_chain(services: Services) -> None:
    answer = services.ask(ADMIN, f"{services.chain}/my-orders")
    assert answer.json() == {"user": person_id(ADMIN), "called by": "orders", "before": ["shop"]}


def test_the_next_service_refuses_the_callers_own_token(services: Services) -> None:
    answer = services.ask(ADMIN, f"{services.orders}/orders")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_missing_consent_is_the_callers_to_give(services: Services) -> None:
    services.tenant.tenant.state.clients["shop"].is_first_party = False
    assert services.refused(USER) == (403, "exchange_refused")


def test_a_blocked_user_is_not_our_configuration(services: Services) -> None:
    services.tenant.tenant.state.users[person_id(USER)].document["blocked"] = True
    assert services.refused(USER) == (403, "exchange_refused")


@pytest.mark.parametrize("fault", ["secret", "grant", "client"])
def test_our_configuration_is_not_the_callers_fault(services: Services, fault: str) -> None:
    state = services.tenant.tenant.state
    if fault == "secret":
        state.clients["shop"].client_secret = "another"
    elif fault == "client":
        state.clients["shop"].app_type = "non_interactive"
    else:
        state.client_grants.clear()
    assert services.refused(USER) == (502, "client_refused")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 503}, "token_unavailable"),
        ({"status": 429, "headers": {"Retry-After": "1"}}, "client_quota_exceeded"),
    ],
)
def test_an_outage_says_when_to_try_again(services: Services, fault: dict[str, object], code: str) -> None:
    httpx.post(f"{services.tenant.issuer}_development/faults", json={"path": "/oauth/token", **fault})
    answer = services.ask(USER, f"{services.shop}/my-orders")
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert int(answer.headers["Retry-After"]) >= 1
