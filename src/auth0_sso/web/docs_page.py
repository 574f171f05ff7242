"""/docs: Swagger UI from files of our own, so that it works offline and under a strict Content-Security-Policy."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib import resources
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from auth0_sso.errors import ConfigurationError
from auth0_sso.settings import Settings
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.public_routes import public_route

_ASSETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "swagger-ui-bundle.js": "text/javascript",
        "swagger-ui.css": "text/css",
        "favicon-32x32.png": "image/png",
    }
)
_INLINE_SCRIPT = re.compile(r"<script>(.+?)</script>", re.DOTALL)


def add_docs(app: FastAPI, settings: Settings | None = None, *, path: str = "/docs") -> None:
    """Serve Swagger UI of a protected app, able to log in as AUTH0_CLIENT_ID for the first audience.

    Without `settings` they are those of the app once it has started. FastAPI's own pages stay as they are: for the
    same path make the app with `FastAPI(docs_url=None)`. Raises `ValueError` where the app serves that path already
    or no OpenAPI document, `ConfigurationError` without the package fastapi-swagger.
    """
    if any(getattr(route, "path", None) == path for route in app.routes):
        raise ValueError(f"this app serves {path} already: choose another path, or FastAPI(docs_url=None)")
    if app.openapi_url is None:
        raise ValueError("Swagger UI needs the OpenAPI document, and this app has no openapi_url")
    assets = _read_assets()

    @public_route
    async def show_docs(request: Request) -> HTMLResponse:
        chosen = services_of(request).settings if settings is None else settings
        root = request.scope.get("root_path", "").rstrip("/")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=app.title,
            swagger_js_url=f"{root}{path}/assets/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{path}/assets/swagger-ui.css",
            swagger_favicon_url=f"{root}{path}/assets/favicon-32x32.png",
            oauth2_redirect_url=f"{root}{path}/oauth2-redirect",
            init_oauth=_init_oauth(chosen),
            swagger_ui_parameters={"validatorUrl": None},
        )
        return _with_policy(page, connect=_origin(chosen.issuer))

    @public_route
    async def finish_login(_: Request) -> HTMLResponse:
        return _with_policy(get_swagger_ui_oauth2_redirect_html())

    @public_route
    async def get_asset(request: Request) -> Response:
        name: str = request.path_params["name"]
        if name not in assets:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(assets[name], media_type=_ASSETS[name], headers=headers)

    # Starlette's routes, as FastAPI's own pages: a guard of the whole app would ask the browser for a token.
    for below, endpoint in (("", show_docs), ("/oauth2-redirect", finish_login), ("/assets/{name}", get_asset)):
        app.add_route(path + below, endpoint, methods=["GET"], include_in_schema=False)


def _read_assets() -> Mapping[str, bytes]:
    try:
        directory = resources.files("fastapi_swagger.resources")
    except ImportError as error:
        raise ConfigurationError((f"the docs page needs {error.name}: install auth0-sso[docs].",)) from None
    return {name: (directory / name).read_bytes() for name in _ASSETS}


def _init_oauth(settings: Settings) -> dict[str, object]:
    return {
        "clientId": settings.auth0_client_id,
        "usePkceWithAuthorizationCodeGrant": True,
        "scopes": "openid profile email",
        "additionalQueryStringParams": {"audience": settings.auth0_audience[0]},
    }


def _with_policy(page: HTMLResponse, *, connect: str = "") -> HTMLResponse:
    """Allow a page its own files and its inline scripts, by their hashes (CSP level 3).

    No Cross-Origin-Opener-Policy: the login popup would lose the page that opened it.
    """
    hashes = [
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(bytes(page.body).decode())
    ]
    page.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(hashes)}",
            "style-src 'self' 'unsafe-inline'",  # Swagger UI styles its elements from script
            "img-src 'self' data:",
            f"connect-src 'self' {connect}".rstrip(),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return page


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
