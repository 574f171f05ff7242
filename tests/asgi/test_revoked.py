"""Revoked tokens in front of any ASGI app."""

from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import SUBJECT, Issuer
from support.asgi_socket import asgi_socket
from support.guarded_asgi_app import SeenApp, ask, bearer, guarded
from support.socket_app import EXPIRED


async def test_a_revoked_token_is_refused_and_its_websocket_closes(issuer: Issuer, clock: HandClock) -> None:
    app = SeenApp()
    async with guarded(app, issuer=issuer, clock=clock) as guard:
        headers = bearer(issuer)
        assert (await ask(guard, "/x", headers=headers)).status == 200
        async with asgi_socket(guard, "/x", headers=headers) as socket:
            assert (await socket.hear())["type"] == "websocket.accept"
            services = guard._services  # noqa: SLF001 - what an app's own route for logouts would hold
            assert services is not None
            await services.revocations.revoke_user(SUBJECT, "admin")
            assert await socket.hear() == EXPIRED
        refused = await ask(guard, "/x", headers=headers)
        assert (refused.status, b'"invalid_token"' in refused.body) == (401, True)
        assert len(app.scopes) == 2, "the app saw a refused request"
