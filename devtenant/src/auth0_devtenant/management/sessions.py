"""Sessions (Management API: Sessions, Users)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth0_devtenant.errors import ApiError
from auth0_devtenant.management import cascade
from auth0_devtenant.management.lookup import user_of
from auth0_devtenant.management.paging import checkpoint_response
from auth0_devtenant.management.routing import Route
from auth0_devtenant.management.validation import Body, read_body
from auth0_devtenant.state import Session, Tenant


class RevokeAccess(Body):
    """What is revoked: by default all sessions and all refresh tokens."""

    session_id: str | None = None
    preserve_refresh_tokens: bool = False


async def list_sessions(request: Request, tenant: Tenant) -> Response:
    """List the sessions of a user."""
    user_id = user_of(request, tenant).user_id
    found = [session.document for session in tenant.state.sessions.values() if session.user_id == user_id]
    return checkpoint_response(request, found, "sessions")


async def delete_sessions(request: Request, tenant: Tenant) -> Response:
    """Delete all sessions of a user; the status is 202 because Auth0 deletes them later."""
    tenant.end_sessions(user_of(request, tenant).user_id)
    return Response(status_code=202)


async def get_session(request: Request, tenant: Tenant) -> Response:
    """Return a session."""
    return JSONResponse(_session(request, tenant)[1].document)


async def delete_session(request: Request, tenant: Tenant) -> Response:
    """Delete a session; its refresh tokens stay valid."""
    secret, _ = _session(request, tenant)
    tenant.end_session(secret, "session-revoked")
    return Response(status_code=202)


async def revoke_session(request: Request, tenant: Tenant) -> Response:
    """Delete a session and the refresh tokens that were issued in it."""
    secret, session = _session(request, tenant)
    tenant.end_session(secret, "session-revoked")
    cascade.revoke(tenant, [each for each in tenant.state.families.values() if each.grant.session_id == session.id])
    return Response(status_code=202)


async def revoke_access(request: Request, tenant: Tenant) -> Response:
    """End the sessions of a user, or one of them, with their refresh tokens; the body is optional."""
    user_id = user_of(request, tenant).user_id
    body = await read_body(request, RevokeAccess) if await request.body() else RevokeAccess()
    for secret, session in list(tenant.state.sessions.items()):
        if session.user_id == user_id and body.session_id in {None, session.id}:
            tenant.end_session(secret, "session-revoked")
    if not body.preserve_refresh_tokens:
        families = [each for each in tenant.state.families.values() if each.grant.user_id == user_id]
        wanted = (each for each in families if body.session_id in {None, each.grant.session_id})
        cascade.revoke(tenant, list(wanted))
    return Response(status_code=202)


def _session(request: Request, tenant: Tenant) -> tuple[str, Session]:
    """Return a session with the secret of its cookie; the words of the error are unverified."""
    for secret, session in tenant.state.sessions.items():
        if session.id == request.path_params["id"]:
            return secret, session
    raise ApiError(404, "The session does not exist.", "inexistent_session")


ROUTES = (
    Route("GET", "/users/{id}/sessions", list_sessions, ("read:sessions",)),
    Route("DELETE", "/users/{id}/sessions", delete_sessions, ("delete:sessions",)),
    Route("POST", "/users/{id}/revoke-access", revoke_access, ("delete:sessions", "delete:refresh_tokens")),
    Route("GET", "/sessions/{id}", get_session, ("read:sessions",)),
    Route("DELETE", "/sessions/{id}", delete_session, ("delete:sessions",)),
    Route("POST", "/sessions/{id}/revoke", revoke_session, ("delete:sessions", "delete:refresh_tokens")),
)
