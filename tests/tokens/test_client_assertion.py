import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from auth0_sso.clock import WallTime
from auth0_sso.testing.issuer import ISSUER
from auth0_sso.tokens.client_assertion import AssertionKey
from support.token_cases import NOW

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def pem(key: Private, encryption: KeySerializationEncryption | None = None) -> str:
    encrypted = NoEncryption() if encryption is None else encryption
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted).decode()


def test_an_assertion_has_the_claims_of_rfc_7523_and_is_signed(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    text = AssertionKey(pem(rsa_keys[0]), "key-7").assertion("client", ISSUER, WallTime(NOW + 0.9))
    key = joserfc_jwk.RSAKey.import_key(pem(rsa_keys[0]))
    read = joserfc_jwt.decode(text, key, algorithms=["RS256"])
    assert read.header["kid"] == "key-7"
    jti = read.claims.pop("jti")
    assert len(jti) == 32
    assert read.claims == {"iss": "client", "sub": "client", "aud": ISSUER, "iat": NOW, "exp": NOW + 60}


def traditional(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def test_the_secret_does_not_depend_on_the_encoding_of_the_key(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    text = pem(rsa_keys[0])
    spellings = (
        text,
        text.strip(),
        text.replace("\n", "\r\n"),
        f"\n{text}\n\n",
        f"Bag Attributes: none\n{text}",
        traditional(rsa_keys[0]),
    )
    assert len({AssertionKey(spelling).secret for spelling in spellings}) == 1
    assert AssertionKey(text, "key-7").secret == AssertionKey(text).secret


def test_another_key_has_another_secret(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    keys = [AssertionKey(pem(key)) for key in rsa_keys]
    assert len({key.secret for key in keys}) == len(keys)
    assert keys[0].secret not in repr(keys[0])


def test_no_two_assertions_are_equal(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    key = AssertionKey(pem(rsa_keys[0]))
    assert key.assertion("client", ISSUER, NOW) != key.assertion("client", ISSUER, NOW)


def test_without_a_key_id_the_header_has_no_kid(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    text = AssertionKey(pem(rsa_keys[0])).assertion("client", ISSUER, NOW)
    key = joserfc_jwk.RSAKey.import_key(pem(rsa_keys[0]))
    assert "kid" not in joserfc_jwt.decode(text, key, algorithms=["RS256"]).header


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not a private key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "is not a private key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is not an RSA key of 2048 bits"),
        (
            pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 - that it is refused is the test
            "is not an RSA key of 2048 bits",
        ),
        (
            pem(rsa.generate_private_key(public_exponent=65537, key_size=2048), BestAvailableEncryption(b"secret")),
            "is not a private key",
        ),
    ],
    ids=["empty", "garbage", "ec", "short", "encrypted"],
)
def test_a_key_that_cannot_sign_is_refused_at_construction(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        AssertionKey(text)


def test_the_repr_of_a_key_does_not_show_it(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    assert repr(AssertionKey(pem(rsa_keys[0]), "key-7")) == "AssertionKey(key_id='key-7')"


def test_keys_one_behind_the_other_get_the_ids_in_their_order(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    texts = pem(rsa_keys[0]), traditional(rsa_keys[1])
    listed = AssertionKey.listed("".join(texts), "key-1, key-2")
    assert [key.key_id for key in listed] == ["key-1", "key-2"]
    assert [key.secret for key in listed] == [AssertionKey(text).secret for text in texts]
    assert [key.key_id for key in AssertionKey.listed("\n\n".join(texts), "")] == [None, None]


@pytest.mark.parametrize("ids", ["key-1", "key-1,key-2,key-3"])
def test_another_number_of_ids_than_keys_is_refused(rsa_keys: tuple[rsa.RSAPrivateKey, ...], ids: str) -> None:
    with pytest.raises(ValueError, match=r"^has another number of keys than there are key ids$"):
        AssertionKey.listed(pem(rsa_keys[0]) + pem(rsa_keys[1]), ids)


def test_a_second_key_that_is_cut_off_is_refused(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
    cut = pem(rsa_keys[1])[:-300]
    with pytest.raises(ValueError, match=r"^is not a private key in PEM without a password$"):
        AssertionKey.listed(cut + pem(rsa_keys[0]), "")
