import subprocess
import sys

PROGRAM = """
import logging
from auth0_sso.service.logs import configure_logs
from auth0_sso.web.middleware.request_context import request_id_variable
configure_logs("INFO")
request_id_variable.set("trace-1")
logging.getLogger("auth0_sso.tenant").info("keys fetched")
for name in ("httpx", "httpx2"):
    logging.getLogger(name).info("HTTP Request: GET https://tenant/?secret=1")
for name in ("httpcore.http11", "httpcore2.http11"):
    logging.getLogger(name).info("headers")
logging.getLogger("auth0_sso").debug("too fine")
"""


def test_a_record_carries_the_request_id_and_httpx_urls_stay_out() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("INFO auth0_sso.tenant [trace-1] keys fetched")
    assert "secret" not in result.stderr
