"""The command `auth0-sso`: serve | dev | doctor | routes | token | audit.

`serve` and `dev` need the extra `service`, and `dev` and `token` the distribution auth0-devtenant.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from auth0_sso.errors import ConfigurationError
from auth0_sso.service import audit_command, routes_command
from auth0_sso.service.dev_settings import CHANGEABLE, HOSTS
from auth0_sso.service.doctor import command as doctor_command
from auth0_sso.service.settings import EX_CONFIG, ServiceSettings
from auth0_sso.service.tenant_check import refuse_development_tenant

_SERVICE_PACKAGES: Final = ("uvicorn", "httptools", "email_validator", "fastapi_swagger")
"""What the extra `service` installs and every start needs; Redis and metrics are checked with the settings."""

_GRANTS: Final = frozenset({"--device", "--client-credentials"})
"""With one of these, `token` gets a token of the tenant that the settings name."""

_OTHER_TOKENS: Final = """
these are other commands:
  auth0-sso token --device              a user's token of your own tenant (--help says more)
  auth0-sso token --client-credentials  a machine's token of your own tenant
  auth0-sso token explain [-]           why a token is accepted or refused"""

_INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as in shells."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of the command line; return its exit code.

    It is 0, 1 for a failure, 78 for invalid settings or 130 after Ctrl-C. Bad usage raises `SystemExit` with 2.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if given[:1] == ["token"]:
            return _token(given[1:])
        options = _parser().parse_args(given)
        code: int = options.run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="auth0-sso", description="An API guarded by Auth0.")
    parser.add_argument("--version", action="version", version=f"auth0-sso {version('auth0-sso')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(
        commands.add_parser("serve", help="serve the API; settings come from the environment (docs/settings.md)")
    )
    doctor_command.add_arguments(commands.add_parser("doctor", help="check the settings and the tenant"))
    _add_dev(commands.add_parser("dev", help="serve the API with a development tenant; needs no settings"))
    routes_command.add_arguments(commands.add_parser("routes", help="list the routes of an app with their guards"))
    audit_command.add_arguments(commands.add_parser("audit", help="migrate the database of the audit trail"))
    commands.add_parser("token", help="print an access token; `token explain` says what is wrong with one")
    return parser


def _add_serve(command: argparse.ArgumentParser) -> None:
    workers, port = _whole_number(1, 256), _whole_number(0, 65_535)
    command.add_argument("--host", type=_host, help="address to listen on (default: HOST, else 127.0.0.1)")
    command.add_argument("--port", type=port, help="port to listen on, 0 for any (default: PORT, else 3000)")
    command.add_argument(
        "--workers", type=workers, metavar="N", help="number of processes (default: WORKERS, else 1)"
    )
    command.set_defaults(run=_serve)


def _add_dev(command: argparse.ArgumentParser) -> None:
    port = _whole_number(0, 65_535)
    command.add_argument("--host", choices=HOSTS, default=HOSTS[0], help="address of both (default %(default)s)")
    command.add_argument("--port", type=port, default=3000, help="port of the API, 0 for any (default %(default)s)")
    command.add_argument("--tenant-port", type=port, default=3001, help="port of the tenant (default %(default)s)")
    command.add_argument(
        "--playground-port", type=port, default=3002, help="port of the tenant's playground (default %(default)s)"
    )
    command.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting of docs/settings.md, such as LOG_LEVEL=DEBUG; the environment and .env are not read",
    )
    command.add_argument("--seed", type=Path, metavar="FILE", help="people, roles and applications of the tenant")
    command.add_argument("--reload", action="store_true", help="start the API again when its code changes")
    command.set_defaults(run=_dev, refuse=command.error)


def _whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= 9 and minimum <= int(text) <= maximum):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
        return int(text)

    return parse


def _host(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("an address to listen on is needed, such as 127.0.0.1 or 0.0.0.0")
    return text


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    if name.lower() not in ServiceSettings.model_fields:
        raise argparse.ArgumentTypeError(f"{name!r} is not a setting of docs/settings.md")
    if name.lower() not in CHANGEABLE:
        raise argparse.ArgumentTypeError(f"{name} follows from the development tenant, --host and --port")
    return name.lower(), value


def _serve(options: argparse.Namespace) -> int:
    if missing := _missing_packages():
        return _fail(_no_service("serve", missing))
    from auth0_sso.service import serve  # noqa: PLC0415 - needs uvicorn, which is optional

    given = {name: getattr(options, name) for name in ("host", "port", "workers")}
    settings = ServiceSettings.load_or_exit(**{name: value for name, value in given.items() if value is not None})
    refuse_development_tenant(settings)
    return serve.run(settings)


def _dev(options: argparse.Namespace) -> int:
    ports = [port for port in (options.port, options.tenant_port, options.playground_port) if port]
    if len({*ports}) < len(ports):
        options.refuse("--port, --tenant-port and --playground-port must differ")
    if missing := _missing_packages():
        return _fail(_no_service("dev", missing))
    if not _has_tenant():
        return _fail(_no_tenant("dev"))
    from auth0_sso.service import dev  # noqa: PLC0415 - it needs auth0-devtenant, and `serve` does not

    try:
        return dev.run(
            host=options.host,
            port=options.port,
            tenant_port=options.tenant_port,
            playground_port=options.playground_port,
            changes=dict(options.set),
            seed=options.seed,
            reload=options.reload,
        )
    except ConfigurationError as error:
        return _fail(error.detail, EX_CONFIG)


def _token(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["explain"]:
        return _explain(arguments[1:])
    if not _GRANTS.isdisjoint(arguments):
        from auth0_sso.service.token import grant_command  # noqa: PLC0415 - `serve` does not need it

        return grant_command.main(arguments)
    if not _has_tenant():
        return _fail(_no_tenant("token"))
    from auth0_devtenant import token_command  # noqa: PLC0415 - `serve` does not need it

    try:
        return token_command.main(arguments, prog="auth0-sso", start_with="auth0-sso dev")
    except SystemExit as ended:
        if ended.code == 0:  # after --help
            print(_OTHER_TOKENS)
        raise


def _explain(arguments: Sequence[str]) -> int:
    if missing := _missing_packages():
        return _fail(_no_service("token explain", missing))
    from auth0_sso.service.token import explain_command  # noqa: PLC0415 - it needs the app, and so the extra `service`

    return explain_command.main(arguments)


def _missing_packages() -> list[str]:
    return [name for name in _SERVICE_PACKAGES if find_spec(name) is None]


def _no_service(command: str, missing: Sequence[str]) -> str:
    return f"{command} needs {', '.join(missing)}: install auth0-sso[service]"


def _has_tenant() -> bool:
    return find_spec("auth0_devtenant") is not None


def _no_tenant(command: str) -> str:
    return f"{command} needs the package auth0-devtenant: install it from devtenant/ in the repository of auth0-sso"


def _fail(sentence: str, code: int = 1) -> int:
    print(f"auth0-sso: {sentence}", file=sys.stderr)
    return code
