"""Back-channel logout: the tenant tells applications that a session has ended.

OpenID Connect Back-Channel Logout 1.0; Auth0: "OIDC Back-Channel Logout" and "OIDC Back-Channel Logout Initiators".
"""

import ssl
import threading
from secrets import token_hex
from typing import Final
from uuid import uuid4

import httpx

from auth0_devtenant import jwt
from auth0_devtenant.state import Client, Session, Tenant

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LIFETIME: Final = 120
_TIMEOUT: Final = 5.0
_ATTEMPTS: Final = 3  # unverified: only that a 400 is not retried is known
_BY_DEFAULT: Final = ("rp-logout", "idp-logout")


class BackchannelLogout:
    """Sends logout tokens from threads of their own: the request that ends a session does not wait for them."""

    def __init__(self, tenant: Tenant) -> None:
        """Send for the sessions of a tenant that end from now on."""
        self._tenant = tenant
        self._threads: list[threading.Thread] = []
        tenant.session_listeners.append(self.session_ended)

    def session_ended(self, session: Session, initiator: str) -> None:
        """Send a logout token to each application of the session that has a URL and wants this initiator."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        for client_id in session.client_ids:
            client = self._tenant.state.clients.get(client_id)
            if client is None or not _wants(client, initiator):
                continue
            for url in client.backchannel_logout_urls:
                token = logout_token(self._tenant, client_id, session)
                self._start(client_id, url, token)

    def wait(self) -> None:
        """Wait until all that was begun is delivered, or given up."""
        for thread in self._threads:
            thread.join()

    def _start(self, client_id: str, url: str, token: str) -> None:
        thread = threading.Thread(
            target=self._deliver, args=(client_id, url, token), name="auth0-devtenant-logout", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _deliver(self, client_id: str, url: str, token: str) -> None:
        problem = ""
        # The receiver is near: a proxy from the environment could not reach it. SSL_CERT_FILE is used.
        with httpx.Client(trust_env=False, timeout=_TIMEOUT, verify=ssl.create_default_context()) as client:
            for _ in range(_ATTEMPTS):
                try:
                    response = client.post(url, data={"logout_token": token})
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    problem = type(error).__name__
                    continue
                if response.is_success:
                    kind = "oidc_backchannel_logout_succeeded"
                    self._tenant.log(kind, "Successful OIDC Back-Channel Logout", client_id=client_id)
                    return
                problem = f"HTTP {response.status_code}"
                if response.status_code == 400:
                    break
        description = f"Failed OIDC Back-Channel Logout: {problem}"
        self._tenant.log("oidc_backchannel_logout_failed", description, client_id=client_id)


def logout_token(tenant: Tenant, client_id: str, session: Session) -> str:
    """Return a logout token for an application, as Auth0 makes it: its `typ` is JWT, not logout+jwt."""
    now, key = int(tenant.now()), tenant.state.keys.current
    claims = {
        "iss": session.issuer or tenant.options.issuer,
        "sub": session.user_id,
        "aud": client_id,
        "iat": now,
        "exp": now + _LIFETIME,
        "jti": str(uuid4()),
        "events": {_EVENT: {}},
        "trace_id": token_hex(8),
        "sid": session.id,
    }
    return jwt.sign({"alg": "RS256", "typ": "JWT", "kid": key.kid}, claims, key.private)


def _wants(client: Client, initiator: str) -> bool:
    """Return whether the initiator is selected; those of an application that selects none are unverified."""
    chosen = client.oidc_logout.get("backchannel_logout_initiators") or {}
    return chosen.get("mode") == "all" or initiator in chosen.get("selected_initiators", _BY_DEFAULT)
