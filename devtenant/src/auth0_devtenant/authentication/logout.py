"""/v2/logout and /oidc/logout, which end the session of the browser for all applications.

Auth0: "Log users out of Auth0"; OpenID Connect RP-Initiated Logout 1.0. The parameter `federated` changes nothing: no
identity provider behind this tenant keeps a session.
"""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth0_devtenant import jwt
from auth0_devtenant.authentication.responses import UntrustedRequestError
from auth0_devtenant.authentication.session import current_session
from auth0_devtenant.authentication.session import end_session as end_browser_session
from auth0_devtenant.bodies import read_form, tenant_of
from auth0_devtenant.keys import UnknownKeyError
from auth0_devtenant.pages.logout import confirm_page, logged_out_page
from auth0_devtenant.state import Json, Tenant


async def log_out(request: Request) -> Response:
    """End the session and redirect to an allowed logout URL."""
    tenant = tenant_of(request)
    allowed = _logout_urls(tenant, request.query_params.get("client_id"))
    target = request.query_params.get("returnTo") or (allowed[0] if allowed else "")
    if target and target not in allowed:
        raise UntrustedRequestError(f"The returnTo parameter is not an allowed logout URL: {target}")
    response = RedirectResponse(target, 302) if target else logged_out_page()
    end_browser_session(request, response)
    return response


async def end_session(request: Request) -> Response:
    """End the session that the hint is about, or ask the user first; then redirect to an allowed logout URL."""
    tenant = tenant_of(request)
    parameters = dict(request.query_params) | read_form(await request.body())
    confirmed = request.method == "POST" and parameters.pop("confirm", "") == "yes"
    claims = _hinted_claims(tenant, parameters)
    client_id = parameters.get("client_id") or claims.get("aud")
    allowed = _logout_urls(tenant, client_id)
    target = parameters.get("post_logout_redirect_uri") or (allowed[0] if client_id and allowed else "")
    if target and target not in allowed:
        raise UntrustedRequestError(f"The post_logout_redirect_uri is not an allowed logout URL: {target}")
    session = current_session(request)
    hinted = parameters.get("logout_hint") or claims.get("sid")
    if session is not None and hinted != session.id and not confirmed:
        user = tenant.state.users[session.user_id]
        return confirm_page(str(user.document.get("email", user.user_id)), parameters)
    response = RedirectResponse(_with_state(target, parameters.get("state")), 302) if target else logged_out_page()
    end_browser_session(request, response)
    return response


def _logout_urls(tenant: Tenant, client_id: object) -> list[str]:
    """Return the allowed logout URLs of an application; without one, of all, for the list of the tenant."""
    clients = [client for client in tenant.state.clients.values() if client_id in {None, client.client_id}]
    if not clients:
        raise UntrustedRequestError(f"Unknown client: {client_id}")
    return [url for client in clients for url in client.logout_urls]


def _hinted_claims(tenant: Tenant, parameters: Mapping[str, str]) -> Json:
    """Return the claims of the `id_token_hint`, which can be expired; none without it.

    All that the request says about the session has to agree (Auth0: "Log users out of Auth0 with OIDC endpoint").
    """
    hint = parameters.get("id_token_hint")
    if not hint:
        return {}
    try:
        claims = jwt.verify(hint, tenant.state.keys.find(jwt.kid_of(hint)).private.public_key())
    except (jwt.InvalidTokenError, UnknownKeyError):
        raise UntrustedRequestError("The id_token_hint is not an ID token of this tenant.") from None
    for parameter, claim in (("client_id", "aud"), ("logout_hint", "sid")):
        if parameters.get(parameter, claims.get(claim)) != claims.get(claim):
            raise UntrustedRequestError(f"The parameter {parameter} does not match the id_token_hint.")
    return claims


def _with_state(url: str, state: str | None) -> str:
    if state is None:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode({'state': state})}"
