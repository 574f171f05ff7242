"""Authorization headers that hold no bearer token, two of them, or none that can be read (RFC 6750 section 2.1)."""

from auth0_sso.testing.hostile.cases import Build, Refused, line


def _malformed(name: str, build: Build, reason: str = "credentials_malformed") -> Refused:
    return Refused(name, build, reason, 400, "invalid_request")


def _no_token(name: str, build: Build, reason: str = "scheme_unsupported") -> Refused:
    return Refused(name, build, reason, 401, None)


HEADER_LINES = [
    _no_token("no-header", line(), "missing_token"),
    _no_token("vertical-tab-before-scheme", line("\x0bBearer {token}")),
    _no_token("basic", line("Basic dXNlcjpwYXNzd29yZA==")),
    _no_token("dpop-scheme", line("DPoP {token}")),
    _no_token("token-without-scheme", line("{token}")),
    _no_token("scheme-run-into-token", line("Bearer{token}")),
    _no_token("scheme-with-colon", line("Bearer: {token}")),
    _no_token("bearers", line("Bearers {token}")),
    _no_token("comma-before-scheme", line(", Bearer {token}")),
    _malformed("empty-header", line("")),
    _malformed("blank-header", line("  ")),
    _malformed("scheme-alone", line("Bearer")),
    _malformed("scheme-and-spaces", line("Bearer   ")),
    _malformed("tab-before-token", line("Bearer\t{token}")),
    _malformed("two-words", line("Bearer {token} {token}")),
    _malformed("two-credentials", line("Bearer {token}, Bearer {token}")),
    _malformed("comma-behind-token", line("Bearer {token},")),
    _malformed("quoted-token", line('Bearer "{token}"')),
    _malformed("auth-param", line('Bearer token="{token}"')),
    _malformed("form-feed-behind-token", line("Bearer {token}\x0c")),
    _malformed("nul", line("Bearer \x00{token}")),
    _malformed("newline-in-token", line("Bearer {token}\nX: y")),
    _malformed("latin-1", line("Bearer {token}\xff")),
    _malformed("bang-behind-token", line("Bearer {token}!")),
    _malformed("equals-before-token", line("Bearer ={token}")),
    _malformed("two-good-headers", line("Bearer {token}", "Bearer {token}"), "authorization_repeated"),
    _malformed("good-then-bad-header", line("Bearer {token}", "Bearer x"), "authorization_repeated"),
    _malformed("bad-then-good-header", line("Bearer x", "Bearer {token}"), "authorization_repeated"),
    _malformed("basic-beside-bearer", line("Basic dTpw", "Bearer {token}"), "authorization_repeated"),
    _malformed("empty-beside-bearer", line("", "Bearer {token}"), "authorization_repeated"),
]
