"""Tokens that are bound to a key (RFC 9449), through an app: who passes, and how others are refused."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from auth0_sso import CurrentToken, harden, require_dpop, require_permission
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from auth0_sso.web.services.bound_tokens import REPLAY_BYTES
from support.dpop_client import DPoPClient, Headers, sent
from support.own_app import protected
from support.redis_server import RedisServer

HOST = "https://api.example.com"
ORDERS = f"{HOST}/orders"
BOTH = 'Bearer, DPoP algs="ES256"'


class OpenApp(Protocol):
    """Opens an app with changed settings, until the test ends."""

    async def __call__(self, app: FastAPI | None = None, **changes: Any) -> httpx.AsyncClient: ...  # noqa: ANN401 - settings


@pytest.fixture
def client(issuer: Issuer, clock: HandClock) -> DPoPClient:
    return DPoPClient(issuer, clock)


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/orders")
    @app.post("/orders")
    async def read_orders(token: CurrentToken) -> str:
        return token.subject

    @app.get("/orders/{name:path}")
    async def read_order(token: CurrentToken, name: str) -> str:
        return name

    @app.get("/payments", dependencies=[Depends(require_dpop())])
    async def read_payments(request: Request) -> str:
        return request.method

    @app.get("/secret", dependencies=[Depends(require_permission("read:secret"))])
    async def read_secret() -> str:
        return "secret"

    return app


@pytest.fixture
async def open_app(issuer: Issuer, clock: HandClock) -> AsyncIterator[OpenApp]:
    async with AsyncExitStack() as stack:

        async def opened(app: FastAPI | None = None, **changes: Any) -> httpx.AsyncClient:  # noqa: ANN401 - settings
            return await stack.enter_async_context(protected(app or own_app(), issuer, clock, **changes))

        yield opened


@pytest.fixture
async def api(issuer: Issuer, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    async with protected(own_app(), issuer, clock) as served:
        yield served


def bearer(issuer: Issuer, clock: HandClock, **claims: object) -> Headers:
    return sent(issuer.token(user_claims(clock.now, **claims)), scheme="Bearer")


async def refusal(api: httpx.AsyncClient, path: str, headers: Headers, caplog: pytest.LogCaptureFixture) -> str:
    """Return the reason and the challenge of a request that is refused with 401."""
    caplog.clear()
    caplog.set_level(logging.INFO, "auth0_sso")
    answer = await api.get(path, headers=headers)
    assert answer.status_code == 401, answer.text
    reason = caplog.messages[-1].rpartition("refused: ")[2]
    return (
        f"{reason} {answer.json()['code']} {answer.headers['WWW-Authenticate'].partition(', error_description')[0]}"
    )


async def test_a_bound_token_with_a_proof_passes(api: httpx.AsyncClient, client: DPoPClient) -> None:
    assert (await api.get("/orders", headers=client.headers(ORDERS))).status_code == 200
    assert (await api.get("/orders?page=2", headers=client.headers(f"{ORDERS}?page=2"))).status_code == 200
    assert (await api.post("/orders", headers=client.headers(ORDERS, method="POST"))).status_code == 200
    lower = [(name, value.replace(b"DPoP ", b"dpop  ")) for name, value in client.headers(ORDERS)]
    assert (await api.get("/orders", headers=lower)).status_code == 200


async def test_one_token_passes_with_a_proof_for_each_request(api: httpx.AsyncClient, client: DPoPClient) -> None:
    token = client.token()
    for _ in range(3):
        assert (await api.get("/orders", headers=client.headers(ORDERS, token))).status_code == 200


async def test_a_bound_token_never_passes_as_bearer(
    api: httpx.AsyncClient, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    token = client.token()
    expected = 'sender_constrained invalid_token Bearer error="invalid_token"'
    assert await refusal(api, "/orders", sent(token, scheme="Bearer"), caplog) == expected
    proof = client.proof(ORDERS, token)
    assert await refusal(api, "/orders", sent(token, proof, scheme="Bearer"), caplog) == expected


async def test_an_unbound_token_never_passes_with_the_dpop_scheme(
    api: httpx.AsyncClient, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    token = client.token(cnf=...)
    expected = 'dpop_unbound invalid_token Bearer, DPoP error="invalid_token"'
    assert await refusal(api, "/orders", sent(token), caplog) == expected
    assert await refusal(api, "/orders", sent(token, client.proof(ORDERS, token)), caplog) == expected


REFUSED_PROOFS: dict[str, dict[str, Any]] = {
    "dpop_htm_mismatch": {"method": "POST"},
    "dpop_htu_mismatch": {"claims": {"htu": f"{HOST}/payments"}},
    "dpop_ath_mismatch": {"claims": {"ath": "a" * 43}},
    "dpop_too_old": {"claims": {"iat": 0}},
    "dpop_iat_in_future": {"claims": {"iat": 4_000_000_000}},
    "dpop_jti_missing": {"without": ("jti",)},
    "dpop_typ_not_allowed": {"header": {"typ": "JWT"}},
    "dpop_alg_not_allowed": {"header": {"alg": "none"}},
    "dpop_jwk_missing": {"without": ("jwk",)},
    "dpop_crit_unsupported": {"header": {"crit": ["b64"]}},
}


@pytest.mark.parametrize("reason", REFUSED_PROOFS)
async def test_a_wrong_proof_is_refused_with_its_reason(
    api: httpx.AsyncClient, client: DPoPClient, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    headers = client.headers(ORDERS, **REFUSED_PROOFS[reason])
    expected = f'{reason} invalid_dpop_proof Bearer, DPoP error="invalid_dpop_proof"'
    assert await refusal(api, "/orders", headers, caplog) == expected


async def test_a_request_needs_exactly_one_proof_of_its_own_key(
    api: httpx.AsyncClient, client: DPoPClient, issuer: Issuer, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    token, other = client.token(), DPoPClient(issuer, clock)
    proofs = [client.proof(ORDERS, token) for _ in range(2)]
    expected = 'dpop_{} invalid_dpop_proof Bearer, DPoP error="invalid_dpop_proof"'
    assert await refusal(api, "/orders", sent(token), caplog) == expected.format("missing")
    assert await refusal(api, "/orders", sent(token, *proofs), caplog) == expected.format("repeated")
    stolen = sent(token, other.proof(ORDERS, token))
    assert await refusal(api, "/orders", stolen, caplog) == expected.format("jkt_mismatch")
    # none of this used up the proofs
    assert (await api.get("/orders", headers=sent(token, proofs[0]))).status_code == 200


async def test_a_proof_passes_once(
    api: httpx.AsyncClient, client: DPoPClient, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    headers = client.headers(ORDERS)
    assert (await api.get("/orders", headers=headers)).status_code == 200
    expected = 'dpop_replayed invalid_dpop_proof Bearer, DPoP error="invalid_dpop_proof"'
    assert await refusal(api, "/orders", headers, caplog) == expected
    clock.now += 299
    assert "dpop_replayed" in await refusal(api, "/orders", headers, caplog)
    clock.now += 2
    assert "dpop_too_old" in await refusal(api, "/orders", headers, caplog)


async def test_of_a_thousand_requests_with_one_proof_one_passes(api: httpx.AsyncClient, client: DPoPClient) -> None:
    headers = client.headers(ORDERS)
    answers = await asyncio.gather(*(api.get("/orders", headers=headers) for _ in range(1000)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(401) + statuses.count(429)) == (1, 999)


async def test_a_thousand_proofs_at_once_all_pass(api: httpx.AsyncClient, client: DPoPClient) -> None:
    token = client.token()
    requests = [client.headers(ORDERS, token) for _ in range(1000)]
    answers = await asyncio.gather(*(api.get("/orders", headers=headers) for headers in requests))
    assert {answer.status_code for answer in answers} == {200}


async def test_without_credentials_both_schemes_are_offered_without_an_error(api: httpx.AsyncClient) -> None:
    answer = await api.get("/orders")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, BOTH)
    answer = await api.get("/orders", headers={"Authorization": "Basic dTpw"})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, BOTH)


async def test_two_authorization_headers_are_an_error_in_both_challenges(
    api: httpx.AsyncClient, client: DPoPClient, issuer: Issuer, clock: HandClock
) -> None:
    answer = await api.get("/orders", headers=[*bearer(issuer, clock), *client.headers(ORDERS)])
    error = 'error="invalid_request", error_description="There is more than one Authorization header."'
    assert answer.status_code == 400
    assert answer.headers["WWW-Authenticate"] == f'Bearer {error}, DPoP {error}, algs="ES256"'


@pytest.mark.parametrize("value", [b"DPoP", b"DPoP ", b"DPoP a b", b'DPoP "a"', b"DPoP a,", b"dpop\ta"])
async def test_malformed_credentials_are_an_error_of_the_dpop_scheme(api: httpx.AsyncClient, value: bytes) -> None:
    answer = await api.get("/orders", headers=[(b"authorization", value)])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer, DPoP error="invalid_request"')


async def test_a_missing_permission_is_an_error_of_the_scheme_that_was_used(
    api: httpx.AsyncClient, client: DPoPClient
) -> None:
    answer = await api.get("/secret", headers=client.headers(f"{HOST}/secret"))
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"].startswith('Bearer, DPoP error="insufficient_scope"')
    assert answer.headers["WWW-Authenticate"].endswith('scope="read:secret", algs="ES256"')


async def test_a_route_can_require_bound_tokens(
    api: httpx.AsyncClient,
    client: DPoPClient,
    issuer: Issuer,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    expected = 'dpop_required invalid_token Bearer, DPoP error="invalid_token"'
    assert await refusal(api, "/payments", bearer(issuer, clock), caplog) == expected
    assert (await api.get("/payments", headers=client.headers(f"{HOST}/payments"))).status_code == 200


async def test_an_app_can_require_bound_tokens(
    open_app: OpenApp,
    client: DPoPClient,
    issuer: Issuer,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    api = await open_app(auth0_dpop="required")
    assert (await api.get("/orders")).headers["WWW-Authenticate"] == 'DPoP algs="ES256"'
    expected = 'dpop_required invalid_token DPoP error="invalid_token"'
    assert await refusal(api, "/orders", bearer(issuer, clock), caplog) == expected
    assert (await api.get("/orders", headers=client.headers(ORDERS))).status_code == 200


async def test_while_it_is_off_bound_tokens_are_refused_and_the_scheme_is_unknown(
    open_app: OpenApp, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    api = await open_app(auth0_dpop="off")
    headers = client.headers(ORDERS)
    assert await refusal(api, "/orders", headers, caplog) == "scheme_unsupported missing_token Bearer"
    as_bearer = [(name, value.replace(b"DPoP", b"Bearer")) for name, value in headers]
    expected = 'sender_constrained invalid_token Bearer error="invalid_token"'
    assert await refusal(api, "/orders", as_bearer, caplog) == expected


@pytest.mark.parametrize(
    ("cnf", "reason"),
    [
        ({}, "cnf_invalid"),
        ({"jkt": "A" * 43, "x5t#S256": "A" * 43}, "cnf_invalid"),
        ({"jkt": "A" * 43, "kid": "a"}, "cnf_invalid"),
        ({"jkt": "A" * 42}, "cnf_invalid"),
        ({"jkt": ["A" * 43]}, "cnf_invalid"),
        ("A" * 43, "cnf_invalid"),
        (None, "cnf_invalid"),
        ({"jwk": {"kty": "EC"}}, "sender_constrained"),
        ({"x5t#S256": "A" * 43}, "sender_constrained"),
    ],
)
async def test_a_token_that_is_bound_in_another_way_is_refused(
    api: httpx.AsyncClient, client: DPoPClient, caplog: pytest.LogCaptureFixture, cnf: object, reason: str
) -> None:
    for scheme in ("Bearer", "DPoP"):
        token = client.token(cnf=cnf)
        headers = sent(token, client.proof(ORDERS, token), scheme=scheme)
        assert (await refusal(api, "/orders", headers, caplog)).startswith(reason)


async def test_escapes_in_the_path_are_compared_by_what_they_mean(
    api: httpx.AsyncClient, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    passes = client.headers(f"{HOST}/orders/a%2fb%7E")
    assert (await api.get("/orders/a%2Fb~", headers=passes)).status_code == 200
    other = client.headers(f"{HOST}/orders/a/b~")
    assert "dpop_htu_mismatch" in await refusal(api, "/orders/a%2Fb~", other, caplog)


async def test_the_target_of_a_mounted_app_has_its_path(
    open_app: OpenApp, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    outer = FastAPI()
    outer.mount("/v1", own_app())
    api = await open_app(outer)
    assert (await api.get("/v1/orders", headers=client.headers(f"{HOST}/v1/orders"))).status_code == 200
    assert "dpop_htu_mismatch" in await refusal(api, "/v1/orders", client.headers(ORDERS), caplog)


async def test_a_request_with_two_hosts_uses_up_no_proof(
    api: httpx.AsyncClient, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    headers = client.headers(ORDERS)
    two = [(b"host", b"api.example.com"), (b"host", b"evil.example.com"), *headers]
    expected = 'dpop_target_unknown invalid_dpop_proof Bearer, DPoP error="invalid_dpop_proof"'
    assert await refusal(api, "/orders", two, caplog) == expected
    assert (await api.get("/orders", headers=headers)).status_code == 200


async def test_the_public_url_is_what_clients_have(
    open_app: OpenApp, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    outer = FastAPI()
    outer.mount("/v1", own_app())
    api = await open_app(outer, public_url="https://public.example.com/shop/")
    url = "https://public.example.com/shop/v1/orders"
    assert (await api.get("/v1/orders", headers=client.headers(url))).status_code == 200
    assert "dpop_htu_mismatch" in await refusal(api, "/v1/orders", client.headers(f"{HOST}/v1/orders"), caplog)


async def test_clients_read_a_nonce_and_try_again(
    open_app: OpenApp, client: DPoPClient, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    api = await open_app(auth0_dpop_nonce="required")
    answer = await api.get("/orders", headers=client.headers(ORDERS))
    assert (answer.status_code, answer.json()["code"]) == (401, "use_dpop_nonce")
    assert 'DPoP error="use_dpop_nonce"' in answer.headers["WWW-Authenticate"]
    (client.nonce,) = answer.headers.get_list("DPoP-Nonce")
    assert answer.headers["Cache-Control"] == "no-store"

    first = client.headers(ORDERS)
    answer = await api.get("/orders", headers=first)
    assert (answer.status_code, answer.headers.get_list("DPoP-Nonce")) == (200, [client.nonce])
    assert answer.headers["Cache-Control"] == "no-store"
    replayed = await api.get("/orders", headers=first)
    assert (replayed.json()["code"], replayed.headers["DPoP-Nonce"]) == ("invalid_dpop_proof", client.nonce)

    clock.now += 180
    answer = await api.get("/orders", headers=client.headers(ORDERS))
    assert answer.status_code == 200
    assert answer.headers["DPoP-Nonce"] != client.nonce
    clock.now += 180
    assert "dpop_nonce_expired use_dpop_nonce" in await refusal(api, "/orders", client.headers(ORDERS), caplog)


async def test_bearer_tokens_need_no_nonce(open_app: OpenApp, issuer: Issuer, clock: HandClock) -> None:
    api = await open_app(auth0_dpop_nonce="required")
    answer = await api.get("/orders", headers=bearer(issuer, clock))
    assert answer.status_code == 200
    assert not {"dpop-nonce", "cache-control"} & answer.headers.keys()


async def test_processes_share_nonces_by_their_management_client(open_app: OpenApp, client: DPoPClient) -> None:
    management: dict[str, Any] = {
        "auth0_management_client_id": "management",
        "auth0_management_client_secret": "shared",
        "auth0_dpop_nonce": "required",
    }
    one = await open_app(**management)
    two = await open_app(**management)
    alone = await open_app(auth0_dpop_nonce="required")
    client.nonce = (await one.get("/orders", headers=client.headers(ORDERS))).headers["DPoP-Nonce"]
    assert (await two.get("/orders", headers=client.headers(ORDERS))).status_code == 200
    assert (await alone.get("/orders", headers=client.headers(ORDERS))).json()["code"] == "use_dpop_nonce"


async def test_workers_with_nonces_of_their_own_are_warned_of(
    open_app: OpenApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "auth0_sso")
    management: dict[str, Any] = {
        "auth0_management_client_id": "management",
        "auth0_management_client_secret": "shared",
    }
    await open_app(auth0_dpop_nonce="required")
    await open_app(auth0_dpop_nonce="required", workers=2, **management)
    assert caplog.text == ""
    await open_app(auth0_dpop_nonce="required", workers=2)
    assert caplog.text.count("each process gives DPoP nonces of its own, which the others refuse") == 1


async def test_processes_with_one_store_share_the_proofs_that_were_used(
    open_app: OpenApp, client: DPoPClient, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    one = await open_app(rate_limit_storage_url=redis.url)
    two = await open_app(rate_limit_storage_url=redis.url)
    headers = client.headers(ORDERS)
    assert (await one.get("/orders", headers=headers)).status_code == 200
    assert "dpop_replayed" in await refusal(two, "/orders", headers, caplog)


async def test_while_the_store_is_down_no_proof_passes_and_bearer_tokens_do(
    open_app: OpenApp, client: DPoPClient, redis: RedisServer, issuer: Issuer, clock: HandClock
) -> None:
    api = await open_app(rate_limit_storage_url=redis.url)
    redis.stop()
    answer = await api.get("/orders", headers=client.headers(ORDERS))
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert answer.json()["detail"] == "DPoP proofs cannot be checked now."
    assert "WWW-Authenticate" not in answer.headers
    assert (await api.get("/orders", headers=bearer(issuer, clock))).status_code == 200


async def test_a_full_memory_lets_no_proof_pass(
    open_app: OpenApp, client: DPoPClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth0_sso.web.services.bound_tokens.REPLAY_BYTES", 500)
    assert REPLAY_BYTES > 500
    api = await open_app()
    answers = [await api.get("/orders", headers=client.headers(ORDERS)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert answers[-1].json()["code"] == "store_unavailable"


async def test_workers_without_a_store_say_so_at_the_first_proof(
    open_app: OpenApp, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "auth0_sso")
    api = await open_app(workers=2)
    assert caplog.text == ""
    for _ in range(2):
        await api.get("/orders", headers=client.headers(ORDERS))
    assert caplog.text.count("RATE_LIMIT_STORAGE_URL") == 1


async def test_failed_proofs_count_as_failures_and_a_nonces_absence_does_not(
    open_app: OpenApp, client: DPoPClient
) -> None:
    api = await open_app(auth0_dpop_nonce="required", auth_failure_rate_limit="1/minute")
    asked = [await api.get("/orders", headers=client.headers(ORDERS)) for _ in range(3)]
    assert [answer.status_code for answer in asked] == [401, 401, 401]
    wrong = [await api.get("/orders", headers=client.headers(ORDERS, method="POST")) for _ in range(2)]
    assert [answer.status_code for answer in wrong] == [401, 429]


ORIGIN = "https://app.example.com"


async def preflight(api: httpx.AsyncClient) -> httpx.Response:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization,dpop"}
    return await api.options("/orders", headers={"Origin": ORIGIN} | asked)


async def test_scripts_may_send_proofs_and_read_nonces(open_app: OpenApp, client: DPoPClient) -> None:
    app = harden(own_app(), cors_origins=[ORIGIN], security_headers=True)
    api = await open_app(app, auth0_dpop_nonce="required")
    assert (await preflight(api)).status_code == 200
    answer = await api.get("/orders", headers=[*client.headers(ORDERS), (b"origin", ORIGIN.encode())])
    assert {"WWW-Authenticate", "DPoP-Nonce"} <= {*answer.headers["Access-Control-Expose-Headers"].split(", ")}
    assert len(answer.headers.get_list("DPoP-Nonce")) == len(answer.headers.get_list("Cache-Control")) == 1


async def test_while_it_is_off_scripts_may_send_and_read_what_they_could_before(open_app: OpenApp) -> None:
    api = await open_app(harden(own_app(), cors_origins=[ORIGIN]), auth0_dpop="off")
    assert (await preflight(api)).status_code == 400
    answer = await api.get("/orders", headers={"Origin": ORIGIN})
    assert "DPoP-Nonce" not in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_behind_a_trusted_proxy_the_scheme_is_that_of_the_client(
    open_app: OpenApp, client: DPoPClient, caplog: pytest.LogCaptureFixture
) -> None:
    api = await open_app(harden(own_app(), trusted_proxies=["127.0.0.1"]))
    forwarded = (b"x-forwarded-proto", b"http")
    plain = client.headers(ORDERS.replace("https", "http"))
    assert (await api.get("/orders", headers=[*plain, forwarded])).status_code == 200
    assert "dpop_htu_mismatch" in await refusal(api, "/orders", [*client.headers(ORDERS), forwarded], caplog)


@pytest.mark.filterwarnings("ignore:The `root_path` parameter is deprecated")
async def test_the_root_path_is_part_of_the_target(open_app: OpenApp, client: DPoPClient) -> None:
    app = FastAPI()
    app.root_path = "/v1"  # as the parameter of that name, which warns since it is deprecated

    @app.get("/orders")
    async def read_orders(token: CurrentToken) -> str:
        return token.subject

    api = await open_app(app)
    assert (await api.get("/orders", headers=client.headers(f"{HOST}/v1/orders"))).status_code == 200
    assert (await api.get("/v1/orders", headers=client.headers(f"{HOST}/v1/orders"))).status_code == 200
