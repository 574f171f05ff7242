"""A development tenant for other people's clients: at localhost, with the origins they have, behind TLS or not.

Some SDKs insist on TLS. Browsers do not send cookies from a page without TLS to a tenant with it.
"""

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from auth0_devtenant import PEOPLE, fetch_machine_token, fetch_user_token
from support.certificates import make_certificate
from support.issuer_api import AUDIENCE
from support.process import free_port, process, wait_for_port
from support.visitor import Visitor

_TENANT = """
import sys, uvicorn
from auth0_devtenant import TenantOptions, create_tenant
issuer, certificate, key, *origins = sys.argv[1:]
tls = {"ssl_certfile": certificate, "ssl_keyfile": key} if issuer.startswith("https:") else {}
uvicorn.run(
    create_tenant(TenantOptions.for_origins(origins, issuer=issuer)),
    host="localhost",
    port=int(issuer.rstrip("/").rpartition(":")[2]),
    timeout_graceful_shutdown=1,
    log_level="warning",
    **tls,
)
"""


@dataclass(frozen=True, slots=True)
class ClientTenant:
    """A running tenant: its issuer, who signed its certificate, and the origins that its applications have."""

    issuer: str
    authority: Path
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
        trust = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
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
    port, certificate = free_port(), make_certificate(folder, "localhost")
    tenant = ClientTenant(f"{scheme}://localhost:{port}/", certificate.certificate, free_port(), free_port())
    origins = (tenant.page_origin, tenant.app_origin)
    files = (str(certificate.certificate), str(certificate.key))
    with process(sys.executable, "-c", _TENANT, tenant.issuer, *files, *origins):
        wait_for_port(port)
        yield tenant
