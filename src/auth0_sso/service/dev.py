"""`auth0-sso dev`: the API, a development tenant and its playground, each on a socket and in a thread of its own.

No setting is read from the environment, `.env` or the directory of secrets, which may be those of a real tenant. This
module needs the distribution auth0-devtenant; only `auth0-sso dev` imports it.
"""

import asyncio
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import which

import uvicorn
from uvicorn.supervisors.statreload import StatReload

import auth0_sso
from auth0_devtenant import (
    MANAGEMENT_CLIENT_ID,
    MANAGEMENT_CLIENT_SECRET,
    SPA_CLIENT_ID,
    TenantOptions,
    create_tenant,
    default_seed,
)
from auth0_devtenant.listening import ListenError, listen
from auth0_devtenant.playground.app import Playground, create_playground
from auth0_devtenant.seed import SeedError, read_seed, with_playground
from auth0_devtenant.serving import TenantServer, issuer_at, origin_at, serving
from auth0_devtenant.session_claims import namespace_of
from auth0_devtenant.terminal import fail, people_table, show
from auth0_sso.http.client import httpx
from auth0_sso.service.app import create_app
from auth0_sso.service.dev_settings import ALL_ADDRESSES
from auth0_sso.service.http_protocol import BoundedHttpProtocol
from auth0_sso.service.logs import configure_logs
from auth0_sso.service.serve import server_options
from auth0_sso.service.settings import ServiceSettings
from auth0_sso.service.shutdown import SHUTDOWN_SIGNALS, GracefulShutdown, set_signal_handler


class _Server(uvicorn.Server):
    """A server without signal handlers: `GracefulShutdown` stops it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(
    *,
    host: str,
    port: int,
    tenant_port: int,
    playground_port: int,
    changes: Mapping[str, str],
    seed: Path | None = None,
    reload: bool = False,
) -> int:
    """Serve all three until a signal comes; return the exit code, 1 for a port that is in use or an unreadable seed.

    `host` is one of `HOSTS`. Port 0 takes any free one. `changes` are settings of `CHANGEABLE`, as text; raises
    `ConfigurationError` for an invalid one. `seed` is a file of the tenant's people, roles and applications. With
    `reload` the API starts again when its code changes, and the tenant goes on.
    """
    try:
        with (
            listen(host, tenant_port, "--tenant-port") as tenant,
            listen(host, port, "--port") as api,
            listen(host, playground_port, "--playground-port") as playground,
        ):
            return _serve_on(tenant, api, playground, host=host, changes=changes, seed=seed, reload=reload)
    except (ListenError, SeedError) as error:
        return fail("auth0-sso", str(error))


def _serve_on(
    tenant_socket: socket.socket,
    api_socket: socket.socket,
    playground_socket: socket.socket,
    *,
    host: str,
    changes: Mapping[str, str],
    seed: Path | None,
    reload: bool,
) -> int:
    issuer, port = issuer_at(host, tenant_socket, None), api_socket.getsockname()[1]
    playground = origin_at(host, playground_socket, None)
    # Read once before the tenant is made: the pages of these origins may log in at its own single page application.
    others = _settings(TenantOptions(issuer), host, port, changes).cors_allowed_origins
    origins = (f"http://127.0.0.1:{port}", f"http://localhost:{port}", *others)
    chosen = default_seed(web_origins=origins) if seed is None else read_seed(seed, web_origins=origins)
    options = TenantOptions(issuer, with_playground(chosen, playground), playground)
    changes = dict(changes) | {"cors_allowed_origins": ",".join((*others, playground))}
    settings, api = _settings(options, host, port, changes), origins[host == "localhost"]
    _configure_logs(settings)
    set_signal_handler(SHUTDOWN_SIGNALS, lambda *_: sys.exit(0))  # until the API starts
    app = create_tenant(options)
    tenant = TenantServer(app, http=BoundedHttpProtocol)
    pages = TenantServer(create_playground(Playground(playground, app.state.tenant, api)), http=BoundedHttpProtocol)
    with serving(tenant, tenant_socket), serving(pages, playground_socket):
        show(banner(options, api, everywhere=host == ALL_ADDRESSES))
        if reload:
            _serve_reloading(settings, api_socket)
            return 0
        return serve_api(settings, [api_socket])


def _serve_reloading(settings: ServiceSettings, listening: socket.socket) -> None:
    """Serve the API in a process that starts again when a file of this package changes, until a signal comes."""
    package = Path(auth0_sso.__file__).parent
    config = uvicorn.Config("auth0_sso:create_app", log_config=None, reload=True, reload_dirs=[str(package)])
    StatReload(config, partial(_serve_in_process, settings), [listening]).run()


def _serve_in_process(settings: ServiceSettings, sockets: list[socket.socket] | None) -> None:
    serve_api(settings, sockets or [])


def serve_api(settings: ServiceSettings, sockets: list[socket.socket]) -> int:
    """Serve the API until a signal comes; return the exit code."""
    _configure_logs(settings)
    # A transport of its own, and without the environment: HTTP_PROXY and SSL_CERT_FILE are for other hosts.
    api = create_app(settings, transport=httpx.AsyncHTTPTransport(trust_env=False))
    server = _Server(uvicorn.Config(api, **server_options(settings)))
    asyncio.run(_serve(server, sockets))
    return 0 if server.started else 1


async def _serve(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
    def stop() -> None:
        server.should_exit = True

    GracefulShutdown(close_server=stop).install()
    await server.serve(sockets)


def _configure_logs(settings: ServiceSettings) -> None:
    """Configure lines for people, whatever stderr is: a developer reads them, unless LOG_FORMAT says otherwise."""
    configure_logs(settings.log_level, "console" if settings.log_format == "auto" else settings.log_format)


def _settings(options: TenantOptions, host: str, port: int, changes: Mapping[str, str]) -> ServiceSettings:
    issuer = options.issuer
    return ServiceSettings.of(
        auth0_domain=issuer.removeprefix("http://").removesuffix("/"),
        auth0_issuer_base_url=issuer,
        auth0_audience=(options.audience,),
        auth0_client_id=SPA_CLIENT_ID,
        auth0_management_client_id=MANAGEMENT_CLIENT_ID,
        auth0_management_client_secret=MANAGEMENT_CLIENT_SECRET,
        auth0_management_audience=options.management_audience,
        auth0_management_base_url=issuer,
        host=host,
        port=port,
        **(_claim_names(options) | dict(changes)),
    )


def _claim_names(options: TenantOptions) -> dict[str, str]:
    """Return the settings that name the claims about a login, as the tenant adds them."""
    namespace = namespace_of(options.seed, options.audience)
    if namespace is None:
        return {}
    return {f"auth0_{name}_claim": f"{namespace}{name}" for name in ("acr", "amr", "auth_time")}


def banner(options: TenantOptions, api: str, *, everywhere: bool = False) -> str:
    """Return what a developer needs to start: addresses, people and commands to copy."""
    program = "auth0-sso" if which("auth0-sso") else ".venv/bin/auth0-sso"
    issuer, built_in, people = options.issuer, TenantOptions(), options.seed.people
    tenant = "" if issuer == built_in.issuer else f" --tenant {issuer}"
    tenant += "" if options.audience == built_in.audience else f" --audience {options.audience}"
    someone = people[0].email if people else "EMAIL --password PASSWORD"
    warning = "\n  ALL LISTEN ON EVERY ADDRESS: all hosts that reach this one can use them.\n" if everywhere else ""
    return f"""
  DEVELOPMENT ONLY: the tenant keeps everything in memory, and its passwords and secrets are public.
{warning}
  API         {api}/docs
  Tenant      {issuer}
  Playground  {options.playground}/

  People
{people_table(people)}

  Try, from a second shell:
    TOKEN=$({program} token {someone}{tenant})
    curl -i {api}/ -H "Authorization: Bearer $TOKEN"
    curl -i {api}/dashboard -H "Authorization: Bearer $TOKEN"
    curl -i {api}/api/data -H "Authorization: Bearer $({program} token --machine{tenant})"

  Stop with Ctrl-C.
"""
