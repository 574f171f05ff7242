"""Management calls for a crowd of users without roles, by simulation: the real components, a clock moved by hand.

Each user asks for a route that needs a role every five seconds. Beside them one user with a role asks for the first
time in each second. Printed are the calls of a second, and the answers of both.
"""

import asyncio
import sys
from collections import Counter

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_devtenant import create_tenant
from auth0_sso.errors import ManagementUnavailableError
from auth0_sso.roles.source import RoleSource
from auth0_sso.testing.clock import HandClock
from auth0_sso.tokens.claims import AccessToken
from auth0_sso.web.services.services import open_services
from crowd import create_users_and_tokens
from support.service import OPTIONS, Wire, settings

POLL_SECONDS, WARM_UP = 5, 60


async def answer(roles: RoleSource, token: AccessToken) -> str:
    """Return what a user gets: `roles`, `none`, or the reason why the roles are not known."""
    try:
        return "roles" if await roles.roles_of(token) else "none"
    except ManagementUnavailableError as error:
        return error.reason


async def simulate(users: int, ttl: float) -> None:
    """Simulate, and print a line."""
    clock = HandClock(short_pause=-1)
    keys = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    tenant = create_tenant(OPTIONS, now=clock.wall, signing_keys=keys)
    wire = Wire(httpx.ASGITransport(tenant))
    seconds = int(2 * ttl)
    newcomers = WARM_UP + seconds
    texts = create_users_and_tokens(tenant.state.tenant, users + newcomers, users + newcomers)
    for number in range(users):
        tenant.state.tenant.state.users[f"auth0|crowd{number:019}"].role_ids = []
    crowd, others, before = Counter[str](), Counter[str](), 0
    async with open_services(settings(auth0_role_ttl_seconds=ttl), transport=wire, clock=clock) as services:
        assert services.roles is not None  # noqa: S101 - the settings have credentials
        await clock.settle()
        tokens = [await services.verifier.verify(text) for text in texts]
        for second in range(newcomers):
            if second == WARM_UP:
                before = wire.count("GET /api/v2/")
                crowd.clear()
                others.clear()
            asking = [answer(services.roles, token) for token in tokens[second % POLL_SECONDS : users : POLL_SECONDS]]
            newcomer, *answers = await asyncio.gather(answer(services.roles, tokens[users + second]), *asking)
            crowd.update(answers)
            others[newcomer] += 1
            await clock.advance(1)
        calls = (wire.count("GET /api/v2/") - before - 2 * seconds) / seconds
    print(f"{users:>7,} users, TTL {ttl:>3.0f} s: {calls:>7,.1f} calls/s for the crowd; ", end="")
    print(f"crowd: {dict(crowd)}; newcomers: {dict(others)}", flush=True)


def main() -> None:
    """Simulate the numbers of users that are given, or some."""
    for users in [int(word) for word in sys.argv[1:]] or [10, 100, 1000]:
        for ttl in (60, 300):
            asyncio.run(simulate(users, ttl))


if __name__ == "__main__":
    main()
