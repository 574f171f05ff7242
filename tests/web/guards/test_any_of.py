"""`require_any_permission` and `require_any_scope`: one of several names opens a route."""

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI

from auth0_sso import AccessToken, require_any_permission, require_any_scope
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer, user_claims
from support.own_app import protected


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/permission")
    async def by_permission(_: Annotated[AccessToken, Depends(require_any_permission("read:b", "read:a"))]) -> str:
        return "open"

    @app.get("/scope", dependencies=[Depends(require_any_scope("read:a", "read:b"))])
    async def by_scope() -> str:
        return "open"

    return app


@pytest.mark.parametrize(
    ("path", "claims", "status"),
    [
        ("/permission", {"permissions": ["read:a"]}, 200),
        ("/permission", {"permissions": ["read:b", "more"]}, 200),
        ("/permission", {"permissions": ["read:c"]}, 403),
        ("/permission", {"permissions": ..., "scope": "read:a"}, 403),
        ("/scope", {"scope": "openid read:b"}, 200),
        ("/scope", {"scope": "read"}, 403),
        ("/scope", {"scope": ..., "permissions": ["read:a"]}, 403),
    ],
    ids=str,
)
async def test_one_of_the_names_opens_the_route(
    issuer: Issuer, clock: HandClock, path: str, claims: dict[str, Any], status: int
) -> None:
    async with protected(own_app(), issuer, clock) as client:
        headers = {"Authorization": f"Bearer {issuer.token(user_claims(clock.now, **claims))}"}
        answer = await client.get(path, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.headers["WWW-Authenticate"].endswith(', scope="read:a read:b", DPoP algs="ES256"')


@pytest.mark.parametrize("guard", [require_any_permission, require_any_scope])
@pytest.mark.parametrize("names", [(), ("",), ("a", 'b"')], ids=str)
def test_names_that_no_challenge_can_carry_are_refused_at_once(guard: Any, names: tuple[str, ...]) -> None:  # noqa: ANN401 - either guard
    with pytest.raises(ValueError, match="RFC 6749"):
        guard(*names)
