"""The loop in which tokens are fetched."""

import subprocess
import sys

from auth0_sso.calling.background import background_loop

FORKED = """
import os

import httpx

from auth0_sso import ClientCredentials, ConfidentialClient

asked = []


def answer(request):
    if request.url.path == "/oauth/token":
        asked.append(os.getpid())
        return httpx.Response(200, stream=httpx.ByteStream(b'{"access_token": "a-token", "expires_in": 0.001}'))
    return httpx.Response(200)


transport = httpx.MockTransport(answer)
client = ConfidentialClient("https://tenant.example.com/", "id", "secret")
auth = ClientCredentials("https://api", client=client, transport=transport)
with httpx.Client(transport=transport, auth=auth) as http:
    http.get("https://orders.example.com/")
    child = os.fork()
    http.get("https://orders.example.com/")
if child == 0:
    os._exit(0 if asked[-1] == os.getpid() else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_process_has_one_loop() -> None:
    assert background_loop() is background_loop()
    assert background_loop().is_running


def test_a_forked_process_fetches_tokens_in_a_loop_of_its_own() -> None:
    # From Python 3.12 on, fork() warns in any process with threads.
    command = [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", FORKED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
