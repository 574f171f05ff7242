"""The application at Auth0 that asks for tokens: who it is, and what it authenticates with."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from auth0_sso.oauth.proofs import Proof, Proofs
from auth0_sso.settings import Settings
from auth0_sso.tokens.client_assertion import AssertionKey


@dataclass(frozen=True, slots=True)
class ConfidentialClient:
    """A client with a secret or a private key (RFC 6749 section 2.1).

    `issuer` is the tenant's URL with its trailing slash. `proof` is a client secret or an `AssertionKey`; while it is
    rotated two, as a sequence.
    """

    issuer: str
    client_id: str
    proof: Proof | Sequence[Proof] = field(repr=False)

    @property
    def proofs(self) -> Proofs:
        """The secrets or keys, in the order in which they are tried."""
        return Proofs(*([self.proof] if isinstance(self.proof, str | AssertionKey) else self.proof))

    @classmethod
    def of(cls, settings: Settings) -> "ConfidentialClient | None":
        """Return the machine-to-machine application of the settings, AUTH0_MANAGEMENT_CLIENT_ID, if there is one."""
        if not settings.has_management:
            return None
        return cls(settings.auth0_issuer_base_url, settings.auth0_management_client_id, proofs_of(settings))


def proofs_of(settings: Settings) -> tuple[Proof, ...]:
    """Return the Management client's private keys where it has some, else its secrets: one, or two in a rotation."""
    pems = settings.auth0_management_private_key.get_secret_value()
    if pems:
        return AssertionKey.listed(pems, settings.auth0_management_private_key_id)
    return tuple(settings.auth0_management_client_secret.get_secret_value().splitlines())
