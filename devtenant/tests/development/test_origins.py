"""Pages of other sites in the developer's browser cannot use the tenant."""

from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    TenantOptions,
    create_tenant,
)
from auth0_devtenant.seed import default_seed, with_playground
from auth0_devtenant.seed.default import WEB_ORIGINS

from ..visitor import ADMIN, REDIRECT_URI, Visitor, query_of

EVIL = "https://evil.example"
PLAYGROUND = "http://127.0.0.1:3002"
FAULT = {"path": "/.well-known/jwks.json", "status": 200, "body": '{"keys": []}'}
SECRET = {
    "grant_type": "client_credentials",
    "client_id": MANAGEMENT_CLIENT_ID,
    "client_secret": MANAGEMENT_CLIENT_SECRET,
}


@pytest.mark.parametrize(
    "host",
    [
        "rebound.evil.example",
        "rebound.evil.example:3001",
        "127.0.0.1",
        "127.0.0.1:3002",
        "localhost.evil.example:3001",
        "127.0.0.1:3001.evil.example",
        "user@127.0.0.1:3001",
        "127.0.0.1:3001, evil.example",
        "",
    ],
)
async def test_a_request_with_another_host_is_refused_with_421(visitor: Visitor, host: str) -> None:
    grant = SECRET | {"audience": visitor.options.management_audience}
    for method, path, body in (
        ("GET", ".well-known/openid-configuration", None),
        ("GET", "_development/requests", None),
        ("POST", "_development/faults", FAULT),
        ("POST", "oauth/token", grant),
        ("GET", "api/v2/users", None),
        ("GET", "nothing", None),
    ):
        answer = await visitor.client.request(method, path, json=body, headers={"Host": host})
        assert (answer.status_code, answer.json()["error"]) == (421, "Misdirected Request"), path
        assert "access_token" not in answer.text
    assert (await visitor.client.get("_development/requests")).json() == {}
    assert len(await visitor.jwks()) == 2


async def test_a_request_with_two_hosts_is_refused(visitor: Visitor) -> None:
    hosts = [("Host", "127.0.0.1:3001"), ("Host", "evil.example")]
    assert (await visitor.client.get("authorize", headers=hosts)).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:3001", "localhost:3001", "LOCALHOST:3001", "[::1]:3001"])
async def test_the_issuer_and_loopback_names_are_valid_hosts(visitor: Visitor, host: str) -> None:
    assert (await visitor.client.get(".well-known/jwks.json", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("issuer", "hosts"),
    [
        ("https://tenant.example.com/", ["tenant.example.com", "tenant.example.com:443", "localhost"]),
        ("http://tenant.example.com:80/", ["tenant.example.com", "tenant.example.com:80"]),
        ("http://[::1]:3001/", ["[::1]:3001", "127.0.0.1:3001"]),
    ],
)
async def test_a_default_port_can_be_omitted(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...], issuer: str, hosts: list[str]
) -> None:
    app = create_tenant(TenantOptions(issuer=issuer), signing_keys=rsa_keys)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=issuer) as client:
        for host in hosts:
            assert (await client.get(".well-known/jwks.json", headers={"Host": host})).status_code == 200, host
        assert (await client.get("authorize", headers={"Host": "tenant.example.com:8443"})).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:3001.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": EVIL, "Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
async def test_requests_from_pages_of_other_sites_are_refused(visitor: Visitor, headers: dict[str, str]) -> None:
    started = await visitor.authorize()
    form = {"username": ADMIN.email, "password": ADMIN.password}
    answers = [
        await visitor.client.post(started.headers["Location"], data=form, headers=headers),
        await visitor.client.post("_development/faults", json=FAULT, headers=headers),
        await visitor.client.post(
            "oauth/token", data=SECRET | {"audience": visitor.options.management_audience}, headers=headers
        ),
        await visitor.client.get("_development/requests", headers=headers),
        await visitor.client.post("api/v2/keys/signing/rotate", headers=headers),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")
        assert "access_token" not in answer.text
        assert "Set-Cookie" not in answer.headers
    assert len(await visitor.jwks()) == 2
    assert query_of(await visitor.authorize(prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", None])
async def test_a_fault_that_is_not_sent_as_json_is_refused(visitor: Visitor, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    body = b'{"path": "/.well-known/jwks.json", "status": 503}'
    assert (await visitor.client.post("_development/faults", content=body, headers=headers)).status_code == 415
    assert len(await visitor.jwks()) == 2


async def test_preflights_for_faults_fail_even_for_web_origins(visitor: Visitor) -> None:
    application = WEB_ORIGINS[0]
    for origin in (EVIL, application):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        headers = asked | {"Access-Control-Request-Headers": "content-type"}
        preflight = await visitor.client.options("_development/faults", headers=headers)
        assert preflight.status_code == 403
        assert "Access-Control-Allow-Origin" not in preflight.headers
        answer = await visitor.client.post("_development/faults", json=FAULT, headers={"Origin": origin})
        assert answer.status_code == 403


async def test_pages_of_the_tenant_and_of_web_origins_are_served(visitor: Visitor) -> None:
    started = await visitor.authorize()
    form = {"username": ADMIN.email, "password": ADMIN.password}
    own = {"Origin": "http://127.0.0.1:3001", "Sec-Fetch-Site": "same-origin"}
    finished = await visitor.client.post(started.headers["Location"], data=form, headers=own)
    grant = {
        "grant_type": "authorization_code",
        "client_id": visitor.parameters()["client_id"],
        "code": query_of(finished)["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": "a-verifier-of-at-least-forty-three-characters-long",
    }
    application = {"Origin": WEB_ORIGINS[1], "Sec-Fetch-Site": "cross-site"}
    redeemed = await visitor.client.post("oauth/token", data=grant, headers=application)
    assert redeemed.status_code == 200
    assert redeemed.headers["Access-Control-Allow-Origin"] == application["Origin"]
    assert (await visitor.client.post("_development/faults", json=FAULT, headers=own)).status_code == 204


async def test_a_link_on_another_site_starts_a_login(visitor: Visitor) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = await visitor.client.get("authorize", params=visitor.parameters(), headers=headers)
    assert answer.headers["Location"].startswith("/u/login")


@pytest.fixture
async def beside_playground(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> AsyncIterator[httpx.AsyncClient]:
    options = TenantOptions(seed=with_playground(default_seed(), PLAYGROUND), playground=PLAYGROUND)
    app = create_tenant(options, signing_keys=rsa_keys)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=options.issuer) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "people"), ("POST", "faults"), ("DELETE", "faults"), ("PUT", "users/admin@example.com/roles")],
)
async def test_the_playground_can_control_the_tenant(
    beside_playground: httpx.AsyncClient, method: str, path: str
) -> None:
    asked = {"Origin": PLAYGROUND, "Access-Control-Request-Method": method}
    preflight = await beside_playground.options(
        f"_development/{path}", headers=asked | {"Access-Control-Request-Headers": "content-type"}
    )
    body = {"roles": []} if method == "PUT" else FAULT if method == "POST" else None
    headers = {"Origin": PLAYGROUND, "Sec-Fetch-Site": "same-site"}
    answer = await beside_playground.request(method, f"_development/{path}", json=body, headers=headers)
    assert answer.is_success
    for response in (preflight, answer):
        assert response.headers["Access-Control-Allow-Origin"] == PLAYGROUND
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin", [EVIL, "null", *WEB_ORIGINS, "http://localhost:3002", "http://127.0.0.1:3003", "https://127.0.0.1:3002"]
)
async def test_no_other_origin_can_control_a_tenant_with_a_playground(
    beside_playground: httpx.AsyncClient, origin: str
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answers = [
        await beside_playground.options("_development/faults", headers=asked),
        await beside_playground.post("_development/faults", json=FAULT, headers={"Origin": origin}),
        await beside_playground.get("_development/people", headers={"Origin": origin}),
        await beside_playground.post(
            "_development/faults", json=FAULT, headers=[("Origin", PLAYGROUND), ("Origin", origin)]
        ),
    ]
    for answer in answers:
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert (await beside_playground.get("_development/faults")).json() == []


async def test_without_a_playground_its_origin_is_refused(visitor: Visitor) -> None:
    answer = await visitor.client.post("_development/faults", json=FAULT, headers={"Origin": PLAYGROUND})
    assert answer.status_code == 403
