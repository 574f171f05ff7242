from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.tokens import base64url


@given(st.binary(max_size=64))
def test_bytes_have_one_spelling(data: bytes) -> None:
    text = urlsafe_b64encode(data).rstrip(b"=")
    assert base64url.decode(text) == data


@given(st.text("AEQgw048_-+/= \n.!", max_size=6).map(str.encode) | st.binary(max_size=6))
def test_a_text_that_is_decoded_is_what_its_bytes_encode_to(text: bytes) -> None:
    try:
        data = base64url.decode(text)
    except ValueError:
        return
    assert urlsafe_b64encode(data).rstrip(b"=") == text


@pytest.mark.parametrize(
    "text", [b"A", b"AAAAA", b"AB", b"AAB", b"AA==", b"A+AA", b"A/AA", b"AA A", b"AAAA\n", b"\xff\xff"]
)
def test_another_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        base64url.decode(text)
