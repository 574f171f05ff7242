"""What a confidential client authenticates with: one secret or key, or two while it is rotated at Auth0."""

import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Final, TypeAlias

from auth0_sso.tokens.client_assertion import AssertionKey

_log = logging.getLogger(__name__)

Proof: TypeAlias = str | AssertionKey
"""The client secret, or the key that signs client assertions (Auth0: "private_key_jwt")."""

MAX_PROOFS: Final = 2
"""How many can be set at once: Auth0 has two keys of an application, and the old and the new secret make two."""


class Proofs:
    """The secrets or keys of a client, which can be replaced. The one that Auth0 accepted last is tried first."""

    __slots__ = ("_accepted", "_listed")

    def __init__(self, *listed: Proof) -> None:
        """Take them in the order in which they are set."""
        self._listed = listed
        self._accepted: Proof | None = None

    def replace(self, listed: Sequence[Proof]) -> None:
        """Use these from now on. A new first one is tried first, whichever was accepted last."""
        if self._listed[:1] != tuple(listed[:1]):
            self._accepted = None
        self._listed = tuple(listed)

    @property
    def listed(self) -> tuple[Proof, ...]:
        """All of them."""
        return self._listed

    @property
    def preferred(self) -> Proof:
        """The one to try first."""
        return self._accepted if self._accepted is not None and self._accepted in self._listed else self._listed[0]

    def next_after(self, refused: Collection[Proof]) -> Proof | None:
        """Return another one to try, when these were refused; None when there is no other."""
        return next((proof for proof in self._listed if proof not in refused), None)

    def record_accepted(self, proof: Proof, *, refused: int = 0) -> None:
        """Try this one first from now on; `refused` is how many were tried before it."""
        self._accepted = proof
        if refused:
            _log.warning(
                "Auth0 refuses a secret or key of the Management client that is set, and accepts another one, which "
                "is used now: remove the refused one once the rotation is over"
            )


def sealing_secrets(proofs: Iterable[Proof]) -> tuple[str, ...]:
    """Return what shared values are sealed with; of a key the key itself, since PEM has several spellings of one."""
    return tuple(proof.secret if isinstance(proof, AssertionKey) else proof for proof in proofs)
