"""The issuer of a benchmark: its keys, tokens as Auth0 issues them, and the two documents that verifiers fetch."""

import json
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.testing.issuer import AUDIENCE, Issuer, user_claims
from support.certificates import Certificate

ROLE_CLAIM, ROLE = "https://api.example.com/roles", "admin"
TOKEN_LENGTH = 830


def make_issuer(keys: int = 1) -> Issuer:
    """Return an issuer with RSA keys of 2048 bits."""
    return Issuer([rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(keys)])


def make_tokens(issuer: Issuer, url: str, number: int) -> list[str]:
    """Return access tokens of as many users, all administrators, of 830 characters each."""

    def token(user: int, padding: int) -> str:
        changes = {"iss": url, "sub": f"auth0|{user:024}", "aud": [AUDIENCE, f"{url}userinfo"], ROLE_CLAIM: [ROLE]}
        return issuer.token(user_claims(now, **changes, session="x" * padding))

    now = time.time()
    padding = 0
    while len(token(0, padding)) < TOKEN_LENGTH:
        padding += 1
    return [token(user, padding) for user in range(number)]


def tampered(token: str) -> str:
    """Return the token with one character of its signature replaced."""
    at = len(token) - 100
    return f"{token[:at]}{'B' if token[at] == 'A' else 'A'}{token[at + 1 :]}"


def documents(issuer: Issuer, url: str) -> dict[str, bytes]:
    """Return the issuer's metadata and its JWK Set, by path."""
    jwks_path = "/.well-known/jwks.json"
    metadata = {"issuer": url, "jwks_uri": url.rstrip("/") + jwks_path}
    return {
        "/.well-known/openid-configuration": json.dumps(metadata).encode(),
        jwks_path: json.dumps(issuer.jwks()).encode(),
    }


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def transport_to(issuer: Issuer, url: str) -> httpx.MockTransport:
    """Return a transport with the issuer's documents, without a network."""
    bodies = documents(issuer, url)
    return httpx.MockTransport(lambda request: httpx.Response(200, stream=_Stream(bodies[request.url.path])))


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, bodies: Mapping[str, bytes], *arguments: object) -> None:
        self._bodies = bodies
        super().__init__(*arguments)  # type: ignore[arg-type]  # the server's own arguments, passed on

    def do_GET(self) -> None:
        body = self._bodies.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the name in the base class
        """Log nothing."""


@contextmanager
def serving(issuer: Issuer, port: int, certificate: Certificate) -> Iterator[str]:
    """Serve the documents over TLS, which some of the libraries require; yield the issuer's URL."""
    url = f"https://127.0.0.1:{port}/"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, documents(issuer, url)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
