"""The tenant's key pages as a test turns them over, and what a request for a key came to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from auth0_sso.errors import InvalidTokenError, KeysUnavailableError
from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.testing.clock import HandClock
from auth0_sso.testing.issuer import Issuer
from support.tenant_script import DISCOVERY, JWKS, Reply, ScriptedTenant, discovery_reply, json_reply


@dataclass(frozen=True, slots=True)
class KeyPages:
    """Discovery and JWK Set of a scripted tenant."""

    tenant: ScriptedTenant
    issuer: Issuer

    def show(self, *kids: str, cache_control: str = "max-age=600", gate: asyncio.Event | None = None) -> None:
        self.tenant.on(DISCOVERY, discovery_reply())
        keys = self.issuer.jwks(*kids)
        self.tenant.on(JWKS, json_reply(keys, headers={"Cache-Control": cache_control}, gate=gate))

    def go_down(self) -> None:
        for line in (DISCOVERY, JWKS):
            self.tenant.on(line, Reply(503, b"down"))


@asynccontextmanager
async def kept_fresh(jwks: RemoteJwks, clock: HandClock) -> AsyncIterator[None]:
    """Run `keep_fresh` beside the block, its first fetch done."""
    task = asyncio.create_task(jwks.keep_fresh())
    await clock.settle()
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def found(jwks: RemoteJwks, kid: str = "key-0") -> str:
    return (await jwks.find_key(kid, "RS256")).key_id


async def all_found(calls: Iterator[Awaitable[str]]) -> set[str]:
    """Return the kids found; a call that waits for a fetch held back fails."""
    async with asyncio.timeout(5):
        return set(await asyncio.gather(*calls))


async def refusal(jwks: RemoteJwks, kid: str) -> str:
    """Return why the token of that kid is refused."""
    with pytest.raises(InvalidTokenError) as raised:
        await jwks.find_key(kid, "RS256")
    assert kid not in f"{raised.value!r} {raised.value.reason}"
    return raised.value.reason


async def outage(jwks: RemoteJwks, kid: str = "key-0") -> KeysUnavailableError:
    """Return the error for a key that cannot be looked up."""
    with pytest.raises(KeysUnavailableError) as raised:
        await jwks.find_key(kid, "RS256")
    assert raised.value.retry_after >= 1
    return raised.value
