"""The playground as an ASGI app: its files, and what they have to know about the tenant and the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from auth0_devtenant.errors import ApiError
from auth0_devtenant.seed import MACHINE_CLIENT_ID, PLAYGROUND_CLIENT_ID
from auth0_devtenant.state import Json, Organization, Tenant

_FILES: Final = Path(__file__).parent / "files"
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Playground:
    """Where the playground is, whose tenant it shows, and the API that it calls."""

    origin: str
    tenant: Tenant
    api: str | None = None
    """The URL of an API with an openapi.json, with or without a slash at the end."""

    @property
    def configuration(self) -> Json:
        """What the pages have to know. All of it is public, the machine's secret too."""
        state, options = self.tenant.state, self.tenant.options
        api = self.tenant.api(options.audience)
        machine = state.clients.get(MACHINE_CLIENT_ID)
        emails = {user.user_id: user.document.get("email") for user in state.users.values()}
        return {
            "issuer": options.issuer,
            "audience": options.audience,
            "client_id": PLAYGROUND_CLIENT_ID,
            "api": None if self.api is None else self.api.removesuffix("/"),
            "machine": machine and {"client_id": machine.client_id, "client_secret": machine.client_secret},
            "scope": " ".join(("openid profile email", *(() if api is None else api.permissions))),
            "roles": [role.name for role in state.roles.values()],
            "organizations": [_organization(each, emails) for each in state.organizations.values()],
        }

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: scripts of this origin only, and requests to the tenant and the API."""
        tenant = self.tenant.options.issuer.removesuffix("/")
        allowed = ["'self'", tenant, *([] if self.api is None else [_origin(self.api)])]
        return (
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; "
            f"style-src 'self'; img-src 'self'; connect-src {' '.join(allowed)}; frame-src {tenant}"
        )


def create_playground(playground: Playground) -> Starlette:
    """Return the app.

    By another loopback name than that of its origin it redirects there, where the login works; other hosts get 421.
    """
    contents = {path.name: path.read_bytes() for path in _FILES.iterdir() if path.suffix in _TYPES}

    async def show_file(request: Request) -> Response:
        name = request.url.path.removeprefix("/") or "index.html"
        return _refusal(request, playground.origin) or Response(
            contents[name], headers=_headers(playground), media_type=_TYPES[Path(name).suffix]
        )

    async def show_configuration(request: Request) -> Response:
        return _refusal(request, playground.origin) or JSONResponse(
            playground.configuration, headers=_headers(playground)
        )

    files = [Route(path, show_file, methods=["GET"]) for path in ("/", *(f"/{name}" for name in contents))]
    return Starlette(routes=[*files, Route("/configuration", show_configuration, methods=["GET"])])


def _headers(playground: Playground) -> dict[str, str]:
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": playground.policy,
        "Referrer-Policy": "strict-origin",
        "X-Content-Type-Options": "nosniff",
    }


def _refusal(request: Request, origin: str) -> Response | None:
    """Return the response to a request with another Host than that of the origin."""
    own, host = urlsplit(origin), request.headers.get("Host", "").lower()
    if host == own.netloc:
        return None
    name, _, port = host.rpartition(":")
    if name in _LOOPBACK and port == str(own.port):
        return RedirectResponse(f"{origin}/")
    error = ApiError(421, "The Host header does not name this playground.")
    return JSONResponse(error.body, error.status)


def _organization(organization: Organization, emails: Mapping[str, str | None]) -> Json:
    members = [emails[user_id] for user_id in organization.members if user_id in emails]
    return {
        "name": organization.name,
        "title": organization.display_name or organization.name,
        "members": members,
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
