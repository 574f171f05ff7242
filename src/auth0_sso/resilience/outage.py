"""An outage, of which observers are told when it begins and when it ends: once each."""

from auth0_sso.events import IGNORE, Component, Observer, OutageBegan, OutageEnded


class Outage:
    """Whether one part is down: as long as one of the causes that others note lasts."""

    def __init__(self, component: Component, observe: Observer = IGNORE, *, issuer: str = "") -> None:
        """Take the part, who is told, and the issuer whose part it is, where there are several."""
        self._component = component
        self._observe = observe
        self._issuer = issuer
        self._causes: set[str] = set()

    def declare(self, reason: str, *, cause: str = "") -> None:
        """Note that the part does not work; the reason is that of the first cause."""
        if not self._causes:
            self._observe(OutageBegan(self._component, reason, self._issuer))
        self._causes.add(cause)

    def resolve(self, *, cause: str = "") -> None:
        """Note that a cause has ended."""
        if cause in self._causes:
            self._causes.remove(cause)
            if not self._causes:
                self._observe(OutageEnded(self._component, self._issuer))
