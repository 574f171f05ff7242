"""The metadata of a protected FastAPI app (RFC 9728), made of the guards of its routes."""

from collections.abc import Collection
from typing import Final

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from auth0_sso.asgi.paths import route_path
from auth0_sso.inspection.route_list import list_routes, requirements_of
from auth0_sso.settings import Settings
from auth0_sso.web.checks.requirements import scopes_of
from auth0_sso.web.guards.authentication import services_of
from auth0_sso.web.guards.public_routes import public_route
from auth0_sso.web.harden import http_options
from auth0_sso.web.middleware.request_context import RequestContext
from auth0_sso.web.middleware.route_path import effective_route
from auth0_sso.web.resource_metadata import (
    RESOURCE,
    WELL_KNOWN,
    ResourceMetadata,
    document,
    metadata_response,
    metadata_url,
)

_METHODS: Final = ["GET", "OPTIONS"]


def add_resource_metadata(
    app: FastAPI, *, name: str | None = None, documentation: str | None = None, mounted: Collection[str] = ()
) -> FastAPI:
    """Serve a protected app's metadata at /.well-known/oauth-protected-resource, and return the app (RFC 9728).

    The resource is the setting PUBLIC_URL: without it the paths answer 404. The challenges of 401 and 403 name the
    metadata and the scopes that the route asks for; an app's own handler of `Auth0SsoError` writes its own.

    `name` is for people, by default the app's title; `documentation` is the URL of a page for developers. Each path
    of `mounted`, such as /mcp, is a resource of its own, with the scopes of the routes below it, whose metadata is at
    /.well-known/oauth-protected-resource/mcp. Routes are found in the order they are added: call this before a mount
    at /. Raises `ValueError` for a path that cannot be one, or where the app serves the metadata's path already.
    """
    if any(getattr(route, "path", None) == WELL_KNOWN for route in app.routes):
        raise ValueError(f"this app serves {WELL_KNOWN} already")
    if isinstance(mounted, str) or any(not path.startswith("/") or path.endswith("/") for path in mounted):
        raise ValueError("mounted is a list of paths as they are mounted, such as /mcp")
    resource = _AppResource(app, ResourceMetadata(name or app.title, documentation), tuple(mounted))
    setattr(app.state, RESOURCE, resource)
    http_options(app).serves_metadata = True
    # Starlette's routes, as those of add_docs: a guard of the whole app would ask for a token.
    for path in (WELL_KNOWN, f"{WELL_KNOWN}/{{path:path}}"):
        app.add_route(path, resource.show, methods=_METHODS, include_in_schema=False)
    return app


class _AppResource:
    """The resources of one app: itself, and what is mounted in it. Its routes are read once all are there."""

    def __init__(self, app: FastAPI, about: ResourceMetadata, mounts: tuple[str, ...]) -> None:
        self._app = app
        self._about = about
        self._mounts = sorted(mounts, key=len, reverse=True)
        self._scopes: dict[str, set[str]] | None = None

    @public_route
    async def show(self, request: Request) -> Response:
        services = services_of(request)
        settings = services.settings
        suffix = f"/{request.path_params['path']}" if "path" in request.path_params else ""
        mount = self._mount_of(suffix, settings)
        scopes = self._scopes_by_mount()[mount]
        return metadata_response(request.method, document(settings, services.keys, scopes, self._about, mount=mount))

    def challenge(self, scope: Scope) -> tuple[str, tuple[str, ...]]:
        services = RequestContext.of(scope).services
        if services is None or not services.settings.public_url:
            return "", ()
        path = route_path(scope["path"], scope.get("app_root_path", scope.get("root_path", "")))
        dependant = getattr(effective_route(scope), "dependant", None)
        url = metadata_url(services.settings.public_url + self._mount_above(path))
        return url, scopes_of(requirements_of(dependant))

    def _mount_of(self, suffix: str, settings: Settings) -> str:
        """Return the mount whose metadata has this suffix, "" for the app itself; raise 404 for none."""
        base = metadata_url(settings.public_url).partition(WELL_KNOWN)[2]
        for mount in ("", *self._mounts):
            if settings.public_url and suffix in {base + mount, mount}:
                return mount
        raise HTTPException(404)

    def _scopes_by_mount(self) -> dict[str, set[str]]:
        if self._scopes is None:
            self._scopes = {mount: set() for mount in ("", *self._mounts)}
            for route in list_routes(self._app):
                self._scopes[self._mount_above(route.path)].update(scopes_of(route.requirements))
        return self._scopes

    def _mount_above(self, path: str) -> str:
        return next((mount for mount in self._mounts if f"{path}/".startswith(f"{mount}/")), "")
