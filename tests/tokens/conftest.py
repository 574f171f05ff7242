import pytest

from auth0_sso.testing.issuer import Issuer
from support.token_cases import KeysAtHand


@pytest.fixture
def keys(issuer: Issuer) -> KeysAtHand:
    return KeysAtHand.of(issuer)
