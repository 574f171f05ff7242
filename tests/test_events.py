"""Several observers as one: in their order, those with handlers only for the events that they handle."""

from auth0_sso.events import IGNORE, Event, EventHandlers, OutageEnded, RequestServed, TenantCallShed, observers

SERVED = RequestServed("GET", "/page", 200, 0.001)
ENDED = OutageEnded("management")


class Handlers(EventHandlers):
    def __init__(self, seen: list[tuple[str, Event]], name: str, *types: type) -> None:
        self.handlers = dict.fromkeys(types, lambda event: seen.append((name, event)))


class CountsAll(Handlers):
    """An app's own, which wants to see each event."""

    calls = 0

    def __call__(self, event: Event) -> None:
        self.calls += 1
        super().__call__(event)


def test_observers_are_called_in_their_order() -> None:
    seen: list[tuple[str, Event]] = []
    first, last = Handlers(seen, "first", RequestServed), Handlers(seen, "last", RequestServed, OutageEnded)
    observe = observers(first, IGNORE, lambda event: seen.append(("function", event)), last)
    observe(SERVED)
    observe(ENDED)
    observe(TenantCallShed("management", "rate_limited"))
    assert [(name, type(event)) for name, event in seen] == [
        ("first", RequestServed),
        ("function", RequestServed),
        ("last", RequestServed),
        ("function", OutageEnded),
        ("last", OutageEnded),
        ("function", TenantCallShed),
    ]


def test_an_event_that_none_handles_is_ignored() -> None:
    seen: list[tuple[str, Event]] = []
    one, other = Handlers(seen, "one", RequestServed), Handlers(seen, "other", RequestServed)
    observers(one, other)(ENDED)
    one(ENDED)
    assert seen == []


def test_a_subclass_that_observes_itself_sees_each_event() -> None:
    seen: list[tuple[str, Event]] = []
    own = CountsAll(seen, "own", RequestServed)
    observe = observers(Handlers(seen, "first", OutageEnded), own)
    observe(SERVED)
    observe(ENDED)
    assert own.calls == 2
    assert seen == [("own", SERVED), ("first", ENDED)]


def test_one_observer_is_returned_itself() -> None:
    one = Handlers([], "one")
    assert observers(IGNORE, one) is one
    assert observers(IGNORE) is IGNORE
