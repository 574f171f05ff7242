"""A tenant in a thread, with and without TLS, and the files that TLS needs."""

import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from auth0_devtenant import default_seed, fetch_machine_token
from auth0_devtenant.certificates import TlsFiles, make_tls_files
from auth0_devtenant.serving import RunningTenant, running_tenant

from .visitor import USER


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_tls_files(tmp_path_factory.mktemp("tls") / "new")


async def machine_token(running: RunningTenant, client: httpx.AsyncClient) -> str:
    return await fetch_machine_token(client, running.issuer, audience=running.audience)


async def test_two_tenants_run_at_once_and_share_nothing() -> None:
    with running_tenant() as one, running_tenant(default_seed(audience="https://two.example.com")) as two:
        async with httpx.AsyncClient() as client:
            assert await machine_token(one, client)
            assert await machine_token(two, client)
            keys = [(await client.get(f"{each.issuer}.well-known/jwks.json")).json() for each in (one, two)]
        assert keys[0] != keys[1]
        del one.tenant.state.users[USER.user_id]
        assert USER.user_id in two.tenant.state.users
        one.reset()
        assert USER.user_id in one.tenant.state.users
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(one.issuer)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_with_tls_clients_that_trust_the_authority_connect(tls: TlsFiles, host: str) -> None:
    with running_tenant(host=host, tls=tls) as running:
        assert running.issuer.startswith(f"https://{host}:")
        for trusted in (tls.ca, tls.bundle):
            context = ssl.create_default_context(cafile=str(trusted))
            async with httpx.AsyncClient(verify=context) as client:
                assert await machine_token(running, client)
        async with httpx.AsyncClient() as stranger:
            with pytest.raises(httpx.ConnectError, match=r"self-signed certificate|unable to get local issuer"):
                await stranger.get(running.issuer)
        assert running.environment["NODE_EXTRA_CA_CERTS"] == str(tls.ca)


def test_the_authority_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = make_tls_files(tmp_path)
    authority, server = first.ca.read_bytes(), first.certificate.read_bytes()
    second = make_tls_files(tmp_path)
    assert second == first
    assert second.ca.read_bytes() == authority
    assert second.certificate.read_bytes() != server
    for file in tmp_path.glob("*.key"):
        assert file.stat().st_mode & 0o077 == 0


def test_the_authority_signs_for_loopback_names_only(tls: TlsFiles) -> None:
    extensions = x509.load_pem_x509_certificate(tls.ca.read_bytes()).extensions
    constraints = extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    allowed = constraints.value.permitted_subtrees or ()
    assert [str(each.value) for each in allowed] == ["localhost", "127.0.0.1/32", "::1/128"]


def test_the_environment_names_what_an_api_needs() -> None:
    with running_tenant() as running:
        environment = running.environment
        assert environment["AUTH0_ISSUER_BASE_URL"] == running.issuer
        assert environment["AUTH0_DOMAIN"] == running.issuer.removeprefix("http://").removesuffix("/")
        assert environment["AUTH0_AUDIENCE"] == "https://api.example.com"
        assert "SSL_CERT_FILE" not in environment
        assert running.document["environment"] == environment
