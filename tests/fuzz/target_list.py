"""All fuzz targets: modules of `targets`, whose `check` takes any bytes, and raises only if a parser is wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

NAMES = (
    "access_token",
    "addresses",
    "bearer",
    "http_requests",
    "jwk",
    "jws",
    "lenient_json_text",
    "management_answers",
    "paths",
    "rate_limit_policy",
    "stored_keys",
    "strict_json_text",
    "trace_context",
)


@dataclass(frozen=True, slots=True)
class Target:
    """One parser and its oracles."""

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    """Inputs to start from, where there is no corpus yet."""


def load(name: str) -> Target:
    """Import one target: the fuzzer instruments what it imports, and needs no other."""
    module = import_module(f"fuzz.targets.{name}")
    return Target(name, module.check, module.SEEDS)
