"""/docs: Swagger UI from files of our own, so that it works offline and under a strict Content-Security-Policy."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib import resources
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from auth0_sso.settings import Settings

_ASSETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "swagger-ui-bundle.js": "text/javascript",
        "swagger-ui.css": "text/css",
        "favicon-32x32.png": "image/png",
    }
)
_INLINE_SCRIPT = re.compile(r"<script>(.+?)</script>", re.DOTALL)


def add_docs(app: FastAPI, settings: Settings) -> None:
    """Serve Swagger UI of `app` at /docs, able to log in as `AUTH0_CLIENT_ID` for the first audience."""
    router = APIRouter(prefix="/docs", include_in_schema=False)
    assets = {name: (resources.files("fastapi_swagger.resources") / name).read_bytes() for name in _ASSETS}

    @router.get("")
    async def show_docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "").rstrip("/")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=app.title,
            swagger_js_url=f"{root}/docs/assets/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/assets/swagger-ui.css",
            swagger_favicon_url=f"{root}/docs/assets/favicon-32x32.png",
            oauth2_redirect_url=f"{root}/docs/oauth2-redirect",
            init_oauth=_init_oauth(settings),
            swagger_ui_parameters={"validatorUrl": None},
        )
        return _with_policy(page, connect=_origin(settings.issuer))

    @router.get("/oauth2-redirect")
    async def finish_login() -> HTMLResponse:
        return _with_policy(get_swagger_ui_oauth2_redirect_html())

    @router.get("/assets/{name}")
    async def get_asset(name: str) -> Response:
        if name not in assets:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(assets[name], media_type=_ASSETS[name], headers=headers)

    app.include_router(router)


def _init_oauth(settings: Settings) -> dict[str, object]:
    return {
        "clientId": settings.auth0_client_id,
        "usePkceWithAuthorizationCodeGrant": True,
        "scopes": "openid profile email",
        "additionalQueryStringParams": {"audience": settings.auth0_audience[0]},
    }


def _with_policy(page: HTMLResponse, *, connect: str = "") -> HTMLResponse:
    """Allow a page its own files and the very inline scripts it has, by their hashes (CSP level 3).

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
