"""/docs: Swagger UI from files of our own, so that it works offline and under a strict Content-Security-Policy.

docs/decisions/0033-login-at-docs.md says what it adds to Swagger UI.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_oauth2_redirect_html
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from auth0_sso.settings import Settings
from auth0_sso.web.docs_page.files import DocsFiles
from auth0_sso.web.docs_page.policy import with_policy
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.public_routes import public_route
from auth0_sso.web.openapi.app import DOCS_PAGE

_OPTIONS: Final[Mapping[str, object]] = MappingProxyType(
    {
        "dom_id": "#swagger-ui",
        "layout": "BaseLayout",
        "deepLinking": True,
        "showExtensions": True,
        "showCommonExtensions": True,
        "displayRequestDuration": True,
        "defaultModelsExpandDepth": 0,  # the schemas are one closed section below the routes
        "validatorUrl": None,
    }
)


def add_docs(app: FastAPI, settings: Settings | None = None, *, path: str = "/docs") -> None:
    """Serve Swagger UI of a protected app, able to log in as AUTH0_CLIENT_ID for the first audience.

    Without `settings` they are those of the app once it has started. The descriptions of its guarded routes then name
    the roles, permissions and scopes that they ask for. FastAPI's own pages stay as they are: for the same path make
    the app with `FastAPI(docs_url=None)`. Raises `ValueError` where the app serves that path already or no OpenAPI
    document, `ConfigurationError` without the package fastapi-swagger.
    """
    if any(getattr(route, "path", None) == path for route in app.routes):
        raise ValueError(f"this app serves {path} already: choose another path, or FastAPI(docs_url=None)")
    if app.openapi_url is None:
        raise ValueError("Swagger UI needs the OpenAPI document, and this app has no openapi_url")
    page = _DocsPage(app, DocsFiles.read(), settings, path)
    # Starlette's routes, as FastAPI's own pages: a guard of the whole app would ask the browser for a token.
    app.add_route(path, page.show, methods=["GET"], name=DOCS_PAGE, include_in_schema=False)
    app.add_route(f"{path}/oauth2-redirect", page.finish_login, methods=["GET"], include_in_schema=False)
    app.add_route(f"{path}/assets/{{name}}", page.get_asset, methods=["GET"], include_in_schema=False)


class _DocsPage:
    def __init__(self, app: FastAPI, files: DocsFiles, settings: Settings | None, path: str) -> None:
        self._app = app
        self._files = files
        self._settings = settings
        self._path = path

    @public_route
    async def show(self, request: Request) -> HTMLResponse:
        settings = services_of(request).settings if self._settings is None else self._settings
        root = request.scope.get("root_path", "").rstrip("/")
        openapi_url, path = f"{root}{self._app.openapi_url}", f"{root}{self._path}"
        configuration = {
            "options": {**_OPTIONS, "url": openapi_url},
            "oauth": _init_oauth(settings),
            "redirectPath": f"{path}/oauth2-redirect",
        }
        page = self._files.page_with(
            f"{path}/assets",
            title=self._app.title,
            openapi_url=openapi_url,
            configuration=json.dumps(configuration),
        )
        return with_policy(HTMLResponse(page), connect=_origin(settings.issuer))

    @public_route
    async def finish_login(self, _: Request) -> HTMLResponse:
        return with_policy(get_swagger_ui_oauth2_redirect_html())

    @public_route
    async def get_asset(self, request: Request) -> Response:
        asset = self._files.assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(asset.content, media_type=asset.media_type, headers=headers)


def _init_oauth(settings: Settings) -> dict[str, object]:
    return {
        "clientId": settings.auth0_client_id,
        "usePkceWithAuthorizationCodeGrant": True,
        "scopes": "openid profile email",
        "additionalQueryStringParams": {"audience": settings.auth0_audience[0]},
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
