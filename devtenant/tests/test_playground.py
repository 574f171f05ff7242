"""The playground's origin: its files, its configuration, and the requests that it refuses."""

from pathlib import Path

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_SECRET, TenantOptions, create_tenant, default_seed
from auth0_devtenant.playground.app import Playground, create_playground
from auth0_devtenant.seed import PLAYGROUND_CLIENT_ID, with_playground
from auth0_devtenant.state import Tenant, dump_state, load_state

from .command import served
from .visitor import MANAGER, USER

ORIGIN = "http://127.0.0.1:3002"
API = "http://127.0.0.1:3000"


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    options = TenantOptions(seed=with_playground(default_seed(), ORIGIN), playground=ORIGIN)
    created: Tenant = create_tenant(options).state.tenant
    return created


def client_of(tenant: Tenant, api: str | None = API) -> httpx.AsyncClient:
    app = create_playground(Playground(ORIGIN, tenant, api))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)


async def test_every_file_is_served_with_a_policy_that_allows_tenant_and_api_only(tenant: Tenant) -> None:
    async with client_of(tenant, f"{API}/v1/") as client:
        page = await client.get("/")
        folder = Path(create_playground.__code__.co_filename).parent / "files"
        for name in (path.name for path in folder.iterdir()):
            answer = await client.get(f"/{name}")
            assert answer.status_code == 200
            assert answer.headers["Content-Type"].startswith("text/") or name.endswith(".svg")
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; "
        f"style-src 'self'; img-src 'self'; connect-src 'self' http://127.0.0.1:3001 {API}; "
        "frame-src http://127.0.0.1:3001"
    )
    assert page.headers["Cache-Control"] == "no-store"


async def test_the_configuration_names_tenant_api_and_members(tenant: Tenant) -> None:
    async with client_of(tenant) as client:
        configuration = (await client.get("/configuration")).json()
    assert configuration["client_id"] == PLAYGROUND_CLIENT_ID
    assert (configuration["issuer"], configuration["api"]) == ("http://127.0.0.1:3001/", API)
    assert configuration["scope"] == "openid profile email read:data write:data"
    assert configuration["machine"]["client_secret"] == MACHINE_CLIENT_SECRET
    (acme,) = configuration["organizations"]
    assert acme == {"name": "acme", "title": "Acme", "members": [MANAGER.email, USER.email]}


async def test_without_an_api_the_policy_allows_the_tenant_only(tenant: Tenant) -> None:
    async with client_of(tenant, None) as client:
        answer = await client.get("/configuration")
    assert answer.json()["api"] is None
    assert "connect-src 'self' http://127.0.0.1:3001;" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["localhost:3002", "[::1]:3002", "LOCALHOST:3002"])
async def test_by_another_loopback_name_it_redirects_to_its_origin(tenant: Tenant, host: str) -> None:
    async with client_of(tenant) as client:
        answer = await client.get("/", headers={"Host": host})
    assert (answer.status_code, answer.headers["Location"]) == (307, f"{ORIGIN}/")


@pytest.mark.parametrize("host", ["evil.example:3002", "localhost:3003", "127.0.0.1", ""])
@pytest.mark.parametrize("path", ["/", "/configuration", "/playground.js"])
async def test_another_host_is_refused(tenant: Tenant, host: str, path: str) -> None:
    async with client_of(tenant) as client:
        answer = await client.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert MACHINE_CLIENT_SECRET not in answer.text


@pytest.mark.parametrize("path", ["/../app.py", "/%2e%2e/app.py", "/app.py", "/files/", "//etc/passwd"])
async def test_only_its_files_are_served(tenant: Tenant, path: str) -> None:
    async with client_of(tenant) as client:
        assert (await client.get(path)).status_code == 404


def test_an_imported_state_keeps_the_playground_of_this_start(tenant: Tenant) -> None:
    before = create_tenant(TenantOptions(seed=with_playground(default_seed(), "http://127.0.0.1:4002")))
    exported = dump_state(before.state.tenant.state)
    tenant.load(load_state(exported))
    assert tenant.state.clients[PLAYGROUND_CLIENT_ID].callback_urls == (f"{ORIGIN}/",)
    assert ORIGIN in tenant.web_origins
    assert "http://127.0.0.1:4002" not in tenant.web_origins


def test_serve_starts_it_on_a_port_of_its_own() -> None:
    with served("--playground-port", "0", "--api", API) as running:
        (line,) = (line for line in running.banner.splitlines() if "Playground " in line and "http" in line)
        origin = line.split()[1].removesuffix("/")
        assert httpx.get(f"{origin}/configuration").json()["issuer"] == running.issuer
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        answer = httpx.options(f"{running.issuer}_development/users/a/roles", headers=asked)
        assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_serve_has_no_playground_unless_it_is_wanted() -> None:
    with served() as running:
        assert "Playground" not in running.banner
