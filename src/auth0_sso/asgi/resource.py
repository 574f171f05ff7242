"""The metadata of the resource behind an `Auth0Guard` (RFC 9728), made of its rules."""

from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from auth0_sso.asgi.paths import route_path
from auth0_sso.asgi.rule import Rule
from auth0_sso.asgi.rules import RuleTable
from auth0_sso.settings import Settings
from auth0_sso.web.checks.requirements import scopes_of
from auth0_sso.web.resource_metadata import WELL_KNOWN, ResourceMetadata, document, metadata_response, metadata_url

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class GuardedResource:
    """What a guard says of the resource at PUBLIC_URL."""

    def __init__(self, about: ResourceMetadata, rules: RuleTable, settings: Settings) -> None:
        """Take what is said of the resource, and the rules whose scopes its clients request."""
        scopes = {name for rule in rules.rules for name in scopes_of(rule.requirements)}
        self._document = document(settings, settings.all_issuers, scopes, about)
        self._url = metadata_url(settings.public_url)
        self._paths = {WELL_KNOWN, WELL_KNOWN + self._url.partition(WELL_KNOWN)[2]}

    @classmethod
    def of(cls, about: ResourceMetadata | None, rules: RuleTable, settings: Settings) -> "GuardedResource | None":
        """Return it where the app asks for it and the settings say where it is; else None."""
        return None if about is None or not settings.public_url else cls(about, rules, settings)

    def response_to(self, scope: Scope) -> Response | None:
        """Return the response to a request for the metadata; None for any other request."""
        if route_path(scope["path"], scope.get("root_path", "")) in self._paths and scope["method"] in _METHODS:
            return metadata_response(scope["method"], self._document)
        return None

    def challenge(self, rule: Rule | None) -> tuple[str, tuple[str, ...]]:
        """Return the URL of the metadata and the scopes that the rule of a request asks for."""
        return self._url, () if rule is None else scopes_of(rule.requirements)
