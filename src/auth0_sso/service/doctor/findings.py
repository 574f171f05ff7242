"""What a check finds."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "warn", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it. No secret and no token is in either text."""

    status: Status
    message: str
    fix: str = ""
    """The setting to write, or the place in the Auth0 Dashboard; empty where there is nothing to do."""


def passed(message: str) -> Finding:
    """Return what is as it should be."""
    return Finding("pass", message)


def warned(message: str, fix: str) -> Finding:
    """Return what works and may not be meant so, or what could not be checked and how to check it."""
    return Finding("warn", message, fix)


def failed(message: str, fix: str) -> Finding:
    """Return what does not work or is not safe."""
    return Finding("fail", message, fix)


def skipped(message: str, fix: str = "") -> Finding:
    """Return what was not checked: it is not set up, or something it needs has failed."""
    return Finding("skip", message, fix)
