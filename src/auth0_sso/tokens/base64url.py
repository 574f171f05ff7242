"""Canonical base64url without padding (RFC 7515 section 2, RFC 4648 section 3.5)."""

import binascii

# To the alphabet of binascii; "+", "/" and "=" become a character that it refuses.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/...")
_PADDING = (b"", b"", b"==", b"=")
# The last characters of a text by its length modulo 4, whose unused bits are 0. No text has 1 character more than 4n.
_LAST_CHARACTERS = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")


def decode(text: bytes) -> bytes:
    """Return the bytes that a text encodes, refusing every spelling but the canonical one.

    That is: no padding, no other alphabet, no white space, no stray bits. Raises `binascii.Error`, a `ValueError`.
    """
    remainder = len(text) % 4
    if remainder and text[-1:] not in _LAST_CHARACTERS[remainder]:
        raise binascii.Error("unused bits are set, or a character is missing")
    return binascii.a2b_base64(text.translate(_FROM_URL) + _PADDING[remainder], strict_mode=True)
