"""The table of hostile tokens as a test of an app uses it: send one, and see that it was refused."""

from dataclasses import dataclass
from typing import Protocol

from auth0_sso.testing.clock import STARTED
from auth0_sso.testing.hostile import REFUSED, Forge, Refused
from auth0_sso.testing.issuer import issuer_of_process


class Response(Protocol):
    """What is asked of a response; those of Starlette's `TestClient` and of httpx have it."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def headers(self) -> "Headers":
        """The headers."""


class Headers(Protocol):
    """What is asked of its headers."""

    def get(self, key: str, default: str) -> str:
        """Return the value of a header."""


@dataclass(frozen=True, slots=True)
class HostileToken:
    """One request that every guard must refuse, though most of its tokens are truly signed."""

    _case: Refused

    @property
    def id(self) -> str:
        """A name for it, such as `alg-none-unsigned`."""
        return self._case.id

    @property
    def reason(self) -> str:
        """Why a verifier refuses it that allows each algorithm of the table: docs/refusals.md."""
        return self._case.reason

    @property
    def status(self) -> int:
        """The status of the response: 401, or 400 for an Authorization header that cannot be read."""
        return self._case.status

    @property
    def error(self) -> str | None:
        """The error code of the challenge (RFC 6750 section 3.1); None for a challenge without one."""
        return self._case.error

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The Authorization headers to send: none, one or two."""
        values = self._case.build(Forge(issuer_of_process(), STARTED))
        return [(b"Authorization", value) for value in values]

    def assert_refused(self, response: Response) -> None:
        """Raise `AssertionError` unless the response refuses the token, with the right status and challenge."""
        __tracebackhide__ = True  # pytest then shows the test, not this
        challenge = response.headers.get("WWW-Authenticate", "")
        expected = "Bearer" if self.error is None else f'Bearer error="{self.error}"'
        only_dpop = expected.replace("Bearer", "DPoP")  # with AUTH0_DPOP=required
        if response.status_code != self.status or not challenge.startswith((expected, only_dpop)):
            raise AssertionError(
                f"{self.id} ({self.reason}) must be refused with {self.status} and the challenge {expected}; "
                f"the response is {response.status_code} with {challenge or 'no challenge'}"
            )


def hostile_tokens() -> tuple[HostileToken, ...]:
    """Return the table, for a test runner other than pytest."""
    return tuple(HostileToken(case) for case in REFUSED)
