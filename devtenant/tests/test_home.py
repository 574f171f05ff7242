"""The home page at the tenant's address."""

import html
import re

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import MACHINE_CLIENT_SECRET, Person, Seed, TenantOptions, create_tenant, default_seed
from auth0_devtenant.seed import with_playground

from .visitor import ADMIN, USER, Visitor


async def home(visitor: Visitor, **headers: str) -> str:
    answer = await visitor.client.get("", headers=headers)
    assert answer.status_code == 200
    return html.unescape(answer.text)


async def test_the_home_page_shows_people_applications_apis_and_keys(visitor: Visitor) -> None:
    text = await home(visitor)
    state = visitor.tenant.state
    wanted = [visitor.options.issuer, *state.clients, *state.apis, state.keys.current.kid, MACHINE_CLIENT_SECRET]
    for person in visitor.options.seed.people:
        wanted += [person.name, person.email, person.password]
    for value in (*wanted, "Acme"):
        assert value in text, value
    assert "playground" not in text.lower()


async def test_the_home_page_shows_what_has_changed(visitor: Visitor) -> None:
    await visitor.client.put(f"_development/users/{USER.email}/roles", json={"roles": ["manager"]})
    kid = (await visitor.client.post("_development/keys/rotate", json={})).json()["kid"]
    await visitor.client.post("_development/clock", json={"advance": 7200})
    await visitor.client.get("nowhere/<b>")
    text = await home(visitor)
    assert "no role" not in text
    assert f"<dt>Current</dt><dd><code>{kid}</code>" in text
    assert "2 hours ahead" in text
    assert '<span class="status">404</span> <span>GET</span> <code>/nowhere/<b></code>' in text
    raw = (await visitor.client.get("")).text
    assert "/nowhere/&lt;b&gt;" in raw


async def test_its_lines_to_copy_follow_the_name_in_the_address_bar(visitor: Visitor) -> None:
    text = await home(visitor, Host="localhost:3001")
    for line in (
        "AUTH0_ISSUER_BASE_URL=http://localhost:3001/",
        "AUTH0_DOMAIN=localhost:3001",
        "AUTH0_MANAGEMENT_AUDIENCE=http://localhost:3001/api/v2/",
        "auth0-devtenant token --machine --tenant http://localhost:3001/",
        "curl -f http://localhost:3001/oauth/token",
    ):
        assert line in text, line


async def test_what_a_person_is_called_cannot_be_markup(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    name = '"><script>alert(1)</script>'
    built_in = default_seed()
    seed = Seed(
        apis=built_in.apis,
        applications=built_in.applications,
        people=(Person(email="a@b.example", name=name),),
        connections=built_in.connections,
    )
    app = create_tenant(TenantOptions(seed=seed), signing_keys=rsa_keys)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:3001/") as client:
        answer = await client.get("")
    assert name not in answer.text
    assert html.escape(name) in answer.text


async def test_only_its_own_script_and_style_run(visitor: Visitor) -> None:
    answer = await visitor.client.get("")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-")
    assert policy.endswith("connect-src 'self'")
    assert "unsafe" not in policy
    assert re.findall(r' on\w+=| style="|<link|src=', answer.text) == []


async def test_faults_do_not_reach_the_home_page_and_it_is_not_counted(visitor: Visitor) -> None:
    await visitor.client.post("_development/faults", json={"path": "/", "times": 2, "status": 500})
    assert (await visitor.client.get("")).status_code == 200
    assert (await visitor.client.get("userinfo")).status_code == 500
    assert (await visitor.client.get("_development/requests")).json() == {"GET /userinfo": 1}


@pytest.mark.parametrize("origin", ["http://127.0.0.1:3002", "https://playground.example.com"])
async def test_it_links_to_the_playground(rsa_keys: tuple[rsa.RSAPrivateKey, ...], origin: str) -> None:
    options = TenantOptions(seed=with_playground(default_seed(), origin), playground=origin)
    app = create_tenant(options, signing_keys=rsa_keys)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=options.issuer) as client:
        assert f'href="{origin}/"' in (await client.get("")).text


async def test_a_tenant_without_people_says_so(visitor: Visitor) -> None:
    visitor.tenant.state.users.clear()
    assert "There are no people yet." in await home(visitor)
    assert ADMIN.password not in await home(visitor)
