"""`auth0-sso dev`: the API and a development tenant in one process, each on a socket of its own.

No setting is read from the environment, `.env` or the directory of secrets, which may be those of a real tenant. This
module needs the distribution auth0-devtenant; only `auth0-sso dev` imports it.
"""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import uvicorn

from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    SPA_CLIENT_ID,
    TenantOptions,
    create_tenant,
    default_seed,
)
from auth0_devtenant.listening import ListenError, listen
from auth0_devtenant.terminal import fail, people_table, show
from auth0_sso.http.client import httpx
from auth0_sso.service.app import create_app
from auth0_sso.service.dev_settings import ALL_ADDRESSES
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.serve import server_options
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.shutdown import GracefulShutdown


class _Server(uvicorn.Server):
    """A server without signal handlers: `GracefulShutdown` stops both."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(*, host: str, port: int, tenant_port: int, changes: Mapping[str, str]) -> int:
    """Serve both until a signal comes; return the exit code, 1 for a port that is in use.

    `host` is one of `HOSTS`. Port 0 takes any free one. `changes` are settings of `CHANGEABLE`, as text; raises
    `ConfigurationError` for an invalid one.
    """
    try:
        with listen(host, tenant_port, "--tenant-port") as tenant, listen(host, port, "--port") as api:
            return _serve_on(tenant, api, host=host, changes=changes)
    except ListenError as error:
        return fail("auth0-sso", str(error))


def _serve_on(
    tenant_socket: socket.socket, api_socket: socket.socket, *, host: str, changes: Mapping[str, str]
) -> int:
    issuer = f"http://127.0.0.1:{tenant_socket.getsockname()[1]}/"
    port = api_socket.getsockname()[1]
    settings = _settings(issuer, host, port, changes)
    configure_logs(settings.log_level)
    origins = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    tenant = create_tenant(
        TenantOptions(issuer, default_seed(web_origins=(*origins, *settings.cors_allowed_origins)))
    )
    # A transport of its own, and without the environment: HTTP_PROXY and SSL_CERT_FILE are for other hosts.
    api = create_app(settings, transport=httpx.AsyncHTTPTransport(trust_env=False))
    options = server_options(settings)
    servers = (_Server(uvicorn.Config(tenant, **options)), _Server(uvicorn.Config(api, **options)))
    show(banner(issuer, origins[0], everywhere=host == ALL_ADDRESSES))
    asyncio.run(_serve(servers, (tenant_socket, api_socket)))
    return 0 if all(server.started for server in servers) else 1


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
        auth0_audience=(TenantOptions().audience,),
        auth0_client_id=SPA_CLIENT_ID,
        auth0_management_client_id=MANAGEMENT_CLIENT_ID,
        auth0_management_client_secret=MANAGEMENT_CLIENT_SECRET,
        auth0_management_audience=f"{issuer}api/v2/",
        auth0_management_base_url=issuer,
        host=host,
        port=port,
        **changes,
    )


def banner(issuer: str, api: str, *, everywhere: bool = False) -> str:
    """Return what a developer needs to start: addresses, people and commands to copy."""
    tenant = "" if issuer == TenantOptions().issuer else f" --tenant {issuer}"
    warning = "\n  BOTH LISTEN ON EVERY ADDRESS: all hosts that reach this one can use them.\n" if everywhere else ""
    return f"""
  DEVELOPMENT ONLY: the tenant keeps everything in memory, and its passwords and secrets are public.
{warning}
  API      {api}/docs
  Tenant   {issuer}

  People
{people_table()}

  Try, from a second shell:
    TOKEN=$(.venv/bin/auth0-sso token admin@example.com{tenant})
    curl -i {api}/ -H "Authorization: Bearer $TOKEN"
    curl -i {api}/dashboard -H "Authorization: Bearer $TOKEN"
    curl -i {api}/api/data -H "Authorization: Bearer $(.venv/bin/auth0-sso token --machine{tenant})"

  Stop with Ctrl-C.
"""
