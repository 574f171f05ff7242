"""A tenant on a socket: in this thread until a signal comes, or in a thread beside tests and other programs."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette

from auth0_devtenant.app import create_tenant
from auth0_devtenant.certificates import TlsFiles
from auth0_devtenant.development.made_tokens import make_token
from auth0_devtenant.environment import environment
from auth0_devtenant.errors import ApiError
from auth0_devtenant.listening import listen
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.seed import Seed, default_seed
from auth0_devtenant.state import Json, Tenant

ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - not the default: an option chooses it, for a container
_SHUTDOWN_SECONDS: Final = 2
_START_SECONDS: Final = 10.0


class TenantServer(uvicorn.Server):
    """A server that stops by SIGINT and SIGTERM, and then returns; uvicorn's would raise the signal again."""

    def __init__(
        self, app: Starlette, tls: TlsFiles | None = None, *, http: Literal["h11"] | type[asyncio.Protocol] = "h11"
    ) -> None:
        """Serve `app`, with `tls` by https, and with uvicorn's h11 protocol, which bounds the size of headers.

        `http` is another HTTP protocol.
        """
        encrypted: dict[str, Any] = {} if tls is None else {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
        config = uvicorn.Config(
            app,
            access_log=False,
            http=http,
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            workers=1,  # without it uvicorn reads WEB_CONCURRENCY
            ws="none",
            **encrypted,
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop by a signal, if this is the main thread."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self.handle_exit)
        yield


@dataclass(frozen=True, slots=True)
class RunningTenant:
    """A tenant that is served: its address, what it has, and its state to look at and to change."""

    options: TenantOptions
    tenant: Tenant
    tls: TlsFiles | None = None

    @property
    def issuer(self) -> str:
        """The issuer, with a slash at the end."""
        return self.options.issuer

    @property
    def audience(self) -> str:
        """The identifier of the first API."""
        return self.options.audience

    def reset(self) -> None:
        """Go back to what the tenant started with: users, sessions, keys and clock."""
        self.tenant.restore()

    def token(
        self,
        user: str | None = None,
        *,
        client_id: str | None = None,
        audience: str | None = None,
        scope: str | None = None,
        organization: str | None = None,
    ) -> str:
        """Return an access token without a login: of a user by email or id, else of a machine.

        It is made as the login or the token endpoint would, with the user's permissions. Raises `LookupError` for
        a user, an API or an organization that does not exist.
        """
        try:
            return make_token(
                self.tenant,
                self.issuer,
                user=user,
                client_id=client_id,
                audience=audience,
                scope=scope,
                organization=organization,
            )
        except ApiError as error:
            raise LookupError(str(error)) from None

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables for an API and its tests, with the names that Auth0's SDKs and quickstarts use."""
        return environment(self.options, self.tls)

    @property
    def document(self) -> Json:
        """All that another program needs, as one JSON object."""
        seed = self.options.seed
        return {
            "issuer": self.issuer,
            "audience": self.audience,
            "playground": None if self.options.playground is None else f"{self.options.playground}/",
            "ca_file": None if self.tls is None else str(self.tls.ca),
            "applications": [
                each.model_dump(include={"name", "app_type", "client_id", "client_secret"})
                for each in seed.applications
            ],
            "people": [each.model_dump(include={"email", "password", "roles"}) for each in seed.people],
            "environment": self.environment,
        }


@contextmanager
def running_tenant(
    seed: Seed | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: TlsFiles | None = None,
    now: Callable[[], float] = time.time,
    signing_keys: Sequence[rsa.RSAPrivateKey] = (),
) -> Iterator[RunningTenant]:
    """Serve a tenant in a thread until the block ends; port 0 takes any free one.

    `now` returns seconds since 1970. Raises `ListenError` for a port in use, and `RuntimeError` if it does not start.
    """
    with listen(host, port, "port") as listening:
        options = TenantOptions(issuer_at(host, listening, tls), default_seed() if seed is None else seed)
        app = create_tenant(options, now=now, signing_keys=signing_keys)
        with serving(TenantServer(app, tls), listening):
            yield RunningTenant(options, app.state.tenant, tls)


@contextmanager
def serving(server: TenantServer, listening: socket.socket) -> Iterator[None]:
    """Run a server in a thread until the block ends."""
    thread = threading.Thread(target=server.run, args=([listening],), name="auth0-devtenant", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield
    finally:
        server.should_exit = True
        thread.join(_SHUTDOWN_SECONDS + 1)


def issuer_at(host: str, listening: socket.socket, tls: TlsFiles | None) -> str:
    """Return the issuer of a tenant that listens there."""
    return f"{origin_at(host, listening, tls)}/"


def origin_at(host: str, listening: socket.socket, tls: TlsFiles | None) -> str:
    """Return the origin of what listens there."""
    name = "127.0.0.1" if host == ALL_ADDRESSES else host
    return f"{'http' if tls is None else 'https'}://{name}:{listening.getsockname()[1]}"


def _wait_until_started(server: TenantServer, thread: threading.Thread) -> None:
    end = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise RuntimeError("the tenant did not start")
        time.sleep(0.005)
