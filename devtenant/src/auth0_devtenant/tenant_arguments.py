"""The arguments of `serve` and `exec`: what the tenant has, and where it listens."""

import argparse
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from auth0_devtenant import arguments
from auth0_devtenant.app import create_tenant
from auth0_devtenant.certificates import TlsFiles, default_folder, make_tls_files
from auth0_devtenant.development.event_stream import EventStream
from auth0_devtenant.development.log_stream import LogStream
from auth0_devtenant.listening import ListenError, listen
from auth0_devtenant.options import TenantOptions
from auth0_devtenant.saved_state import SavedStateError, read_state, write_state
from auth0_devtenant.seed import Dialect, Seed, SeedError, default_seed, read_seed, with_playground
from auth0_devtenant.seed.default import AUDIENCE, WEB_ORIGINS
from auth0_devtenant.serving import ALL_ADDRESSES, RunningTenant, TenantServer, issuer_at, origin_at
from auth0_devtenant.state import RateLimitPlan, State, Tenant

_MAX_LIFETIME = 2_592_000  # seconds, as at Auth0


class StartError(Exception):
    """The tenant cannot start; the text is for the person who started it."""


def add_tenant_arguments(command: argparse.ArgumentParser, *, port: int) -> None:
    """Add the arguments to a parser; `port` is the default port."""
    add = command.add_argument
    add("--host", default="127.0.0.1", help=f"address to listen on, {ALL_ADDRESSES} for all (default %(default)s)")
    add("--port", type=arguments.integer(0, 65_535), default=port, help="0 for any free one (default %(default)s)")
    add("--issuer", type=arguments.issuer, metavar="URL", help="default: the address of --host and --port")
    add("--tls", action="store_true", help="serve https, with a certificate authority of this machine")
    add(
        "--tls-folder",
        type=Path,
        metavar="FOLDER",
        help="where the authority and the certificate are (default auth0-devtenant in the folder for user data)",
    )
    add(
        "--seed",
        type=Path,
        metavar="FILE",
        help="TOML or JSON file of APIs, applications, roles, people and organizations",
    )
    add("--audience", help=f"identifier of the API (default {AUDIENCE})")
    add(
        "--web-origin",
        type=arguments.origin,
        action="append",
        metavar="ORIGIN",
        help="origin of a web application: it can log in (callback URLs / and /callback), fetch tokens and log out; "
        f"can be repeated (default {' and '.join(WEB_ORIGINS)})",
    )
    for name, purpose in (("--callback-url", "a login"), ("--logout-url", "a logout")):
        add(
            name,
            type=arguments.url,
            action="append",
            default=[],
            metavar="URL",
            help=f"another URL to which {purpose} may redirect; can be repeated",
        )
    add(
        "--token-lifetime",
        type=arguments.integer(1, _MAX_LIFETIME),
        metavar="SECONDS",
        help="of access tokens (default 86400)",
    )
    add("--token-dialect", choices=get_args(Dialect), help="access token profile (default access_token_authz)")
    add("--rate-limits", choices=get_args(RateLimitPlan), help="those of the Management API by plan (default off)")
    add("--log-webhook", type=arguments.url, metavar="URL", help="send log events there, as a log stream")
    add("--log-webhook-token", metavar="TOKEN", help="the Authorization header of these requests")
    add("--event-webhook", type=arguments.url, metavar="URL", help="send changes of users there, as an event stream")
    add("--event-webhook-token", metavar="TOKEN", default="", help="the bearer token of these requests")
    add("--import", type=Path, dest="import_from", metavar="FILE", help="start with the state of this file")
    add("--export", type=Path, dest="export_to", metavar="FILE", help="write the state to this file at the end")
    add("--state", type=Path, metavar="FILE", help="both: start with the state of this file if it exists")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A tenant that listens and is ready to be served."""

    running: RunningTenant
    server: TenantServer
    listening: socket.socket


@contextmanager
def prepared(given: argparse.Namespace, *, playground: socket.socket | None = None) -> Iterator[Prepared]:
    """Listen and make the tenant; export its state at the end if that is wanted. Raises `StartError`.

    `playground` is where its playground listens, if it has one.
    """
    try:
        seed = _seed(given)
        imported = _imported(given)
        listening = listen(given.host, given.port, "--port")
    except (SeedError, SavedStateError, ListenError) as error:
        raise StartError(str(error)) from None
    with listening:
        tls = _tls_files(given)
        origin = None if playground is None else origin_at(given.host, playground, tls)
        seed = seed if origin is None else with_playground(seed, origin)
        options = TenantOptions(given.issuer or issuer_at(given.host, listening, tls), seed, origin)
        app = create_tenant(options)
        running = RunningTenant(options, app.state.tenant, tls)
        if imported is not None:
            running.tenant.load(imported)
        if given.rate_limits is not None:
            running.tenant.set_rate_limit_plan(given.rate_limits)
        with _log_stream(given, running.tenant), _event_stream(given, running.tenant):
            yield Prepared(running, TenantServer(app, tls), listening)
        export(given, running.tenant)


def _log_stream(given: argparse.Namespace, tenant: Tenant) -> AbstractContextManager[None]:
    if given.log_webhook is None:
        return nullcontext()
    return LogStream(given.log_webhook, token=given.log_webhook_token).listening_to(tenant)


def _event_stream(given: argparse.Namespace, tenant: Tenant) -> AbstractContextManager[None]:
    if given.event_webhook is None:
        return nullcontext()
    return EventStream(given.event_webhook, token=given.event_webhook_token).listening_to(tenant)


def export(given: argparse.Namespace, tenant: Tenant) -> None:
    """Write the state to the file of `--export` or `--state`, if given; raise `StartError`."""
    path = given.export_to or given.state
    if path is not None:
        try:
            write_state(path, tenant.state)
        except SavedStateError as error:
            raise StartError(f"the state was not saved: {error}") from None


def _seed(given: argparse.Namespace) -> Seed:
    origins = WEB_ORIGINS if given.web_origin is None else given.web_origin
    if given.seed is None:
        return default_seed(
            audience=given.audience or AUDIENCE,
            token_dialect=given.token_dialect or "access_token_authz",
            token_lifetime=given.token_lifetime or 86_400,
            web_origins=origins,
            callback_urls=given.callback_url,
            logout_urls=given.logout_url,
        )
    for option in ("audience", "token_dialect", "token_lifetime"):
        if getattr(given, option) is not None:
            raise StartError(f"--{option.replace('_', '-')} is for the built-in API; set it in {given.seed}")
    return read_seed(given.seed, web_origins=origins, callback_urls=given.callback_url, logout_urls=given.logout_url)


def _imported(given: argparse.Namespace) -> State | None:
    if given.state is not None and (given.import_from is not None or given.export_to is not None):
        raise StartError("--state is both --import and --export: give either it or these")
    if given.import_from is not None:
        return read_state(given.import_from)
    return read_state(given.state) if given.state is not None and given.state.exists() else None


def _tls_files(given: argparse.Namespace) -> TlsFiles | None:
    if not given.tls:
        return None
    name = "localhost" if given.issuer is None else str(urlsplit(given.issuer).hostname)
    try:
        return make_tls_files(given.tls_folder or default_folder(), _dns_name(name))
    except OSError as error:
        raise StartError(f"no certificate: {error}") from None


def _dns_name(host: str) -> str:
    """Return a host to certify; the loopback addresses always are."""
    return "localhost" if host in {"127.0.0.1", "::1"} else host
