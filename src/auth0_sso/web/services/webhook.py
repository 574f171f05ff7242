"""What Auth0 calls with a token of ours: which tokens are accepted."""

from collections.abc import Iterable, Sequence
from hmac import compare_digest
from typing import TypeVar

from pydantic import SecretStr

from auth0_sso.errors import InvalidTokenError
from auth0_sso.tokens.bearer import read_bearer_token


class Webhook:
    """Accepts the tokens of a setting, of which each is on a line of its own."""

    def __init__(self, tokens: SecretStr) -> None:
        """Take the tokens."""
        self.accept(tokens)

    def accept(self, tokens: SecretStr) -> None:
        """Accept these from now on."""
        self._tokens = tuple(token.encode() for token in tokens.get_secret_value().splitlines())

    def has_token(self, sent: bytes) -> bool:
        """Return whether that is one of them."""
        return any(compare_digest(sent, token) for token in self._tokens)


W = TypeVar("W", bound=Webhook)


def called_webhook(webhooks: Iterable[W], authorization: Sequence[bytes], refused: InvalidTokenError) -> W:
    """Return the one whose token a request has, given the values of all its Authorization headers.

    Raises `MissingTokenError`, `InvalidRequestError`, or `refused` for another token.
    """
    sent = read_bearer_token(authorization).encode()
    for webhook in webhooks:
        if webhook.has_token(sent):
            return webhook
    raise refused
