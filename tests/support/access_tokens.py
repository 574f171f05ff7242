"""Access tokens as they are after verification, for code that takes them."""

from auth0_sso import AccessToken
from auth0_sso.testing.issuer import AUDIENCE, ISSUER, user_claims
from auth0_sso.tokens.claims import TokenPolicy, validate
from support.token_cases import NOW


def access_token(**claims: object) -> AccessToken:
    """Return a user's token, issued when the tests' clock starts, with these claims."""
    return validate(user_claims(NOW, **claims), TokenPolicy(ISSUER, frozenset({AUDIENCE})), NOW)
