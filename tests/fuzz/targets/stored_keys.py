"""The last JWK Set as a file or Redis holds it: JSON that someone else may have written."""

import json

from auth0_sso.clock import WallTime
from auth0_sso.jwks.key_store import StoredKeys
from auth0_sso.testing.issuer import ISSUER
from auth0_sso.tokens import strict_json

_NOW = WallTime(1_800_000_000)
SEEDS = tuple(
    json.dumps(saved).encode()
    for saved in (
        StoredKeys({"keys": []}, 600.0).as_json(ISSUER, _NOW),
        {"issuer": ISSUER, "savedAt": True, "maxAge": False},
        {"issuer": ISSUER, "savedAt": -1e300, "maxAge": 1e300, "jwks": 7},
        {"issuer": "https://other.example.com/", "savedAt": 1, "maxAge": 1},
    )
)


def check(data: bytes) -> None:
    """Stored keys are of this issuer and not of the future; anything else is a `ValueError`."""
    try:
        stored = StoredKeys.from_json(strict_json.loads(data), ISSUER, _NOW)
    except ValueError:
        return
    assert json.loads(data)["issuer"] == ISSUER
    assert stored.age >= 0
    assert stored.max_age >= 0
    assert not isinstance(stored.max_age, bool)
