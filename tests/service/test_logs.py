import logging

import pytest

from auth0_sso.service.logs import configure_logs
from auth0_sso.web.middleware.request_context import request_id_variable

pytestmark = pytest.mark.usefixtures("logging_restored")


def test_a_record_carries_the_request_id_and_httpx_urls_stay_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    token = request_id_variable.set("trace-1")
    logging.getLogger("auth0_sso.tenant").info("keys fetched")
    for name in ("httpx", "httpx2"):
        logging.getLogger(name).info("HTTP Request: GET https://tenant/?secret=1")
    for name in ("httpcore.http11", "httpcore2.http11"):
        logging.getLogger(name).info("headers")
    logging.getLogger("auth0_sso").debug("too fine")
    request_id_variable.reset(token)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("INFO auth0_sso.tenant [trace-1] keys fetched")
