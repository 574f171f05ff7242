"""/userinfo: the claims about the user of an access token (OIDC Core section 5.3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from auth0_devtenant import dpop, tokens
from auth0_devtenant.bodies import issuer_of, media_type, read_form, tenant_of


async def show_userinfo(request: Request) -> Response:
    """Return the claims of the token's scope, which must have `openid`."""
    tenant, token = tenant_of(request), await _token(request)
    try:
        accepted = tokens.accept_for_userinfo(tenant, token)
        _require_key(request, token, accepted.jkt)
    except tokens.BadTokenError as error:
        return _refusal(401, "invalid_token", str(error))
    except dpop.InvalidProofError as error:
        return _refusal(401, "invalid_dpop_proof", str(error), scheme="DPoP")
    except dpop.NonceRequiredError:
        response = _refusal(401, "use_dpop_nonce", "The proof has no nonce of this tenant.", scheme="DPoP")
        response.headers["DPoP-Nonce"] = dpop.current_nonce(tenant)
        return response
    user, scope = tenant.state.users.get(accepted.user_id), accepted.scope
    if user is None:
        return _refusal(401, "invalid_token", "The user does not exist.")
    if "openid" not in scope:
        # Unverified: RFC 6750 section 3.1.
        return _refusal(403, "insufficient_scope", "The access token must have the scope openid.")
    return JSONResponse({"sub": user.user_id, **tokens.profile(user, scope)})


async def _token(request: Request) -> str:
    """Return the access token of the header, the form or the query (RFC 6750 section 2); "" if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "dpop"}:
        return token
    form = media_type(request) == "application/x-www-form-urlencoded"
    sent = read_form(await request.body()) if form else {}
    return sent.get("access_token") or request.query_params.get("access_token", "")


def _require_key(request: Request, token: str, bound_to: str | None) -> None:
    """Require, for a bound token, a proof of its key (RFC 9449 section 7).

    Auth0's words and statuses here are unverified.
    """
    scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
    if bound_to is None:
        if scheme == "dpop":
            raise tokens.BadTokenError("The access token is not bound to a key.")
        return
    if scheme != "dpop":
        raise tokens.BadTokenError("The access token is bound to a key: send it with the scheme DPoP.")
    thumbprint = dpop.verify_proof(request, f"{issuer_of(request)}userinfo", access_token=token)
    if thumbprint is None:
        raise dpop.InvalidProofError("The DPoP proof is missing.")
    if thumbprint != bound_to:
        raise dpop.InvalidProofError("The proof is not of the key that the access token is bound to.")


def _refusal(status: int, error: str, description: str, *, scheme: str = "Bearer") -> Response:
    challenge = f'{scheme} realm="Users", error="{error}", error_description="{description}"'
    text = "Unauthorized" if status == 401 else "Forbidden"
    return PlainTextResponse(text, status, {"WWW-Authenticate": challenge})
