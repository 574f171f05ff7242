"""Requests with tokens of this service's own: how many tokens are fetched, and where they go."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from auth0_sso import ClientCredentials, Settings
from auth0_sso.errors import ClientQuotaError, ClientRefusedError, TokenUnavailableError
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER
from support.called_api import SECRET, Api, Make, TokenEndpointScript, async_client_of, client_of, issued
from support.environment import load
from support.redis_server import RedisServer


async def test_an_async_client_sends_the_token(make: Make, api: Api, token_endpoint: TokenEndpointScript) -> None:
    async with async_client_of(api, make("https://api.orders", "read:orders", organization="org_1")) as client:
        assert (await client.get("/orders")).status_code == 200
    assert api.tokens == ["token-1"]
    assert json.loads(token_endpoint.requests[0].content) == {
        "grant_type": "client_credentials",
        "audience": "https://api.orders",
        "scope": "read:orders",
        "organization": "org_1",
        "client_id": "the-client-id",
        "client_secret": SECRET,
    }


def test_a_sync_client_sends_the_token_too(make: Make, api: Api) -> None:
    with client_of(api, make()) as client:
        assert client.get("/orders").status_code == 200
    assert api.tokens == ["token-1"]


def test_fifty_threads_cost_one_token(make: Make, api: Api, token_endpoint: TokenEndpointScript) -> None:
    token_endpoint.gate = threading.Event()
    with client_of(api, make()) as client, ThreadPoolExecutor(50) as pool:
        answers = [pool.submit(client.get, "/orders") for _ in range(50)]
        assert token_endpoint.asked.wait(5)
        token_endpoint.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert len(token_endpoint.requests) == 1
    assert set(api.tokens) == {"token-1"}


async def test_tasks_and_threads_share_one_fetch(make: Make, api: Api, token_endpoint: TokenEndpointScript) -> None:
    auth = make()
    async with async_client_of(api, auth) as client:
        with client_of(api, auth) as other:
            await asyncio.gather(
                *(client.get("/orders") for _ in range(20)), *(asyncio.to_thread(other.get, "/") for _ in range(5))
            )
    assert len(token_endpoint.requests) == 1


def test_one_auth_serves_several_event_loops(make: Make, api: Api, token_endpoint: TokenEndpointScript) -> None:
    auth = make()

    async def ask() -> None:
        async with async_client_of(api, auth) as client:
            await client.get("/orders")

    asyncio.run(ask())
    asyncio.run(ask())
    assert api.tokens == ["token-1", "token-1"]
    assert len(token_endpoint.requests) == 1


def test_a_cancelled_caller_does_not_cancel_the_others(
    make: Make, api: Api, token_endpoint: TokenEndpointScript
) -> None:
    token_endpoint.gate = gate = threading.Event()
    auth = make()

    async def ask() -> int:
        async with async_client_of(api, auth) as client:
            first = asyncio.create_task(client.get("/orders"))
            assert await asyncio.to_thread(token_endpoint.asked.wait, 5)
            second = asyncio.create_task(client.get("/orders"))
            await asyncio.sleep(0)
            first.cancel()
            gate.set()
            return (await second).status_code

    assert asyncio.run(ask()) == 200
    assert len(token_endpoint.requests) == 1


def test_the_old_token_serves_while_its_renewal_fails(
    make: Make, api: Api, token_endpoint: TokenEndpointScript, clock: HandClock
) -> None:
    token_endpoint.answers = [issued("old", 3600), httpx.Response(503), httpx.Response(503)]
    with client_of(api, make()) as client:
        client.get("/orders")
        clock.now += 3500
        token_endpoint.asked.clear()
        assert client.get("/orders").status_code == 200
        assert token_endpoint.asked.wait(5)
        assert client.get("/orders").status_code == 200
    assert api.tokens == ["old", "old", "old"]


def test_a_rejected_token_is_replaced_once_and_the_request_sent_again(
    make: Make, api: Api, token_endpoint: TokenEndpointScript
) -> None:
    api.rejected = {"token-1"}
    with client_of(api, make()) as client:
        assert client.post("/orders", content=b"once more").status_code == 200
    assert api.tokens == ["token-1", "token-2"]
    assert api.bodies == [b"once more"] * 2
    assert len(token_endpoint.requests) == 2


async def test_a_token_that_is_rejected_always_costs_two_fetches(
    make: Make, api: Api, token_endpoint: TokenEndpointScript
) -> None:
    api.rejected = {f"token-{number}" for number in range(9)}
    async with async_client_of(api, make()) as client:
        assert [(await client.get("/orders")).status_code for _ in range(5)] == [401] * 5
    assert len(token_endpoint.requests) == 2


def test_a_streamed_body_is_not_sent_again_after_a_401(make: Make, api: Api) -> None:
    api.rejected = {"token-1"}

    def body() -> Iterator[bytes]:
        yield b"only once"

    with client_of(api, make()) as client:
        assert client.post("/orders", content=body()).status_code == 401
        assert client.get("/orders").status_code == 200
    assert api.tokens == ["token-1", "token-2"]


async def test_an_async_stream_is_not_sent_again_after_a_401(make: Make, api: Api) -> None:
    api.rejected = {"token-1"}

    async def body() -> AsyncIterator[bytes]:
        yield b"only once"

    async with async_client_of(api, make()) as client:
        assert (await client.post("/orders", content=body())).status_code == 401
    assert api.tokens == ["token-1"]


@pytest.mark.parametrize(
    "url", ["https://evil.example.com/", "http://orders.example.com/", "https://orders.example.com:8443/"]
)
def test_another_origin_gets_no_request(make: Make, api: Api, url: str) -> None:
    with client_of(api, make()) as client:
        client.get("/orders")
        with pytest.raises(ValueError, match="is not sent to"):
            client.get(url)
    assert len(api.tokens) == 1


def test_the_named_base_urls_alone_get_the_token(make: Make, api: Api) -> None:
    auth = make(base_urls=["https://orders.example.com/v1", "https://orders.example.net"])
    with client_of(api, auth) as client:
        client.get("/orders")
        client.get("https://orders.example.net:443/orders")
        with pytest.raises(ValueError, match="is not sent to"):
            client.get("https://orders.example.org/")
    assert api.tokens == ["token-1", "token-1"]


def test_a_redirect_to_another_origin_gets_no_token(make: Make, api: Api) -> None:
    api.redirect_to = "https://evil.example.com/"
    with client_of(api, make()) as client:
        assert client.get("/orders", follow_redirects=True).status_code == 200
    assert api.tokens == ["token-1", "none"]


def test_a_401_from_where_a_redirect_led_replaces_no_token(
    make: Make, api: Api, token_endpoint: TokenEndpointScript
) -> None:
    api.redirect_to, api.rejected = "https://evil.example.com/", {"none"}
    with client_of(api, make()) as client:
        assert client.get("/orders", follow_redirects=True).status_code == 401
    assert len(token_endpoint.requests) == 1


def test_a_spent_quota_is_waited_for(
    make: Make, api: Api, token_endpoint: TokenEndpointScript, clock: HandClock
) -> None:
    quota = {"Auth0-Client-Quota-Limit": "b=per_hour;q=10;r=0;t=900,b=per_day;q=100;r=7;t=40000"}
    token_endpoint.answers = [httpx.Response(429, json={"error": "too_many_requests"}, headers=quota)]
    with client_of(api, make()) as client:
        for _ in range(3):
            with pytest.raises(ClientQuotaError) as spent:
                client.get("/orders")
            assert spent.value.retry_after == 900
        clock.now += 899
        with pytest.raises(ClientQuotaError):
            client.get("/orders")
        assert len(token_endpoint.requests) == 1
        clock.now += 1
        assert client.get("/orders").status_code == 200


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (httpx.Response(401, json={"error": "access_denied"}), ClientRefusedError, "token_client_refused"),
        (httpx.Response(403, json={"error": "invalid_scope"}), ClientRefusedError, "token_invalid_scope"),
        (httpx.Response(503), TokenUnavailableError, "token_status_503"),
        (httpx.ConnectError("no"), TokenUnavailableError, "token_unreachable"),
    ],
)
def test_our_configuration_and_an_outage_are_told_apart(
    make: Make,
    api: Api,
    token_endpoint: TokenEndpointScript,
    answer: httpx.Response | Exception,
    error: type[Exception],
    reason: str,
) -> None:
    token_endpoint.answers = [answer]
    with client_of(api, make()) as client, pytest.raises(error) as raised:
        client.get("/orders")
    assert getattr(raised.value, "reason", None) == reason
    assert SECRET not in repr(raised.value)
    assert not api.tokens


@pytest.mark.usefixtures("clean_environment")
def test_without_a_client_no_request_is_sent(api: Api, token_endpoint: TokenEndpointScript) -> None:
    settings = Settings(auth0_domain="tenant.example.com", auth0_audience=("https://api",))
    auth = ClientCredentials("https://api.orders", settings=settings)
    with client_of(api, auth) as client, pytest.raises(ClientRefusedError) as refused:
        client.get("/orders")
    assert refused.value.reason == "client_not_configured"
    assert not api.tokens
    assert not token_endpoint.requests


@pytest.mark.usefixtures("clean_environment")
def test_replicas_share_one_token_through_redis(
    make: Make, api: Api, token_endpoint: TokenEndpointScript, redis: RedisServer
) -> None:
    settings = Settings(
        auth0_domain="tenant.example.com",
        auth0_issuer_base_url=ISSUER,
        auth0_audience=("https://api",),
        auth0_management_client_id="the-client-id",
        auth0_management_client_secret=SecretStr(SECRET),
        rate_limit_storage_url=SecretStr(redis.url),
        rate_limit_store_timeout_seconds=5,
    )
    for _ in range(3):
        with client_of(api, make(client=None, settings=settings)) as client:
            client.get("/orders")
    with client_of(api, make("https://api.other", client=None, settings=settings)) as client:
        client.get("/orders")
    assert api.tokens == ["token-1", "token-1", "token-1", "token-2"]
    assert len(token_endpoint.requests) == 2


def test_threads_too_get_a_token_that_is_rejected_always_twice(
    make: Make, api: Api, token_endpoint: TokenEndpointScript
) -> None:
    api.rejected = {f"token-{number}" for number in range(9)}
    with client_of(api, make()) as client:
        assert [client.get("/orders").status_code for _ in range(5)] == [401] * 5
    assert len(token_endpoint.requests) == 2


def test_an_auth_may_be_closed_unused_and_used_again(
    make: Make, api: Api, token_endpoint: TokenEndpointScript
) -> None:
    auth = make()
    auth.close()
    with client_of(api, auth) as client:
        for _ in range(2):
            assert client.get("/orders").status_code == 200
            auth.close()
    assert api.tokens == ["token-1", "token-2"]


class Meeting:
    """A lock that two threads take only once both have asked for it."""

    def __init__(self) -> None:
        self._both = threading.Barrier(2)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._both.wait(10)
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_two_threads_that_begin_at_once_open_one_source(
    make: Make, api: Api, token_endpoint: TokenEndpointScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = make()
    with monkeypatch.context() as both, client_of(api, auth) as client, ThreadPoolExecutor(2) as pool:
        both.setattr(auth, "_lock", Meeting())
        answers = [pool.submit(client.get, "/orders") for _ in range(2)]
        assert [answer.result().status_code for answer in answers] == [200, 200]
    assert len(token_endpoint.requests) == 1


class LateApi(Api):
    """Answers /late when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.url.path == "/late":
            await self.released.wait()
        return answer


async def test_a_late_401_for_a_replaced_token_fetches_no_other(
    make: Make, token_endpoint: TokenEndpointScript
) -> None:
    api = LateApi()
    api.rejected = {"token-1"}
    async with async_client_of(api, make()) as client:
        late = asyncio.create_task(client.get("/late"))
        async with asyncio.timeout(5):
            while not api.tokens:
                await asyncio.sleep(0.001)
        assert (await client.get("/orders")).status_code == 200
        api.released.set()
        assert (await late).status_code == 200
    assert api.tokens == ["token-1", "token-1", "token-2", "token-2"]
    assert len(token_endpoint.requests) == 2


def test_an_auth_that_is_closed_during_a_request_goes_on(
    make: Make, api: Api, token_endpoint: TokenEndpointScript, caplog: pytest.LogCaptureFixture
) -> None:
    auth = make()

    class ClosingApi(Api):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            auth.close()
            return super().handle_request(request)

    closing = ClosingApi()
    with client_of(closing, auth) as client:
        assert [client.get("/orders").status_code for _ in range(2)] == [200, 200]
    assert closing.tokens == ["token-1", "token-2"]
    assert not caplog.records


@pytest.mark.parametrize("url", ["orders", "/v1", "https:///v1"])
def test_a_base_url_without_a_host_is_refused(make: Make, url: str) -> None:
    with pytest.raises(ValueError, match="names no host"):
        make(base_urls=["https://orders.example.com", url])


@pytest.fixture
def secret_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clean_environment: None) -> Path:
    file = tmp_path / "secrets" / "AUTH0_MANAGEMENT_CLIENT_SECRET"
    file.parent.mkdir(exist_ok=True)
    file.write_text(SECRET)
    return file


def secrets_of(token_endpoint: TokenEndpointScript) -> list[str]:
    return [json.loads(request.content)["client_secret"] for request in token_endpoint.requests]


def test_a_rotated_secret_is_used_for_the_next_token(
    make: Make,
    api: Api,
    token_endpoint: TokenEndpointScript,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    secret_file: Path,
) -> None:
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="the-client-id")
    with client_of(api, make(client=None, settings=settings)) as client:
        client.get("/orders")
        secret_file.write_text("the-new-secret-0123")
        clock.now += 86_400
        client.get("/orders")
    assert secrets_of(token_endpoint) == [SECRET, "the-new-secret-0123"]
    assert api.tokens == ["token-1", "token-2"]


def test_a_refused_secret_is_read_again_before_a_request_fails(
    make: Make,
    api: Api,
    token_endpoint: TokenEndpointScript,
    monkeypatch: pytest.MonkeyPatch,
    secret_file: Path,
) -> None:
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="the-client-id")
    token_endpoint.answers = [httpx.Response(503), httpx.Response(401, json={"error": "invalid_client"})]
    clock = HandClock()
    with client_of(api, make(client=None, settings=settings, clock=clock)) as client:
        with pytest.raises(TokenUnavailableError):
            client.get("/orders")
        clock.now += 1  # too early to look at the file, were the secret not refused
        secret_file.write_text(f"{SECRET}\nthe-new-secret-0123")
        assert client.get("/orders").status_code == 200
    assert secrets_of(token_endpoint) == [SECRET, SECRET, "the-new-secret-0123"]


def test_a_client_of_its_own_keeps_its_secret(
    make: Make,
    api: Api,
    token_endpoint: TokenEndpointScript,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    secret_file: Path,
) -> None:
    settings = load(monkeypatch, AUTH0_MANAGEMENT_CLIENT_ID="the-client-id")
    with client_of(api, make(settings=settings)) as client:
        secret_file.write_text("the-new-secret-0123")
        client.get("/orders")
    assert secrets_of(token_endpoint) == [SECRET]


def test_what_is_shared_is_sealed_with_the_rotated_secret(
    make: Make,
    api: Api,
    token_endpoint: TokenEndpointScript,
    monkeypatch: pytest.MonkeyPatch,
    secret_file: Path,
    redis: RedisServer,
) -> None:
    client = {"AUTH0_MANAGEMENT_CLIENT_ID": "the-client-id", "RATE_LIMIT_STORAGE_URL": redis.url}
    early = load(monkeypatch, **client)
    secret_file.write_text(f"the-new-secret-0123\n{SECRET}")
    with client_of(api, make(client=None, settings=load(monkeypatch, **client))) as new:
        new.get("/orders")
    with client_of(api, make(client=None, settings=early)) as old:
        old.get("/orders")
    assert api.tokens == ["token-1", "token-1"]
    assert len(token_endpoint.requests) == 1
