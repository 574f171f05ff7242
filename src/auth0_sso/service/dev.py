"""`auth0-sso dev`: the API and a development tenant in one process, each on a socket of its own.

Nothing is read from the environment, `.env` or the directory of secrets, where a real tenant's settings may be.
"""

import asyncio
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import httpx
import uvicorn

from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    SPA_CLIENT_ID,
    TenantOptions,
    create_tenant,
)
from auth0_sso.service.app import create_app
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.serve import server_options
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.shutdown import GracefulShutdown

AUDIENCE: Final = "https://api.example.com"
REDIRECT_URI: Final = "http://127.0.0.1:3000/callback"

ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - not the default: --host chooses it, for a container
HOSTS: Final = ("127.0.0.1", "localhost", ALL_ADDRESSES)
"""Where both may listen: the issuer is plain http, which the API accepts of a loopback host alone."""

_FIXED: Final = frozenset(
    {
        "auth0_domain",
        "auth0_issuer_base_url",
        "auth0_audience",
        "auth0_client_id",
        "auth0_management_client_id",
        "auth0_management_client_secret",
        "auth0_management_private_key",
        "auth0_management_private_key_id",
        "auth0_management_audience",
        "auth0_management_base_url",
        "host",
        "port",
        "workers",
        "shutdown_notice_seconds",
    }
)

CHANGEABLE: Final = frozenset(ServiceSettings.model_fields) - _FIXED
"""The settings that a developer may choose; the others follow from the development tenant and the ports."""


class ListenError(Exception):
    """A port on which the server cannot listen; the text names it and says why."""


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs two of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(*, host: str, port: int, tenant_port: int, changes: Mapping[str, str]) -> int:
    """Serve both until a signal comes; return the exit code.

    `host` is one of `HOSTS`. Port 0 takes any free one. `changes` are settings of `CHANGEABLE`, as text. Raises
    `ListenError`, and `ConfigurationError` for a change that cannot be used.
    """
    with _listen(host, tenant_port, "--tenant-port") as tenant_socket, _listen(host, port, "--port") as api_socket:
        issuer = f"http://127.0.0.1:{tenant_socket.getsockname()[1]}/"
        api_port = api_socket.getsockname()[1]
        settings = _settings(issuer, host, api_port, changes)
        configure_logs(settings.log_level)
        origins = (f"http://127.0.0.1:{api_port}", f"http://localhost:{api_port}")
        tenant = create_tenant(_tenant_options(issuer, (*origins, *settings.cors_allowed_origins)))
        # A transport of its own, and without the environment: HTTP_PROXY and SSL_CERT_FILE are for other hosts.
        api = create_app(settings, transport=httpx.AsyncHTTPTransport(trust_env=False))
        options = server_options(settings)
        servers = (_Server(uvicorn.Config(tenant, **options)), _Server(uvicorn.Config(api, **options)))
        show(banner(issuer, origins[0], everywhere=host == ALL_ADDRESSES))
        asyncio.run(_serve(servers, (tenant_socket, api_socket)))
    return 0 if all(server.started for server in servers) else 1


def show(text: str) -> None:
    """Print a text; when the reader has closed the pipe (`| head`), end silently by SIGPIPE, as other programs do."""
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    print(text, flush=True)
    signal.signal(signal.SIGPIPE, before)  # the servers must survive a connection that breaks


def _listen(host: str, port: int, option: str) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        why = str(error.strerror or error).partition(" (while")[0]
        raise ListenError(f"cannot listen on {host}:{port}: {why}; {option} chooses another port") from None


async def _serve(servers: tuple[_Server, ...], sockets: tuple[socket.socket, ...]) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    GracefulShutdown(close_server=stop).install()
    async with asyncio.TaskGroup() as group:
        for server, listening in zip(servers, sockets, strict=True):
            group.create_task(server.serve([listening])).add_done_callback(lambda _: stop())


def _settings(issuer: str, host: str, port: int, changes: Mapping[str, str]) -> ServiceSettings:
    return ServiceSettings.of(
        auth0_domain=issuer.removeprefix("http://").removesuffix("/"),
        auth0_issuer_base_url=issuer,
        auth0_audience=(AUDIENCE,),
        auth0_client_id=SPA_CLIENT_ID,
        auth0_management_client_id=MANAGEMENT_CLIENT_ID,
        auth0_management_client_secret=MANAGEMENT_CLIENT_SECRET,
        auth0_management_audience=f"{issuer}api/v2/",
        auth0_management_base_url=issuer,
        host=host,
        port=port,
        **changes,
    )


def _tenant_options(issuer: str, origins: tuple[str, ...]) -> TenantOptions:
    """Let the pages of each origin log in, call back and log out."""
    paths = ("", "/", "/callback", "/docs/oauth2-redirect")
    callbacks = [f"{origin}{path}" for origin in origins for path in paths]
    return TenantOptions(
        issuer=issuer,
        audience=AUDIENCE,
        callback_urls=tuple(dict.fromkeys((*callbacks, REDIRECT_URI))),
        web_origins=origins,
        logout_urls=tuple(f"{origin}{path}" for origin in origins for path in ("/", "")),
    )


def banner(issuer: str, api: str, *, everywhere: bool = False) -> str:
    """Return what a newcomer needs to see: where everything is, who there is, and lines to copy."""
    people = "\n".join(
        f"    {person.email:<22} {person.password:<24} {', '.join(person.roles) or 'no role'}" for person in PEOPLE
    )
    tenant = "" if issuer == "http://127.0.0.1:3001/" else f" --tenant {issuer}"
    reach = "\n  BOTH LISTEN ON EVERY ADDRESS: any host that reaches this one can use them.\n" if everywhere else ""
    return f"""
  DEVELOPMENT ONLY: the tenant beside this API keeps everything in memory, and its secrets are public.
{reach}
  API      {api}/docs
  Tenant   {issuer}

  People
{people}

  Try, from a second shell:
    TOKEN=$(.venv/bin/auth0-sso token admin@example.com{tenant})
    curl -i {api}/ -H "Authorization: Bearer $TOKEN"
    curl -i {api}/dashboard -H "Authorization: Bearer $TOKEN"
    curl -i {api}/api/data -H "Authorization: Bearer $(.venv/bin/auth0-sso token --machine{tenant})"

  Stop with Ctrl-C.
"""
