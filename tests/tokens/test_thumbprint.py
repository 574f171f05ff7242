import pytest

from auth0_sso.tokens.thumbprint import thumbprint

# RFC 7638 section 3.1
MODULUS = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)
RSA = {"kty": "RSA", "n": MODULUS, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
# RFC 9449 section 6.1, of the key of section 4.1
EC = {
    "kty": "EC",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    "crv": "P-256",
}
# RFC 8037 appendix A.3
OKP = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


@pytest.mark.parametrize(
    ("jwk", "expected"),
    [
        pytest.param(RSA, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", id="rfc-7638"),
        pytest.param(EC, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", id="rfc-9449"),
        pytest.param(OKP, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", id="rfc-8037"),
    ],
)
def test_the_thumbprints_of_the_rfcs_are_made(jwk: dict[str, object], expected: str) -> None:
    assert thumbprint(jwk) == expected


@pytest.mark.parametrize(
    "changes",
    [{"kty": "oct"}, {"kty": None}, {"kty": ["EC"]}, {"crv": None}, {"x": 1}, {"y": ""}, {"x": "\u00e9"}],
    ids=["kty-symmetric", "kty-missing", "kty-list", "crv-missing", "x-number", "y-empty", "x-not-ascii"],
)
def test_a_key_without_its_members_has_no_thumbprint(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"kty|crv"):
        thumbprint(EC | changes)
