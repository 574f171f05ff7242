"""The memory of one worker over a million distinct tokens and callers, at the default settings.

Each token is verified once, and its subject is counted. Tokens are signed by ES256: a signature by RS256 takes
twenty times as long; what is cached of a token is the same. The memory is the resident set of the process: it grows
until both caches are full, and must be flat from then on.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from auth0_sso.jwks.static import StaticKeys
from auth0_sso.ratelimit.memory import MIB, MemoryCounter
from auth0_sso.ratelimit.policy import Policy
from auth0_sso.settings.settings import Settings
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, Issuer, public_ec_jwk, user_claims
from auth0_sso.tokens.claims import TokenPolicy
from auth0_sso.tokens.verifier import TokenVerifier

TOKENS, STEP = 1_000_000, 100_000
LIMIT = Policy.parse("60/minute")


def resident() -> float:
    """Return the resident set of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


async def growth(tokens: int = TOKENS, step: int = STEP) -> AsyncIterator[tuple[int, float, int]]:
    """Yield how many tokens were seen, the MiB this process has grown by, and how many callers are remembered."""
    issuer, started = Issuer([]), resident()
    default = Settings(auth0_domain="tenant.example.com", auth0_audience=(AUDIENCE,))
    verifier = TokenVerifier(
        StaticKeys({"keys": [public_ec_jwk(issuer.ec_key, "key-ec")]}, algorithms=("ES256",)),
        TokenPolicy(ISSUER, frozenset({AUDIENCE})),
        algorithms=("ES256",),
        cache_size=default.auth0_token_cache_size,
        cache_bytes=default.auth0_token_cache_mib * MIB,
    )
    counter = MemoryCounter(default.rate_limit_strategy, default.rate_limit_memory_mib * MIB)
    for number in range(1, tokens + 1):
        claims = user_claims(time.time(), sub=f"auth0|{number:024x}", jti=f"{number:032x}")
        token = await verifier.verify(issuer.token(claims, kid="key-ec", algorithm="ES256"))
        await counter.hit(LIMIT.limits, "GET /api/data", f"subject {token.subject}", 1)
        if number % step == 0:
            yield number, resident() - started, len(counter)


async def main() -> None:
    """Measure, and print a table."""
    print(f"Memory of one worker, a token and a caller each time ({TOKENS:,} in all):\n")
    async for tokens, grown, remembered in growth():
        print(f"  {tokens:>10,} tokens  {grown:>7.1f} MiB grown  {remembered:>8,} callers remembered", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
