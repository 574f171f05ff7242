"""A token that the user gave: what the service would say of it."""

from collections.abc import AsyncIterator

from auth0_sso.jwks.remote import RemoteJwks
from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped
from auth0_sso.service.token.explanation import explain
from auth0_sso.tokens.verifier import TokenVerifier
from auth0_sso.web.services.components import token_policy


async def check_token(examination: Examination) -> AsyncIterator[Finding]:
    """Verify it as the service does."""
    settings, policy = examination.settings, token_policy(examination.settings)
    if examination.token is None:
        yield skipped("no token was given", "auth0-sso doctor --token - reads one from standard input")
        return
    keys = RemoteJwks(
        examination.client, settings.issuer, algorithms=settings.auth0_algorithms, clock=examination.clock
    )
    verifier = TokenVerifier(
        keys,
        policy,
        algorithms=settings.auth0_algorithms,
        max_token_bytes=settings.auth0_max_token_bytes,
        clock=examination.clock,
    )
    try:
        explanation = await explain(
            examination.token,
            verifier,
            policy,
            algorithms=settings.auth0_algorithms,
            now=examination.clock.wall(),
        )
    finally:
        await keys.aclose()
    if explanation.accepted:
        yield passed("the given token is accepted")
    else:
        more = "`auth0-sso token explain` shows every check"
        yield failed(f"the given token is refused ({explanation.reason})", f"{explanation.advice} {more}")
