from hashlib import sha256

import pytest

from auth0_sso.web.middleware.logged_caller import CallerInLog, hashed, logged_caller


def test_a_hash_is_what_sha256sum_prints() -> None:
    assert hashed("auth0|1") == sha256(b"auth0|1").hexdigest()[:16]


@pytest.mark.parametrize("how", ["full", "hashed"])
def test_without_a_token_both_are_missing(how: CallerInLog) -> None:
    assert logged_caller(None, how) == (None, None)


def test_off_names_no_caller() -> None:
    assert logged_caller(None, "off") is None
