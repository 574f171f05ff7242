"""The rules of one app: which of them a request is under."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auth0_sso.asgi.paths import MAX_PATH, canonical, length_of, matcher_of_prefixes, other_readings, route_path
from auth0_sso.asgi.rule import Rule
from auth0_sso.errors import InvalidInputError


class RuleTable:
    """All rules of an app. A request is under the rule with the longest path, in whatever order they were given.

    What no rule is for needs a verified access token.
    """

    def __init__(self, rules: Iterable[Rule], root_path: str = "") -> None:
        """Take the rules, and the root path which the app sets itself, whatever the server says.

        Raises `ValueError` for two rules for the same requests, and for a path with rules for some methods only: all
        others would be under the rule of a shorter path, which may ask for less.
        """
        self._root_path = root_path
        by_path: dict[str, list[Rule]] = {}
        for rule in rules:
            by_path.setdefault(rule.path.rstrip("/"), []).append(rule)
        if len({path.casefold() for path in by_path}) < len(by_path):
            raise ValueError("the paths of two rules differ in case only")
        places = {path: _Place(path or "/", of_path) for path, of_path in by_path.items()}
        self._root = places.setdefault("", _Place("/", [Rule("/")]))
        self.rules = tuple(rule for place in places.values() for rule in place.rules)
        """All rules, with the one for what no other is for."""
        self._written = _Prefixes(places)
        self._folded = _Prefixes({path.casefold(): place for path, place in places.items()})
        self._is_one = len(places) == 1
        self._lower_case = {path: place for path, place in places.items() if path == path.casefold()}
        self._match_plain = matcher_of_prefixes(map(str.casefold, places), plain=True)

    def rule_for(self, method: str | None, path: str) -> Rule:
        """Return the rule for the path of a route, as the app declares it; without a method, for a WebSocket."""
        place = self._written.find(path.rstrip("/"))
        return place.others if method is None else place.rule_for(method)

    def methods_with_rules(self, path: str) -> tuple[str, ...]:
        """Return the methods that have a rule of their own for the path of a route."""
        return tuple(self._written.find(path.rstrip("/")).by_method)

    def find(self, scope: Mapping[str, Any]) -> Rule:
        """Return the rule for a request or WebSocket (ASGI 3).

        Raises `InvalidInputError` where its path or method has a reading that is under another rule, and for a path
        too long to look for one.
        """
        place = self._root if self._is_one else self._place_of(scope)
        if place.by_method and scope["type"] == "http":
            return place.rule_for(scope["method"])
        return place.others

    def _place_of(self, scope: Mapping[str, Any]) -> "_Place":
        root_path = self._root_path or scope.get("root_path", "")
        raw = scope.get("raw_path") or b""
        if (not raw or len(raw) > MAX_PATH) and length_of(scope) > MAX_PATH:
            raise InvalidInputError("The path of this request is too long.", reason="path_too_long")
        if not root_path and b"%" not in raw:  # most paths need no more than this
            plain = self._match_plain(scope["path"])
            if plain is not None and plain[1] in self._lower_case:
                return self._lower_case[plain[1]]
        path = route_path(scope["path"], root_path)
        place, folded = self._written.find(path), canonical(path or "/")
        readings = other_readings(scope, root_path)
        if (
            folded is None
            or self._folded.find(folded) is not place
            or any(self._written.find(reading) is not place for reading in readings)
        ):
            raise InvalidInputError("The path of this request can be read in two ways.", reason="path_ambiguous")
        return place


class _Place:
    """The rules of one path: some by method, and the one for all other methods and WebSockets."""

    __slots__ = ("by_method", "others", "rules")

    def __init__(self, path: str, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.by_method: dict[str, Rule] = {}
        for rule in rules:
            for method in rule.methods:
                if self.by_method.setdefault(method, rule) is not rule:
                    raise ValueError(f"two rules are for {method} {path}")
        others = [rule for rule in rules if not rule.methods]
        if len(others) != 1:
            raise ValueError(f"{path} needs one rule without methods, for all methods that no other rule of it names")
        (self.others,) = others

    def rule_for(self, method: str) -> Rule:
        """Return the rule for a method.

        Raises `InvalidInputError` for `get` if `GET` has another rule: some frameworks read all methods in capitals.
        """
        rule = self._find(method)
        if self._find(method.upper()) is not rule:
            raise InvalidInputError("The method of this request is not in capitals.", reason="method_ambiguous")
        return rule

    def _find(self, method: str) -> Rule:
        return self.by_method.get("GET" if method == "HEAD" else method, self.others)


class _Prefixes:
    """Finds the longest of some paths that a path begins with, by whole segments."""

    __slots__ = ("_match", "_places")

    def __init__(self, places: Mapping[str, _Place]) -> None:
        self._places = places
        self._match = matcher_of_prefixes(places)

    def find(self, path: str) -> _Place:
        """Return the rules for a path; those of `/` for one that does not begin with it."""
        found = self._match(path)
        return self._places[found[1] if found else ""]
