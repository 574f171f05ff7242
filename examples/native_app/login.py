"""A native app: log in with the browser, call the API, refresh the tokens (RFC 8252, RFC 7636)."""

import os
import webbrowser
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from secrets import compare_digest, token_urlsafe
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

ISSUER = os.environ.get("AUTH0_ISSUER", "http://127.0.0.1:3001/")
CLIENT_ID = os.environ.get("AUTH0_CLIENT_ID", "notes-for-the-desktop")
AUDIENCE = os.environ.get("AUTH0_AUDIENCE", "https://api.example.com")
API_URL = os.environ.get("API_URL", "http://127.0.0.1:3000")
PORT = 8765
REDIRECT_URI = f"http://127.0.0.1:{PORT}/callback"


class Callback(BaseHTTPRequestHandler):
    """Receives the redirect of the login, once."""

    received: dict[str, list[str]] = {}  # noqa: RUF012 - one login, one redirect

    def do_GET(self) -> None:
        """Keep the parameters of the redirect, and tell the person to come back."""
        url = urlsplit(self.path)
        if url.path != "/callback":
            self.send_error(404)
            return
        Callback.received = parse_qs(url.query)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"You can close this page and return to the app.\n")

    def log_message(self, *_: object) -> None:
        """Log nothing: the address has the code."""


def log_in(client: httpx.Client) -> dict[str, str]:
    """Return the tokens of the person who logs in."""
    state, verifier = token_urlsafe(32), token_urlsafe(32)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "audience": AUDIENCE,
        "scope": "openid profile email offline_access",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = f"{ISSUER}authorize?{urlencode(query)}"
    with HTTPServer(("127.0.0.1", PORT), Callback) as server:  # it listens before the browser opens
        print(f"Log in here if no browser opens:\n{url}", flush=True)
        webbrowser.open(url)
        while not Callback.received:
            server.handle_request()
    answer = {name: values[0] for name, values in Callback.received.items()}
    if not compare_digest(answer.get("state", ""), state):
        raise SystemExit("This is the answer to another login: start again.")
    if "code" not in answer:
        raise SystemExit(f"The login failed: {answer.get('error_description', answer.get('error'))}")
    return request_tokens(
        client,
        grant_type="authorization_code",
        code=answer["code"],
        redirect_uri=REDIRECT_URI,
        code_verifier=verifier,
    )


def request_tokens(client: httpx.Client, **parameters: str) -> dict[str, str]:
    """Return the response of the token endpoint."""
    response = client.post(f"{ISSUER}oauth/token", data={"client_id": CLIENT_ID} | parameters)
    if response.is_error:
        raise SystemExit(f"No token: {response.json().get('error_description')}")
    tokens: dict[str, str] = response.json()
    return tokens


def show_profile(client: httpx.Client, access_token: str) -> None:
    """Print what the API knows of the person."""
    response = client.get(f"{API_URL}/profile", headers={"Authorization": f"Bearer {access_token}"})
    response.raise_for_status()
    print(f"Hello, {response.json()['profile']['name']}!", flush=True)


def main() -> None:
    """Log in, call the API, refresh, call it again."""
    with httpx.Client(timeout=10) as client:
        tokens = log_in(client)
        show_profile(client, tokens["access_token"])
        # The refresh token works once: store the new one (on a real machine, in its keychain).
        tokens = request_tokens(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        show_profile(client, tokens["access_token"])


if __name__ == "__main__":
    main()
