"""Types of command line arguments; each raises `argparse.ArgumentTypeError` for an invalid text."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return the type of an integer between two limits."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= 9 and minimum <= int(text) <= maximum):
            raise ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
        return int(text)

    return parse


def issuer(text: str) -> str:
    """Return the URL of a tenant, with a slash at the end."""
    url = _split(text)
    if url is None or url.query or url.fragment:
        raise ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:3001/")
    return text if text.endswith("/") else f"{text}/"


def origin(text: str) -> str:
    """Return the origin of a web application, without a slash at the end (RFC 6454)."""
    url, text = _split(text), text.removesuffix("/")
    if url is None or text != f"{url.scheme}://{url.netloc}":
        raise ArgumentTypeError(f"{text!r} is not an origin such as http://localhost:5173")
    return text


def url(text: str) -> str:
    """Return an absolute URL; mobile applications have schemes of their own."""
    if not urlsplit(text).scheme:
        raise ArgumentTypeError(f"{text!r} is not a URL such as http://localhost:5173/callback")
    return text


def _split(text: str) -> SplitResult | None:
    """Return the parts of an http or https URL with a host and a valid port; None for another text."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if valid else None
