"""Replaced parts of a protected app: a role source, signing keys and a counter."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from auth0_sso import AccessToken, CurrentRoles, CurrentToken, StaticKeys, protect, rate_limit, require_role
from auth0_sso.errors import InsufficientScopeError, StoreUnavailableError
from auth0_sso.ratelimit.limiter import Quota, Strategy
from auth0_sso.ratelimit.policy import Limit
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import SUBJECT, Issuer
from auth0_sso.tokens.jwk import JwkSet, VerificationKey
from auth0_sso.web.services.services import health_of
from support.host_app import library_settings
from support.running_app import running_app
from support.tenant_script import ScriptedTenant


class DatabaseRoles:
    """A `RoleSource` as an app may have it: a table of its own."""

    def __init__(self) -> None:
        self.table = {SUBJECT: frozenset({"editor"})}

    async def roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - the protocol has it
        if token.subject not in self.table:
            raise InsufficientScopeError("user_unknown", "You are not in our database.")
        return self.table[token.subject]

    async def organization_roles_of(self, token: AccessToken, *, stale_ok: bool = False) -> frozenset[str]:  # noqa: ARG002 - the protocol has them
        return frozenset()

    async def invalidate(self, subject: str) -> None:
        self.table.pop(subject, None)


class OwnCounter:
    """A `Counter` that counts each caller once, and can be down."""

    strategy: Strategy = "fixed-window"

    def __init__(self) -> None:
        self.counted: list[tuple[str, str, int]] = []
        self.down = False

    async def hit(self, limits: Sequence[Limit], name: str, caller: str, cost: int) -> list[Quota]:
        if self.down:
            raise StoreUnavailableError("down")
        allowed = (name, caller, cost) not in self.counted
        self.counted.append((name, caller, cost))
        return [Quota(remaining=1 if allowed else 0, reset_after=30) for _ in limits]


def own_app() -> FastAPI:
    app = FastAPI()

    @app.get("/me")
    async def me(token: CurrentToken) -> str:
        return token.subject

    @app.get("/roles", dependencies=[Depends(require_role("editor"))])
    async def list_roles(roles: CurrentRoles) -> list[str]:
        return sorted(roles)

    @app.get("/limited", dependencies=[Depends(rate_limit("1/minute"))])
    async def limited() -> str:
        return "counted"

    return app


@asynccontextmanager
async def running(
    tenant: ScriptedTenant,
    clock: HandClock,
    changes: dict[str, object] | None = None,
    **parts: Any,  # noqa: ANN401 - what protect takes
) -> AsyncIterator[httpx.AsyncClient]:
    app = protect(
        own_app(), library_settings(**(changes or {})), clock=clock, transport=httpx.ASGITransport(tenant), **parts
    )
    async with running_app(app, raising=True) as client:
        await clock.settle()
        yield client


@pytest.fixture
def headers(forge: Forge) -> dict[str, str]:
    return {"Authorization": f"Bearer {forge.token()}"}


async def test_with_keys_of_ones_own_nothing_is_fetched(
    tenant: ScriptedTenant, clock: HandClock, keys: StaticKeys, issuer: Issuer, headers: dict[str, str]
) -> None:
    async with running(tenant, clock, keys=keys) as client:
        assert (await client.get("/me", headers=headers)).json() == SUBJECT
        await clock.advance(100_000)
        unknown = issuer.token({"iss": "https://tenant.example.com/"}, header={"kid": "key-9"})
        refused = await client.get("/me", headers={"Authorization": f"Bearer {unknown}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert tenant.requests == []


class KeysOfAFile:
    """A `KeySource` as an app may have it: it has no keys until they are there."""

    def __init__(self, inner: StaticKeys) -> None:
        self._inner = inner
        self.current: JwkSet | None = None

    async def find_key(self, key_id: str, algorithm: str) -> VerificationKey:
        self.current = self._inner.current
        return await self._inner.find_key(key_id, algorithm)


async def test_the_health_of_own_keys_follows_whether_there_are_any(keys: StaticKeys) -> None:
    own = KeysOfAFile(keys)
    assert (health_of(own).state, health_of(own).keys) == ("missing", 0)
    await own.find_key("key-0", "RS256")
    assert (health_of(own).state, health_of(own).keys) == ("fresh", health_of(keys).keys)


async def test_roles_of_ones_own_need_no_management_credentials(
    tenant: ScriptedTenant, clock: HandClock, keys: StaticKeys, headers: dict[str, str]
) -> None:
    roles = DatabaseRoles()
    async with running(tenant, clock, keys=keys, roles=roles) as client:
        assert (await client.get("/roles", headers=headers)).json() == ["editor"]
        await roles.invalidate(SUBJECT)
        refused = await client.get("/roles", headers=headers)
    assert (refused.status_code, refused.json()["detail"]) == (403, "You are not in our database.")
    assert tenant.requests == []


async def test_roles_of_ones_own_win_over_the_setting(
    tenant: ScriptedTenant, clock: HandClock, keys: StaticKeys, headers: dict[str, str]
) -> None:
    changes: dict[str, object] = {"auth0_role_source": "claim", "auth0_role_claim": "https://example.com/roles"}
    async with running(tenant, clock, changes, keys=keys, roles=DatabaseRoles()) as client:
        assert (await client.get("/roles", headers=headers)).json() == ["editor"]


async def test_a_counter_of_ones_own_counts(
    tenant: ScriptedTenant, clock: HandClock, keys: StaticKeys, headers: dict[str, str]
) -> None:
    counter = OwnCounter()
    async with running(tenant, clock, keys=keys, counter=counter) as client:
        answers = [await client.get("/limited", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert counter.counted == [("GET /limited", f"subject {SUBJECT}", 1)] * 2


@pytest.mark.parametrize(
    ("on_error", "statuses"), [("local", [200, 429]), ("allow", [200, 200]), ("deny", [503, 503])]
)
async def test_while_a_counter_of_ones_own_is_down_the_setting_holds(
    tenant: ScriptedTenant,
    clock: HandClock,
    keys: StaticKeys,
    headers: dict[str, str],
    on_error: str,
    statuses: list[int],
) -> None:
    counter = OwnCounter()
    counter.down = True
    changes: dict[str, object] = {"rate_limit_on_store_error": on_error}
    async with running(tenant, clock, changes, keys=keys, counter=counter) as client:
        answers = [await client.get("/limited", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == statuses
