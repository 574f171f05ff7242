import json
from base64 import urlsafe_b64decode

import pytest

from auth0_sso.errors import InvalidTokenError
from auth0_sso.testing.hostile import Forge
from auth0_sso.testing.issuer import Issuer, base64url, json_part, public_jwk, user_claims
from auth0_sso.tokens.jwk import MAX_KID_LENGTH, JwkSet
from auth0_sso.tokens.jws import parse, verify
from auth0_sso.tokens.read_only import frozen_object
from support.token_cases import NOW

# RFC 7515 appendix A.2: an RS256 signature and the key that made it.
A2_PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
A2_HEADER = "eyJhbGciOiJSUzI1NiJ9"
A2_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
    "p0igcN_IoypGlUPQGe77Rw"
)
A2_JWK = {
    "kty": "RSA",
    "kid": "a2",
    "n": (
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"
        "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"
        "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"
        "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"
        "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"
        "PAcDTW9gb54h4FRWyuXpoQ"
    ),
    "e": "AQAB",
}
# RFC 7515 appendix A.3: ES256.
A3_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
A3_JWK = {
    "kty": "EC",
    "kid": "a3",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


def refusal(token: str) -> str:
    with pytest.raises(InvalidTokenError) as caught:
        parse(token.encode("utf-8"), ["RS256"])
    return caught.value.reason


@pytest.mark.parametrize(
    ("algorithm", "header", "signature", "key"),
    [("RS256", A2_HEADER, A2_SIGNATURE, A2_JWK), ("ES256", "eyJhbGciOiJFUzI1NiJ9", A3_SIGNATURE, A3_JWK)],
    ids=["A.2", "A.3"],
)
def test_only_the_signatures_of_rfc_7515_are_valid(
    algorithm: str, header: str, signature: str, key: dict[str, object]
) -> None:
    found = JwkSet.parse({"keys": [key]}, [algorithm]).find(str(key["kid"]), algorithm)
    assert found is not None
    message, raw = f"{header}.{A2_PAYLOAD}".encode(), urlsafe_b64decode(signature + "==")
    assert found.verifies(message, raw)
    assert not found.verifies(message + b"x", raw)
    assert not found.verifies(message, raw[:-1] + bytes([raw[-1] ^ 1]))


def test_the_unsecured_jwt_of_rfc_7519_is_refused() -> None:
    assert refusal(f"eyJhbGciOiJub25lIn0.{A2_PAYLOAD}.") == "alg_not_allowed"


def test_the_hmac_jwt_of_rfc_7519_is_refused_naming_the_setting() -> None:
    token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + A2_PAYLOAD + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    with pytest.raises(InvalidTokenError, match="RS256") as caught:
        parse(token.encode(), ["RS256"])
    assert caught.value.reason == "alg_symmetric"


@pytest.mark.parametrize(
    ("part", "before", "after"),
    [
        (part, before, after)
        for part in ("header", "payload", "signature")
        for before, after in [
            ("", " "),
            ("", "="),
            ("", "=="),
            ("", "===="),
            ("", "==ZZZZ"),
            ("", "\r\n"),
            ("", "!*#"),
            ("", "\x00"),
            (" ", ""),
            ("=", ""),
            ("+", ""),
            ("/", ""),
            ("~", ""),
            ("\u00e9", ""),
            ("\u0410", ""),
        ]
    ],
)
def test_only_canonical_base64url_is_accepted(forge: Forge, part: str, before: str, after: str) -> None:
    parts = dict(zip(("header", "payload", "signature"), forge.token().split("."), strict=True))
    assert refusal(".".join((parts | {part: before + parts[part] + after}).values())) == f"{part}_not_base64url"
    inside = parts[part][:8] + before + after + parts[part][8:]
    assert refusal(".".join((parts | {part: inside}).values())) == f"{part}_not_base64url"


def test_each_length_of_bytes_has_one_encoding(forge: Forge) -> None:
    head, body, _ = forge.token().split(".")
    for length in range(1, 7):
        signature = b"\xfb" * length
        assert parse(f"{head}.{body}.{base64url(signature)}".encode(), ["RS256"]).signature == signature


def test_a_kid_of_the_maximum_length_is_accepted(forge: Forge) -> None:
    longest = "k" * MAX_KID_LENGTH
    for kid in ("k", longest):
        assert parse(forge.token({"kid": kid}).encode(), ["RS256"]).key_id == kid
    assert refusal(forge.token({"kid": longest + "k"})) == "kid_invalid"


def test_an_algorithm_allowed_elsewhere_is_refused_here(forge: Forge) -> None:
    token = forge.token().encode()
    assert parse(token, ["RS256", "RS512"]).algorithm == "RS256"
    with pytest.raises(InvalidTokenError) as caught:
        parse(token, ["RS512"])
    assert caught.value.reason == "alg_not_allowed"


def test_a_list_of_algorithms_is_no_substring_search(forge: Forge) -> None:
    with pytest.raises(InvalidTokenError):
        parse(forge.token({"alg": "RS2"}).encode(), ("RS256",))


def test_a_key_verifies_no_token_of_another_algorithm(issuer: Issuer, forge: Forge) -> None:
    jws = parse(forge.token().encode(), ["RS256"])
    same_key = public_jwk(issuer.keys["key-0"], "key-0", alg="RS512")
    key = JwkSet.parse({"keys": [same_key]}, ["RS512"]).find("key-0", "RS512")
    assert key is not None
    with pytest.raises(InvalidTokenError) as caught:
        verify(jws, key)
    assert caught.value.reason == "signature_mismatch"


def test_verified_claims_are_those_that_were_signed(issuer: Issuer) -> None:
    claims = user_claims(NOW)
    text = f"{json_part({'alg': 'RS256', 'kid': 'key-0'})}.{base64url(json.dumps(claims, indent=2).encode())}"
    key = JwkSet.parse(issuer.jwks("key-0"), ["RS256"]).find("key-0", "RS256")
    assert key is not None
    assert verify(parse(issuer.sign(text).encode(), ["RS256"]), key) == frozen_object(claims)


def test_no_single_character_of_a_token_can_be_another(issuer: Issuer, forge: Forge) -> None:
    keys, token = JwkSet.parse(issuer.jwks("key-0"), ["RS256"]), forge.token()
    assert read_by(keys, token)
    for position, character in enumerate(token):
        for other in set("Aa0-_.=") - {character}:
            with pytest.raises(InvalidTokenError):
                read_by(keys, token[:position] + other + token[position + 1 :])
        with pytest.raises(InvalidTokenError):
            read_by(keys, token[:position] + token[position + 1 :])


def read_by(keys: JwkSet, token: str) -> object:
    jws = parse(token.encode(), ["RS256"])
    key = keys.find(jws.key_id, jws.algorithm)
    if key is None:
        raise InvalidTokenError("kid_unknown", "The access token is signed with a key this issuer does not have.")
    return verify(jws, key)
