"""The issuer of `auth0_sso.testing`, under the name that the tests import it by."""

from auth0_sso.testing.issuer import (
    AUDIENCE,
    ISSUER,
    SUBJECT,
    Issuer,
    base64url,
    json_part,
    public_ec_jwk,
    public_jwk,
    user_claims,
)

__all__ = [
    "AUDIENCE",
    "ISSUER",
    "SUBJECT",
    "Issuer",
    "base64url",
    "json_part",
    "public_ec_jwk",
    "public_jwk",
    "user_claims",
]
