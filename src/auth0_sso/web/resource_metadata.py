"""Protected resource metadata (RFC 9728): the document, where it is, and the response that serves it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from auth0_sso.settings import Settings
from auth0_sso.tokens.dpop.proof import DPOP_ALGORITHMS

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"

RESOURCE: Final = "auth0_sso_resource"
"""The attribute of a FastAPI app's state that has its `Resource`."""

# Public, without cookies or tokens: scripts of all origins may read it. `*` is for all headers but Authorization.
_CORS: Final = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT: Final = {
    **_CORS,
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
}
_CACHED: Final = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class ResourceMetadata:
    """What the metadata says of a resource beside what its settings and guards say (RFC 9728 section 2)."""

    name: str | None = None
    """`resource_name`, for people."""
    documentation: str | None = None
    """`resource_documentation`: the URL of a page for developers."""


class Resource(Protocol):
    """What a challenge is told of the resource."""

    def challenge(self, scope: Scope) -> tuple[str, tuple[str, ...]]:
        """Return the URL of the metadata, "" where there is none, and the scopes that a request needs."""


def metadata_url(resource: str) -> str:
    """Return where the metadata of a resource is: the well-known path is between host and path (section 3.1)."""
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}" if resource else ""


def document(
    settings: Settings,
    issuers: Iterable[str],
    scopes: Iterable[str],
    about: ResourceMetadata,
    *,
    mount: str = "",
) -> dict[str, object]:
    """Return the metadata of the resource at PUBLIC_URL, or of what is mounted there; no empty members (section 3.2).

    `issuers` are all whose tokens are accepted.

    `offline_access` is asked of the authorization server, not of a resource (MCP: Authorization).
    """
    members = {
        "resource": settings.public_url + mount,
        "resource_name": about.name,
        "resource_documentation": about.documentation,
        "authorization_servers": list(issuers),
        "scopes_supported": sorted(set(scopes) - {"offline_access"}),
        "bearer_methods_supported": ["header"],
        **_sender_constraints(settings),
    }
    return {name: value for name, value in members.items() if value}


def _sender_constraints(settings: Settings) -> dict[str, object]:
    """Return what the metadata says of tokens that are bound to a key (RFC 9449) or a certificate (RFC 8705)."""
    return {
        "dpop_signing_alg_values_supported": [] if settings.auth0_dpop == "off" else list(DPOP_ALGORITHMS),
        "dpop_bound_access_tokens_required": settings.auth0_dpop == "required",
        "tls_client_certificate_bound_access_tokens": bool(settings.auth0_client_certificate_header),
    }


def metadata_response(method: str, members: dict[str, object]) -> Response:
    """Return the response to GET or HEAD, or to a browser's preflight request (Fetch Standard: CORS protocol)."""
    return (
        Response(status_code=204, headers=_PREFLIGHT)
        if method == "OPTIONS"
        else JSONResponse(members, headers=_CORS | _CACHED)
    )
