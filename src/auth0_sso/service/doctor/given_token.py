"""A token that the user gave: what the service would say of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped
from auth0_sso.service.token.explanation import explain
from auth0_sso.settings import Settings
from auth0_sso.tokens.verifier import TokenVerifier, TrustedIssuer
from auth0_sso.web.services.components import token_policy


async def check_token(examination: Examination) -> AsyncIterator[Finding]:
    """Verify it as the service does."""
    if examination.token is None:
        yield skipped("no token was given", "auth0-sso doctor --token - reads one from standard input")
        return
    async with AsyncExitStack() as stack:
        issuers = [
            _issuer(examination, settings, issuer, stack) for settings, issuer in _issuers(examination.settings)
        ]
        first, *others = issuers
        verifier = TokenVerifier(
            first.keys,
            first.policy,
            algorithms=first.algorithms,
            others=others,
            max_token_bytes=examination.settings.auth0_max_token_bytes,
            clock=examination.clock,
        )
        explanation = await explain(examination.token, verifier, now=examination.clock.wall())
    if explanation.accepted:
        yield passed("the given token is accepted")
    else:
        more = "`auth0-sso token explain` shows every check"
        yield failed(f"the given token is refused ({explanation.reason})", f"{explanation.advice} {more}")


def _issuers(settings: Settings) -> Iterator[tuple[Settings, str]]:
    for tenant in (settings, *settings.other_tenants):
        yield from ((tenant, issuer) for issuer in tenant.issuers)


def _issuer(examination: Examination, settings: Settings, issuer: str, stack: AsyncExitStack) -> TrustedIssuer:
    algorithms = settings.auth0_algorithms
    keys = RemoteJwks(examination.client, issuer, algorithms=algorithms, clock=examination.clock)
    stack.push_async_callback(keys.aclose)
    return TrustedIssuer(keys, token_policy(settings, issuer), algorithms)
