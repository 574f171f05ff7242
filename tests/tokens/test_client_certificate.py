from base64 import b64decode, b64encode
from hashlib import sha256
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.errors import InvalidTokenError
from auth0_sso.tokens.client_certificate import CertificateFormat, certificate_thumbprint

# RFC 8705 appendix A
LINES = (
    "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx",
    "ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG",
    "SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ",
    "/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID",
    "SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV",
    "bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=",
)
THUMBPRINT = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
BASE64 = "".join(LINES)
DER = b64decode(BASE64)
PEM = "\n".join(("-----BEGIN CERTIFICATE-----", *LINES, "-----END CERTIFICATE-----", ""))
ESCAPED = quote(PEM, safe="")
HASH = sha256(DER).hexdigest()


def refused(form: CertificateFormat, *values: bytes) -> bool:
    with pytest.raises(InvalidTokenError) as raised:
        certificate_thumbprint(list(values), form)
    return raised.value.reason == "certificate_invalid"


@pytest.mark.parametrize(
    ("form", "value"),
    [
        pytest.param("rfc9440", f":{BASE64}:", id="rfc9440"),
        pytest.param("rfc9440", f" :{BASE64}: ", id="rfc9440-spaces"),
        pytest.param("pem", ESCAPED, id="nginx"),
        pytest.param("pem", quote(PEM, safe="+/="), id="nginx-plus-unescaped"),
        pytest.param("xfcc", f"Hash={HASH}", id="xfcc-hash"),
        pytest.param("xfcc", f"hash={HASH.upper()}", id="xfcc-hash-upper-case"),
        pytest.param("xfcc", f'By=spiffe://a;Hash={HASH};Subject="CN=a,O=\\"b\\"";URI=spiffe://c', id="xfcc-subject"),
        pytest.param("xfcc", f'Hash={HASH};Cert="{ESCAPED}"', id="xfcc-both"),
        pytest.param("xfcc", f'Cert="{ESCAPED}";Chain="{ESCAPED}{ESCAPED}";DNS=a;DNS=b', id="xfcc-chain"),
    ],
)
def test_the_certificate_of_the_rfc_has_its_thumbprint(form: CertificateFormat, value: str) -> None:
    assert certificate_thumbprint([value.encode()], form) == THUMBPRINT


@pytest.mark.parametrize("form", ["rfc9440", "xfcc", "pem"])
def test_without_the_header_there_is_no_certificate(form: CertificateFormat) -> None:
    assert certificate_thumbprint([], form) is None
    assert certificate_thumbprint([b""], form) is None


@pytest.mark.parametrize(
    ("form", "value"),
    [
        pytest.param("rfc9440", BASE64, id="no-colons"),
        pytest.param("rfc9440", f":{BASE64}:, :{BASE64}:", id="two"),
        pytest.param("rfc9440", f":{BASE64}:;a=b", id="parameter"),
        pytest.param("rfc9440", f":{BASE64[:-4]}:", id="cut"),
        pytest.param("rfc9440", f":{b64encode(DER + b'x').decode()}:", id="trailing-byte"),
        pytest.param("rfc9440", f":{b64encode(DER + DER).decode()}:", id="two-in-one"),
        pytest.param("rfc9440", f":{b64encode(b'text').decode()}:", id="no-certificate"),
        pytest.param("rfc9440", "::", id="empty"),
        pytest.param("rfc9440", ":A:", id="no-base64"),
        pytest.param("pem", ESCAPED * 2, id="pem-two"),
        pytest.param("pem", ESCAPED.replace("%2B", " "), id="pem-plus-as-space"),
        pytest.param("pem", ESCAPED + "%", id="pem-half-escape"),
        pytest.param("pem", "(null)", id="pem-null"),
        pytest.param("xfcc", f"Hash={HASH},Hash={HASH}", id="xfcc-two-elements"),
        pytest.param("xfcc", f"Hash={HASH};Hash={HASH}", id="xfcc-two-hashes"),
        pytest.param("xfcc", f"Hash={HASH};", id="xfcc-open-end"),
        pytest.param("xfcc", f"Hash={HASH[:-1]}", id="xfcc-short"),
        pytest.param("xfcc", f'Hash={"0" * 64};Cert="{ESCAPED}"', id="xfcc-contradiction"),
        pytest.param("xfcc", "Subject=a", id="xfcc-no-certificate"),
        pytest.param("xfcc", f'Subject="a;Hash={HASH}', id="xfcc-open-quote"),
        pytest.param("xfcc", "=", id="xfcc-no-name"),
    ],
)
def test_what_is_not_one_certificate_is_refused(form: CertificateFormat, value: str) -> None:
    assert refused(form, value.encode())


def test_a_second_header_and_a_long_one_are_refused() -> None:
    value = f":{BASE64}:".encode()
    assert refused("rfc9440", value, value)
    assert refused("rfc9440", b":" + b"A" * 20_000 + b":")


@pytest.mark.parametrize("form", ["rfc9440", "xfcc", "pem"])
@given(value=st.binary(min_size=1, max_size=200))
def test_any_other_bytes_are_refused(form: CertificateFormat, value: bytes) -> None:
    assert refused(form, value)
