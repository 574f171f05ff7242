"""`auth0-sso token explain`: whether a token is accepted, check by check, and what each route would answer.

Nothing leaves the machine but the fetch of the issuer's keys, and the token's signature is never shown.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from pydantic import SecretStr
from starlette.applications import Starlette

from auth0_sso.clock import SYSTEM_CLOCK, Clock
from auth0_sso.errors import ConfigurationError
from auth0_sso.http.client import AsyncTransport
from auth0_sso.service.app import create_app
from auth0_sso.service.output import paint, paragraph, silence_logs, table
from auth0_sso.service.own_app import load_app
from auth0_sso.service.settings import EX_CONFIG, ServiceSettings
from auth0_sso.service.token.explanation import Explanation, explain
from auth0_sso.service.token.given import read_token
from auth0_sso.service.token.route_answers import RolesAtAuth0, RouteAnswer, answers_of
from auth0_sso.service.token.unverified import Unverified
from auth0_sso.settings import Settings
from auth0_sso.settings.issuers import without_credentials
from auth0_sso.settings.values import MEMORY
from auth0_sso.web.services.protection import Protection

_STYLES: Final = {"passed": "green", "refused": "red", "not checked": "yellow"}


def main(arguments: Sequence[str], *, transport: AsyncTransport | None = None, clock: Clock = SYSTEM_CLOCK) -> int:
    """Explain a token; return the exit code: 0 if it is accepted, 1 if not, 78 for invalid settings.

    Bad usage raises `SystemExit` with 2.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    silence_logs()
    token = read_token(options.token)
    if not token:
        parser.error("there is no token: send it on standard input, or as the argument")
    try:
        if options.app:
            app = _own_app(options.app, parser)
        else:
            app = create_app(_settings(options), transport=transport, clock=clock)
        explanation, answers = asyncio.run(_explain(app, token, clock))
    except ConfigurationError as error:
        print(f"auth0-sso: {error.detail}", file=sys.stderr)
        return EX_CONFIG
    print(_as_json(explanation, answers) if options.json else _as_text(explanation, answers))
    return 0 if explanation.accepted else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="auth0-sso token explain",
        description="Say whether an access token is accepted, check by check. The settings are read as `serve` does.",
    )
    parser.add_argument(
        "token", nargs="?", default="-", help="the token; by default, or with -, standard input: no shell history"
    )
    parser.add_argument("--issuer", metavar="URL", help="in place of AUTH0_DOMAIN and AUTH0_ISSUER_BASE_URL")
    parser.add_argument("--audience", help="in place of AUTH0_AUDIENCE")
    parser.add_argument("--app", metavar="MODULE:APP", help="explain what the routes of this protected app answer")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _settings(options: argparse.Namespace) -> ServiceSettings:
    given: dict[str, Any] = {}
    if options.issuer:
        given["auth0_issuer_base_url"] = options.issuer
        given["auth0_domain"] = options.issuer.partition("://")[2]
    if options.audience:
        given["auth0_audience"] = (options.audience,)
    return ServiceSettings.load(**given)


def _own_app(name: str, parser: argparse.ArgumentParser) -> Starlette:
    """Return the protected app of that name; one that there is not is bad usage."""
    app = load_app(name, lambda sentence: parser.error(f"--app: {sentence}"))
    try:
        Protection.of(app)
    except RuntimeError as error:
        parser.error(f"--app {name}: {error}")
    if not isinstance(app, Starlette):
        parser.error(f"--app {name}: it is not a FastAPI app")
    return app


async def _explain(app: Starlette, token: str, clock: Clock) -> tuple[Explanation, tuple[RouteAnswer, ...]]:
    """Explain a token with the verifier and the guards of an app, which use nothing outside but the issuer's keys."""
    protection = Protection.of(app)
    settings = protection.chosen_settings()
    alone = settings.model_copy(
        update={
            "rate_limit_storage_url": SecretStr(MEMORY),
            "auth0_jwks_cache_file": None,
            "auth0_management_client_id": "",
            "auth0_issuers": SecretStr(without_credentials(settings.auth0_issuers.get_secret_value())),
        }
    )
    parts: dict[str, Any] = {"counter": None}
    if _has_roles_at_auth0(_tenant_of(token, settings), protection):
        parts["roles"] = RolesAtAuth0()
    async with protection.opening(alone, **parts) as services:
        explanation = await explain(token, services.verifier, now=clock.wall())
        answers = (
            ()
            if explanation.keys_unavailable
            else await answers_of(app, services, explanation.token, explanation.reason)
        )
        return explanation, answers


def _tenant_of(token: str, settings: Settings) -> Settings:
    """Return the settings of the tenant whose issuer a token names, those of the first for an unknown one."""
    named = (Unverified.read(token).claims or {}).get("iss")
    return next((each for each in settings.other_tenants if named in each.issuers), settings)


def _has_roles_at_auth0(settings: Settings, protection: Protection) -> bool:
    own = getattr(protection.opening, "keywords", {}).get("roles")
    return own is not None or (settings.auth0_role_source == "management" and settings.has_management)


def _as_json(explanation: Explanation, answers: Sequence[RouteAnswer]) -> str:
    return json.dumps(
        {
            "accepted": explanation.accepted,
            "reason": explanation.reason,
            "detail": explanation.detail,
            "fix": explanation.advice,
            "checks": [asdict(check) for check in explanation.checks],
            "routes": [asdict(answer) for answer in answers],
        },
        indent=2,
    )


def _as_text(explanation: Explanation, answers: Sequence[RouteAnswer]) -> str:
    lines = [_verdict(explanation), ""]
    rows = [(check.outcome, check.name, check.expected, check.found) for check in explanation.checks]
    lines += table(("check", "", "expected", "found"), rows, styles=_STYLES)
    if explanation.advice:
        lines += ["", *paragraph(explanation.advice, first="Fix: ", indent=5)]
    if answers:
        routes = [(str(each.status or ""), each.method, each.path, each.words) for each in answers]
        lines += ["", *table(("status", "", "route", "answer"), routes, styles={})]
    return "\n".join(lines)


def _verdict(explanation: Explanation) -> str:
    if explanation.accepted:
        return paint("ACCEPTED", "green")
    word = "NOT VERIFIED" if explanation.keys_unavailable else "REFUSED"
    return f"{paint(word, 'red')}  {explanation.reason}: {explanation.detail}"
