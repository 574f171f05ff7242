"""The watch over the log of the whole run would see a secret."""

import logging
import sys

import pytest

from auth0_devtenant import MANAGEMENT_CLIENT_SECRET
from auth0_sso.testing.issuer import Issuer
from support.logged_secrets import LoggedSecrets, shows_secret, watching


def test_each_kind_of_secret_is_recognized(issuer: Issuer) -> None:
    token = issuer.token({"sub": "auth0|1"})
    assert shows_secret(f"got {token}")
    assert shows_secret(f"client_secret={MANAGEMENT_CLIENT_SECRET}")
    assert shows_secret("authorization: bearer 0123456789abcdef0123")
    assert shows_secret("-----BEGIN RSA PRIVATE KEY-----")


@pytest.mark.parametrize("text", ["Bearer realm=x", "GET /profile 401 refusal=missing_token", "a.b.c"])
def test_other_texts_are_not(text: str) -> None:
    assert not shows_secret(text)


def test_records_are_examined_with_their_tracebacks(issuer: Issuer) -> None:
    secrets = LoggedSecrets()
    secrets.examine(logging.LogRecord("x", logging.INFO, "file", 1, "%s", (issuer.token({"sub": "1"}),), None))
    try:
        int(MANAGEMENT_CLIENT_SECRET)
    except ValueError:
        secrets.examine(logging.LogRecord("x", logging.ERROR, "file", 2, "failed", (), sys.exc_info()))
    secrets.examine(logging.LogRecord("x", logging.INFO, "file", 3, "harmless", (), None))
    assert secrets.found == ["x at file:1", "x at file:2"]


def test_the_watch_sees_what_any_logger_handles() -> None:
    logger = logging.getLogger("tests.logged_secrets")
    logger.setLevel(logging.INFO)
    with watching() as secrets:
        logger.info("seen")
        logger.setLevel(logging.WARNING)
        logger.info("not made")
    logger.warning("after it")
    assert secrets.records == 1
