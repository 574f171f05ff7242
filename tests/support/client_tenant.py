"""A development tenant for other people's clients: at localhost, with the origins they have, behind TLS or not.

Some SDKs insist on TLS. Browsers do not send cookies from a page without TLS to a tenant with it.
"""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from auth0_devtenant import PEOPLE, fetch_machine_token, fetch_user_token
from support.issuer_api import AUDIENCE
from support.process import free_port, wait_for_port
from support.visitor import Visitor

_CALLBACK_PATHS = ("/auth/callback", "/auth/callback/auth0")
"""Of nextjs-auth0 and Auth.js; `/` and `/callback` are those of every web origin."""

_SERVE = [sys.executable, "-m", "auth0_devtenant", "serve", "--json", "--quiet"]


@dataclass(frozen=True, slots=True)
class ClientTenant:
    """A running tenant: its issuer, who signed its certificate, and the origins that its applications have."""

    issuer: str
    authority: Path | None
    """The file of the certificate authority, where it has TLS."""
    page_port: int
    """Of the single page application's origin: http://localhost and this port."""
    app_port: int
    """The same of a web application with a server."""

    @property
    def domain(self) -> str:
        """The issuer as SDKs call it, such as localhost:8443."""
        return httpx.URL(self.issuer).netloc.decode()

    @property
    def page_origin(self) -> str:
        return f"http://localhost:{self.page_port}"

    @property
    def app_origin(self) -> str:
        return f"http://localhost:{self.app_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which Node.js, httpx and requests trust the tenant, and its address."""
        trust = () if self.authority is None else ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        return {
            **dict.fromkeys(trust, str(self.authority)),
            "AUTH0_DOMAIN": self.domain,
            "AUTH0_ISSUER": self.issuer,
            "AUTH0_AUDIENCE": AUDIENCE,
            "APP_PORT": str(self.app_port),
            "APP_ORIGIN": self.app_origin,
        }

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)

    def visitor(self, email: str) -> Visitor:
        """Return a person who logs in with that email."""
        return Visitor(email, _password_of(email), verify=self.trust)

    async def user_token(self, email: str) -> str:
        async with httpx.AsyncClient(verify=self.trust, trust_env=False) as client:
            return await fetch_user_token(
                client,
                self.issuer,
                email=email,
                password=_password_of(email),
                audience=AUDIENCE,
                redirect_uri=f"{self.page_origin}/callback",
            )

    async def machine_token(self, audience: str = AUDIENCE, **credentials: str) -> str:
        async with httpx.AsyncClient(verify=self.trust, trust_env=False) as client:
            return await fetch_machine_token(client, self.issuer, audience=audience, **credentials)


def _password_of(email: str) -> str:
    return next(person.password for person in PEOPLE if person.email == email)


@contextmanager
def client_tenant(folder: Path, scheme: Literal["http", "https"]) -> Iterator[ClientTenant]:
    """Run a tenant at localhost until the block ends; the files of its certificate are in the folder."""
    port, page_port, app_port = free_port(), free_port(), free_port()
    issuer = f"{scheme}://localhost:{port}/"
    origins = [f"http://localhost:{each}" for each in (page_port, app_port)]
    options = ["--port", str(port), "--issuer", issuer]
    options += [part for origin in origins for part in ("--web-origin", origin)]
    options += [part for path in _CALLBACK_PATHS for part in ("--callback-url", f"{origins[1]}{path}")]
    if scheme == "https":
        options += ["--tls", "--tls-folder", str(folder)]
    with subprocess.Popen([*_SERVE, *options], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            ca_file = json.loads(running.stdout.readline())["ca_file"]
            wait_for_port(port)
            yield ClientTenant(issuer, None if ca_file is None else Path(ca_file), page_port, app_port)
        finally:
            running.terminate()
