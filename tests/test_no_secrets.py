"""No tracked file has a secret in it: a private key, a token, a client secret or an access key."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PATTERNS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}"),
    "private JWK": re.compile(r"\"d\"\s*:\s*\"[A-Za-z0-9_-]{40,}\""),
    "JWT": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    "client secret": re.compile(r"(?i)secret[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9_-]{48,}"),
    "refresh token": re.compile(r"\bv1\.[A-Za-z0-9_-]{40,}"),
    "access key": re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[0-9A-Za-z-]{20,})"),
}

ALLOWED: dict[tuple[str, str], str] = {}
"""Files in which a pattern may be, each with the reason why it is no secret."""

NEVER_TRACKED = re.compile(r"(^|/)(\.env|.*\.(pem|key|p12|pfx|jks))$")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a checkout of git")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def secrets_in(text: str) -> Iterator[str]:
    return (kind for kind, pattern in PATTERNS.items() if pattern.search(text))


def test_no_tracked_file_has_a_secret_in_it() -> None:
    names = tracked()
    assert len(names) > 500
    found = {
        (name, kind)
        for name in names
        for kind in secrets_in((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    }
    assert found - ALLOWED.keys() == set(), "take it out of the history, and rotate it"
    assert ALLOWED.keys() - found == set(), "what is not there needs no exception"


def test_no_file_of_secrets_is_tracked() -> None:
    assert [name for name in tracked() if NEVER_TRACKED.search(name)] == []
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "MIIE" * 16),
        ("private key", "-----BEGIN " + "PRIVATE KEY-----\n" + "MIIE" * 16),
        ("private JWK", '{"kty": "RSA", "d"' + ': "' + "x_-1" * 20 + '"}'),
        ("JWT", "eyJ" + "hbGciOiJSUzI1NiJ9.eyJ" + "zdWIiOiJhdXRoMHxhbm4ifQ." + "c2ln" * 12),
        ("client secret", "AUTH0_MANAGEMENT_CLIENT_SECRET" + "=" + "aB3_" * 16),
        ("client secret", 'client_secret": "' + "aB3-" * 16),
        ("refresh token", "v1." + "Mabc" * 12),
        ("access key", "AK" + "IA" + "ABCD" * 4),
        ("access key", "gh" + "p_" + "a1B2" * 9),
    ],
)
def test_each_kind_of_secret_would_be_found(kind: str, text: str) -> None:
    assert list(secrets_in(text)) == [kind]
