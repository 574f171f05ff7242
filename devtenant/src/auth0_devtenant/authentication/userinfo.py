"""/userinfo: the claims about the user of an access token (OIDC Core section 5.3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from auth0_devtenant import tokens
from auth0_devtenant.bodies import media_type, read_form, tenant_of


async def show_userinfo(request: Request) -> Response:
    """Return the claims of the token's scope, which must have `openid`."""
    tenant = tenant_of(request)
    try:
        user_id, scope = tokens.accept_for_userinfo(tenant, await _token(request))
    except tokens.BadTokenError as error:
        return _refusal(401, "invalid_token", str(error))
    user = tenant.state.users.get(user_id)
    if user is None:
        return _refusal(401, "invalid_token", "The user does not exist.")
    if "openid" not in scope:
        # Unverified: RFC 6750 section 3.1.
        return _refusal(403, "insufficient_scope", "The access token must have the scope openid.")
    return JSONResponse({"sub": user.user_id, **tokens.profile(user, scope)})


async def _token(request: Request) -> str:
    """Return the access token of the header, the form or the query (RFC 6750 section 2); "" if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token
    form = media_type(request) == "application/x-www-form-urlencoded"
    sent = read_form(await request.body()) if form else {}
    return sent.get("access_token") or request.query_params.get("access_token", "")


def _refusal(status: int, error: str, description: str) -> Response:
    challenge = f'Bearer realm="Users", error="{error}", error_description="{description}"'
    text = "Unauthorized" if status == 401 else "Forbidden"
    return PlainTextResponse(text, status, {"WWW-Authenticate": challenge})
