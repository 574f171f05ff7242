"""`auth0-sso dev`: the API and a development tenant in one process, each on a socket of its own."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from auth0_sso.devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    PEOPLE,
    SPA_CLIENT_ID,
    TenantOptions,
    create_tenant,
)
from auth0_sso.serve import server_options
from auth0_sso.settings import Settings
from auth0_sso.web.app import create_app
from auth0_sso.web.logs import configure_logs

AUDIENCE: Final = "https://api.example.com"
REDIRECT_URI: Final = "http://127.0.0.1:3000/callback"


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs two of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(*, host: str, port: int, tenant_port: int) -> int:
    """Serve both until a signal comes; return the exit code. Port 0 takes any free one; raises `OSError`."""
    tenant_socket = socket.create_server((host, tenant_port))
    api_socket = socket.create_server((host, port))
    with tenant_socket, api_socket:
        issuer = f"http://127.0.0.1:{tenant_socket.getsockname()[1]}/"
        api_port = api_socket.getsockname()[1]
        settings = _settings(issuer, host, api_port)
        configure_logs(settings.log_level)
        origins = (f"http://127.0.0.1:{api_port}", f"http://localhost:{api_port}")
        tenant = create_tenant(_tenant_options(issuer, origins))
        options = server_options(settings)
        servers = (
            _Server(uvicorn.Config(tenant, **options)),
            _Server(uvicorn.Config(create_app(settings), **options)),
        )
        print(banner(issuer, origins[0]), flush=True)
        asyncio.run(_serve(servers, (tenant_socket, api_socket)))
    return 0 if all(server.started for server in servers) else 1


async def _serve(servers: tuple[_Server, ...], sockets: tuple[socket.socket, ...]) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as group:
        for server, listening in zip(servers, sockets, strict=True):
            group.create_task(server.serve([listening])).add_done_callback(lambda _: stop())


def _settings(issuer: str, host: str, port: int) -> Settings:
    """Return settings for the development tenant; what is no matter of the tenant may come from the environment."""
    return Settings.load(
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
    )


def _tenant_options(issuer: str, origins: tuple[str, ...]) -> TenantOptions:
    callbacks = [f"{origin}{path}" for origin in origins for path in ("/docs/oauth2-redirect", "/callback")]
    return TenantOptions(
        issuer=issuer,
        audience=AUDIENCE,
        callback_urls=tuple(dict.fromkeys((*callbacks, REDIRECT_URI))),
        web_origins=origins,
        logout_urls=tuple(f"{origin}/" for origin in origins),
    )


def banner(issuer: str, api: str) -> str:
    """Return what a newcomer needs to see: where everything is, who there is, and lines to copy."""
    people = "\n".join(
        f"    {person.email:<22} {person.password:<24} {', '.join(person.roles) or 'no role'}" for person in PEOPLE
    )
    tenant = "" if issuer == "http://127.0.0.1:3001/" else f" --tenant {issuer}"
    return f"""
  DEVELOPMENT ONLY: the tenant beside this API keeps everything in memory, and its secrets are public.

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
