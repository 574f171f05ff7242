"""The settings of the tenant (Management API: Tenants)."""

from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.selection import select_fields
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Json, Tenant


class UpdateSettings(Body):
    """Changes of the settings.

    Only default_audience, resource_parameter_profile, authorization_response_iss_parameter_supported and the flag
    enable_dynamic_client_registration have an effect here, the others are stored and shown.
    """

    default_audience: str | None = None
    default_directory: str | None = None
    default_redirection_uri: str | None = None
    friendly_name: str | None = None
    picture_url: str | None = None
    support_email: str | None = None
    support_url: str | None = None
    allowed_logout_urls: list[str] | None = None
    enabled_locales: list[str] | None = None
    flags: dict[str, Any] | None = None
    sessions: dict[str, Any] | None = None
    session_cookie: dict[str, Any] | None = None
    session_lifetime: float | None = None
    idle_session_lifetime: float | None = None
    sandbox_version: str | None = None
    customize_mfa_in_postlogin_action: bool | None = None
    allow_organization_name_in_authentication_api: bool | None = None
    acr_values_supported: list[str] | None = None
    # Unverified: the names of the two values, and which of them is the default.
    resource_parameter_profile: Literal["audience", "compatibility"] | None = None
    pushed_authorization_requests_supported: bool | None = None
    authorization_response_iss_parameter_supported: bool | None = None


async def get_settings(request: Request, tenant: Tenant) -> Response:
    """Return the settings."""
    return JSONResponse(select_fields(request, _document(tenant)))


async def update_settings(request: Request, tenant: Tenant) -> Response:
    """Change settings; null removes one."""
    body = await read_body(request, UpdateSettings)
    given = body.given
    if "default_audience" in given:
        audience = given.pop("default_audience") or None
        if audience is not None and tenant.api(audience) is None:  # unverified: the words, and whether Auth0 checks
            raise ApiError(400, f"Default audience does not exist: {audience}", "invalid_body")
        tenant.state.default_audience = audience
    merged = tenant.state.tenant_settings | given
    tenant.state.tenant_settings = {name: value for name, value in merged.items() if value is not None}
    return JSONResponse(_document(tenant))


def _document(tenant: Tenant) -> Json:
    defaults: Json = {
        "default_audience": tenant.state.default_audience or "",
        "default_directory": "",
        "friendly_name": "Development tenant",
        "enabled_locales": ["en"],
        "flags": {},
        "allowed_logout_urls": [],
    }
    return defaults | tenant.state.tenant_settings


ROUTES = (
    Route("GET", "/tenants/settings", get_settings, ("read:tenant_settings",)),
    Route("PATCH", "/tenants/settings", update_settings, ("update:tenant_settings",)),
)
