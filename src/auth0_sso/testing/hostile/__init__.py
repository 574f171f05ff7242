"""Every request that must be refused, as data: what it is, why it is refused, and how the response says so."""

from typing import Final

from auth0_sso.testing.hostile.authorization_headers import HEADER_LINES
from auth0_sso.testing.hostile.cases import Forge, Refused
from auth0_sso.testing.hostile.claims import CLAIMS
from auth0_sso.testing.hostile.jose_headers import HEADERS
from auth0_sso.testing.hostile.payloads import PAYLOADS
from auth0_sso.testing.hostile.shapes import SHAPES
from auth0_sso.testing.hostile.signatures import SIGNATURES

__all__ = ["REFUSED", "Forge", "Refused"]

REFUSED: Final = (*HEADER_LINES, *SHAPES, *PAYLOADS, *HEADERS, *SIGNATURES, *CLAIMS)
"""The table; the library's own tests run it too."""
