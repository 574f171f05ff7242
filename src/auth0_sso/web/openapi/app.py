"""The OpenAPI document of an app that has guards, described when it is first asked for."""

from typing import Any, Final

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Host, Mount

from auth0_sso.settings import Settings
from auth0_sso.web.middleware.problem_handlers import answers_validation
from auth0_sso.web.openapi.describe import describe

DOCS_PAGE: Final = "auth0_sso_docs"
"""The name of the route that serves the docs page."""


class DescribedOpenapi:
    """Takes the place of `app.openapi`, FastAPI's documented way to extend the document."""

    def __init__(self, app: FastAPI, settings: Settings | None) -> None:
        """Take an app. Until it has settings the document describes bearer tokens, and no login."""
        self._app = app
        self._write = app.openapi
        self._described: object = None
        self._settings = settings

    def __call__(self) -> dict[str, Any]:
        """Return the document, described; the app caches it as before."""
        document = self._write()
        if document is not self._described:
            settings = self._settings
            describe(
                document,
                None if settings is None else settings.auth0_issuer_base_url,
                validation=answers_validation(self._app),
                requirements=has_docs_page(self._app),
                dpop_required=settings is not None and settings.auth0_dpop == "required",
            )
            self._described = document
        return document

    def use(self, settings: Settings) -> None:
        """Name the issuer of these settings, also where the document was written before."""
        if self._settings is None:
            self._settings = settings
            self._app.openapi_schema = None


def has_docs_page(app: FastAPI) -> bool:
    """Return whether an app has our docs page. The document of one that has not keeps its own words."""
    return any(getattr(route, "name", None) == DOCS_PAGE for route in app.routes)


def describe_apps(app: Starlette, settings: Settings) -> None:
    """Describe the guards of an app that replaced `openapi` after `protect`, and of the apps mounted in it.

    Each app writes a document of its own.
    """
    if isinstance(app, FastAPI) and not isinstance(app.openapi, DescribedOpenapi):
        app.openapi = DescribedOpenapi(app, settings)  # type: ignore[method-assign]  # as FastAPI documents
    for route in app.routes:
        if isinstance(route, Mount | Host) and isinstance(route.app, Starlette):
            describe_apps(route.app, settings)
