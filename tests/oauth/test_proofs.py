"""Two secrets or keys at once: which is tried, and how often."""

from dataclasses import dataclass, field

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth0_sso.errors import ClientRefusedError, ManagementRefusedError, TokenUnavailableError
from auth0_sso.management.token_source import ManagementTokenSource
from auth0_sso.oauth.proofs import Proof, Proofs
from auth0_sso.oauth.token_endpoint import TokenEndpoint, TokenRequest
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import ISSUER
from auth0_sso.tokens.client_assertion import AssertionKey
from support.tenant_script import TOKEN, Reply, ScriptedTenant, json_reply, token_reply

REFUSED = json_reply({"error": "access_denied", "error_description": "Unauthorized"}, 401)
INVALID_CLIENT = json_reply({"error": "invalid_client"}, 400)


@dataclass
class Endpoint:
    """A token endpoint whose secrets `files` has, as they are when they are read again."""

    client: httpx.AsyncClient
    proofs: Proofs
    files: list[Proof] = field(default_factory=list)
    read: int = 0

    async def reread(self) -> None:
        self.read += 1
        if self.files:
            self.proofs.replace(self.files)

    @property
    def credentials(self) -> TokenRequest:
        return TokenRequest("the-client-id", self.proofs, f"{ISSUER}api/v2/")

    async def fetch(self) -> str:
        endpoint = TokenEndpoint(self.client, ISSUER, "the-client-id", self.proofs, reread=self.reread)
        return (await endpoint.fetch(self.credentials.grant)).text


@pytest.fixture
async def endpoint(client: httpx.AsyncClient) -> Endpoint:
    return Endpoint(client, Proofs("old", "new"))


def sent(tenant: ScriptedTenant) -> list[object]:
    bodies = [request.json() for request in tenant.seen(TOKEN)]
    return [body["client_secret"] for body in bodies if isinstance(body, dict)]


@pytest.mark.parametrize("refusal", [REFUSED, INVALID_CLIENT], ids=["401", "invalid-client"])
async def test_the_other_secret_is_tried_when_the_first_is_refused(
    tenant: ScriptedTenant, endpoint: Endpoint, refusal: Reply
) -> None:
    tenant.on(TOKEN, refusal, token_reply("token-1"))
    assert await endpoint.fetch() == "token-1"
    assert sent(tenant) == ["old", "new"]


async def test_the_secret_that_was_accepted_is_tried_first_from_then_on(
    tenant: ScriptedTenant, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    tenant.on(TOKEN, REFUSED, token_reply("token-1"))
    for _ in range(3):
        await endpoint.fetch()
    assert sent(tenant) == ["old", "new", "new", "new"]
    (record,) = caplog.records
    assert record.getMessage().startswith("Auth0 refuses a secret or key of the Management client")


async def test_the_first_secret_alone_is_sent_while_accepted(tenant: ScriptedTenant, endpoint: Endpoint) -> None:
    tenant.on(TOKEN, token_reply("token-1"))
    await endpoint.fetch()
    await endpoint.fetch()
    assert sent(tenant) == ["old", "old"]
    assert endpoint.read == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            json_reply({"error": "access_denied", "error_description": "Service not enabled"}, 403),
            "token_audience_unknown",
        ),
        (json_reply({"error": "access_denied"}, 429), "token_rate_limited"),
        (json_reply({}, 503), "token_status_503"),
    ],
    ids=["audience", "rate-limit", "outage"],
)
async def test_another_refusal_tries_no_other_secret(
    tenant: ScriptedTenant, endpoint: Endpoint, answer: Reply, reason: str
) -> None:
    tenant.on(TOKEN, answer)
    with pytest.raises((ClientRefusedError, TokenUnavailableError)) as raised:
        await endpoint.fetch()
    assert raised.value.reason == reason
    assert sent(tenant) == ["old"]
    assert endpoint.read == 0


async def test_a_refused_secret_is_read_again_and_the_new_one_tried(
    tenant: ScriptedTenant, endpoint: Endpoint
) -> None:
    endpoint.proofs.replace(["old"])
    endpoint.files = ["brand-new"]
    tenant.on(TOKEN, REFUSED, token_reply("token-1"))
    assert await endpoint.fetch() == "token-1"
    assert sent(tenant) == ["old", "brand-new"]
    assert endpoint.read == 1


async def test_the_first_secret_is_tried_first_once_another_is_put_there(
    tenant: ScriptedTenant, endpoint: Endpoint
) -> None:
    tenant.on(TOKEN, token_reply("token-1"))
    await endpoint.fetch()
    endpoint.proofs.replace(["new", "old"])
    await endpoint.fetch()
    assert sent(tenant) == ["old", "new"]


async def test_the_accepted_secret_is_tried_first_while_the_same_one_is_listed_first(
    tenant: ScriptedTenant, endpoint: Endpoint
) -> None:
    tenant.on(TOKEN, REFUSED, token_reply("token-1"))
    await endpoint.fetch()
    endpoint.proofs.replace(["old", "newer", "new"])
    await endpoint.fetch()
    assert sent(tenant) == ["old", "new", "new"]


async def test_when_all_are_refused_each_was_sent_once(tenant: ScriptedTenant, endpoint: Endpoint) -> None:
    endpoint.files = ["x", "y"]
    tenant.on(TOKEN, REFUSED)
    with pytest.raises(ClientRefusedError) as raised:
        await endpoint.fetch()
    assert raised.value.reason == "token_client_refused"
    assert sent(tenant) == ["old", "x", "y"]
    assert endpoint.read == 1


async def test_two_refused_secrets_cost_two_requests_per_backoff(
    tenant: ScriptedTenant, endpoint: Endpoint, clock: HandClock
) -> None:
    tenant.on(TOKEN, REFUSED)
    auth = ManagementTokenSource(endpoint.client, ISSUER, endpoint.credentials, clock=clock)
    for _ in range(600):
        with pytest.raises(ManagementRefusedError):
            await auth.current()
        await clock.advance(0.5)
    assert tenant.count(TOKEN) == 2 * 14  # after 1, 2, 4, 8 and 16 seconds, then every 30, in five minutes
    await auth.aclose()


async def test_new_secrets_end_the_backoff(tenant: ScriptedTenant, endpoint: Endpoint, clock: HandClock) -> None:
    tenant.on(TOKEN, REFUSED, REFUSED, token_reply("token-1"))
    auth = ManagementTokenSource(endpoint.client, ISSUER, endpoint.credentials, clock=clock)
    with pytest.raises(ManagementRefusedError):
        await auth.current()
    endpoint.proofs.replace(["brand-new"])
    auth.retry_now()
    assert (await auth.current()).text == "token-1"
    assert sent(tenant) == ["old", "new", "brand-new"]
    await auth.aclose()


async def test_no_log_line_and_no_repr_has_a_secret(
    tenant: ScriptedTenant, client: httpx.AsyncClient, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = Endpoint(client, Proofs("first-secret-word", "second-secret-word"))
    tenant.on(TOKEN, json_reply({"error": "x", "error_description": "not first-secret-word second-secret-word"}, 401))
    auth = ManagementTokenSource(client, ISSUER, endpoint.credentials, clock=clock)
    with pytest.raises(ManagementRefusedError) as raised:
        await auth.current()
    shown = f"{caplog.text} {endpoint.credentials!r} {endpoint.proofs!r} {raised.value!r} {raised.value.log_detail}"
    assert "no Management API token: token_client_refused" in shown
    assert "second-secret-word" not in shown
    await auth.aclose()


async def test_two_private_keys_are_tried_in_turn(
    tenant: ScriptedTenant, client: httpx.AsyncClient, rsa_keys: tuple[rsa.RSAPrivateKey, ...]
) -> None:
    pems = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() for key in rsa_keys[:2]]
    endpoint = Endpoint(client, Proofs(*AssertionKey.listed("".join(pems), "")))
    tenant.on(TOKEN, REFUSED, token_reply("token-1"))
    assert await endpoint.fetch() == "token-1"
    assert tenant.count(TOKEN) == 2
