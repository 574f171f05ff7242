"""/userinfo: the claims about the user of an access token (OIDC Core section 5.3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from auth0_devtenant import tokens
from auth0_devtenant.bodies import media_type, read_form, tenant_of


async def show_userinfo(request: Request) -> Response:
    """Return the claims about the user of an access token with the scope `openid`."""
    tenant = tenant_of(request)
    audiences = [f"{issuer}userinfo" for issuer in tenant.options.issuers]
    try:
        claims = tokens.accept(tenant, await _access_token(request), *audiences)
    except tokens.BadTokenError as error:
        return _unauthorized(str(error))
    user = tenant.state.users.get(str(claims["sub"]))
    if user is None:
        return _unauthorized("The user does not exist.")
    scope = str(claims.get("scope", "")).split()
    return JSONResponse({"sub": user.user_id, **tokens.profile(user, scope)})


async def _access_token(request: Request) -> str:
    """Return the token of the header, the form or the query (RFC 6750 section 2)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token
    form = media_type(request) == "application/x-www-form-urlencoded"
    sent = read_form(await request.body()) if form else request.query_params
    return sent.get("access_token", "")


def _unauthorized(description: str) -> Response:
    challenge = f'Bearer realm="Users", error="invalid_token", error_description="{description}"'
    return PlainTextResponse("Unauthorized", 401, {"WWW-Authenticate": challenge})
