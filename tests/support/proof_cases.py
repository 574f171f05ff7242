"""A table of DPoP proofs as data: what a resource server refuses, and what it accepts (RFC 9449 section 4.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from auth0_sso.tokens.dpop.proof import MAX_PROOF_BYTES
from support.proofs import ProofKey, ath_of, encoded


@dataclass(frozen=True)
class ProofCase:
    """The values of a request's DPoP headers, and why we refuse them: the reason without `dpop_`, None for a pass."""

    name: str
    reason: str | None
    proofs: tuple[str, ...]


@dataclass(frozen=True)
class ProvenGet:
    """A GET request that proofs are made for, at a time in whole seconds since 1970."""

    url: str
    token: str
    now: int
    key: ProofKey = field(default_factory=ProofKey)
    other_key: ProofKey = field(default_factory=ProofKey)

    @property
    def claims(self) -> dict[str, Any]:
        return {"htm": "GET", "htu": self.url, "iat": self.now, "ath": ath_of(self.token)}

    def proof(self, name: str, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        return self.key.proof({"jti": name} | self.claims | dict(claims), header)

    def cases(self) -> list[ProofCase]:
        """Return the whole table; each proof has a jti of its own."""
        return [*self._claims(), *self._headers(), *self._missing(), *self._texts(), *self._others()]

    def _claims(self) -> Iterator[ProofCase]:
        for name, reason, claims in (*_targets(self.url), *_values(self.now, self.token)):
            yield ProofCase(name, reason, (self.proof(name, claims),))

    def _headers(self) -> Iterator[ProofCase]:
        for name, reason, header in _headers(self.key.jwk, self.other_key.jwk):
            yield ProofCase(name, reason, (self.proof(name, {}, header),))

    def _missing(self) -> Iterator[ProofCase]:
        for name in ("jti", "htm", "htu", "iat", "ath"):
            proof = self.key.proof({"jti": f"no-{name}"} | self.claims, without=(name,))
            yield ProofCase(f"no-{name}", f"{name}_missing", (proof,))
        for name, reason in (("typ", "typ_not_allowed"), ("alg", "alg_not_allowed"), ("jwk", "jwk_missing")):
            proof = self.key.proof({"jti": f"no-{name}"} | self.claims, without=(name,))
            yield ProofCase(f"no-{name}", reason, (proof,))

    def _texts(self) -> Iterator[ProofCase]:
        header, payload, signature = self.proof("text", {}).split(".")
        for name, reason, text in (
            ("one-part", "malformed", "proof"),
            ("four-parts", "malformed", f"{header}.{payload}.{signature}."),
            ("no-signature", "signature_mismatch", f"{header}.{payload}."),
            ("short-signature", "signature_mismatch", f"{header}.{payload}.{signature[:-6]}"),
            ("padded", "header_not_base64url", f"{header}=.{payload}.{signature}"),
            ("header-list", "header_not_object", f"{encoded(b'[]')}.{payload}.{signature}"),
            ("payload-number", "payload_not_object", f"{header}.{encoded(b'1')}.{signature}"),
            ("payload-broken", "payload_not_json", f"{header}.{encoded(b'{')}.{signature}"),
            ("too-long", "too_long", "p" * (MAX_PROOF_BYTES + 1)),
        ):
            yield ProofCase(name, reason, (text,))

    def _others(self) -> Iterator[ProofCase]:
        plain = {"jti": "other-signature"} | self.claims
        yield ProofCase(
            "other-signature", "signature_mismatch", (self.other_key.proof(plain, {"jwk": self.key.jwk}),)
        )
        yield ProofCase("no-proof", "missing", ())
        yield ProofCase("two-proofs", "repeated", (self.proof("two-a", {}), self.proof("two-b", {})))
        yield ProofCase("plain", None, (self.proof("plain", {}),))


_Row = tuple[str, str | None, dict[str, Any]]


def _targets(url: str) -> Iterator[_Row]:
    """Yield htu and htm: other targets, and other spellings of the same."""
    parts = urlsplit(url)
    host, path, end = parts.netloc, parts.path, f"%{ord(parts.path[-1]):02x}"
    other_scheme = "http" if parts.scheme == "https" else "https"
    origin = f"{parts.scheme}://{host}"
    for name, reason, htu in (
        ("htu-other-path", "htu_mismatch", f"{origin}/other"),
        ("htu-other-scheme", "htu_mismatch", f"{other_scheme}://{host}{path}"),
        ("htu-other-host", "htu_mismatch", f"{parts.scheme}://other.example.org{path}"),
        ("htu-other-port", "htu_mismatch", f"{parts.scheme}://{parts.hostname}:444{path}"),
        ("htu-slash", "htu_mismatch", f"{url}/"),
        ("htu-relative", "htu_invalid", path),
        ("htu-user", "htu_invalid", f"{parts.scheme}://user@{host}{path}"),
        ("htu-list", "htu_invalid", [url]),
        ("htu-query", None, f"{url}?page=2"),
        ("htu-fragment", None, f"{url}#top"),
        ("htu-upper-case", None, f"{parts.scheme.upper()}://{host.upper()}{path}"),
        ("htu-escaped", None, f"{origin}{path[:-1]}{end}"),
        ("htu-dots", None, f"{origin}/other/..{path}"),
    ):
        yield name, reason, {"htu": htu}
    yield "htm-other", "htm_mismatch", {"htm": "POST"}
    yield "htm-lower-case", "htm_mismatch", {"htm": "get"}
    yield "htm-number", "htm_invalid", {"htm": 1}
    yield "htm-null", "htm_missing", {"htm": None}


def _values(now: int, token: str) -> list[_Row]:
    """Return the other claims: of another token or time, and malformed."""
    return [
        ("ath-other-token", "ath_mismatch", {"ath": ath_of("another-token")}),
        ("ath-padded", "ath_mismatch", {"ath": ath_of(token) + "="}),
        ("ath-empty", "ath_invalid", {"ath": ""}),
        ("ath-number", "ath_invalid", {"ath": 5}),
        ("iat-old", "too_old", {"iat": now - 301}),
        ("iat-ahead", "iat_in_future", {"iat": now + 60}),
        ("iat-recent", None, {"iat": now - 200}),
        ("iat-a-little-ahead", None, {"iat": now + 20}),
        ("iat-text", "iat_invalid", {"iat": str(now)}),
        ("iat-boolean", "iat_invalid", {"iat": True}),
        ("iat-null", "iat_missing", {"iat": None}),
        ("iat-negative", "too_old", {"iat": -1}),
        ("iat-huge", "iat_in_future", {"iat": 10**19}),
        ("jti-empty", "jti_invalid", {"jti": ""}),
        ("jti-long", "jti_invalid", {"jti": "j" * 257}),
        ("jti-number", "jti_invalid", {"jti": 7}),
        ("nonce-empty", "nonce_invalid", {"nonce": ""}),
        ("nonce-number", "nonce_invalid", {"nonce": 1}),
        ("nonce-long", "nonce_invalid", {"nonce": "n" * 257}),
        ("nonce-not-asked-for", None, {"nonce": "given"}),
    ]


def _headers(jwk: dict[str, str], other: dict[str, str]) -> list[_Row]:
    return [
        ("typ-jwt", "typ_not_allowed", {"typ": "JWT"}),
        ("typ-access-token", "typ_not_allowed", {"typ": "at+jwt"}),
        ("typ-null", "typ_not_allowed", {"typ": None}),
        ("typ-upper-case", None, {"typ": "DPoP+JWT"}),
        ("typ-application", None, {"typ": "application/dpop+jwt"}),
        ("alg-none", "alg_not_allowed", {"alg": "none"}),
        ("alg-symmetric", "alg_not_allowed", {"alg": "HS256"}),
        ("alg-not-offered", "alg_not_allowed", {"alg": "RS256"}),
        ("alg-lower-case", "alg_not_allowed", {"alg": "es256"}),
        ("alg-list", "alg_not_allowed", {"alg": ["ES256"]}),
        ("jwk-null", "jwk_missing", {"jwk": None}),
        ("jwk-text", "jwk_invalid", {"jwk": "text"}),
        ("jwk-empty", "jwk_invalid", {"jwk": {}}),
        ("jwk-symmetric", "jwk_invalid", {"jwk": {"kty": "oct", "k": "AAAA"}}),
        ("jwk-number", "jwk_invalid", {"jwk": jwk | {"x": 1}}),
        ("jwk-use-number", "jwk_invalid", {"jwk": jwk | {"use": 1}}),
        ("jwk-private", "jwk_invalid", {"jwk": jwk | {"d": "AAAA"}}),
        ("jwk-for-encryption", "jwk_invalid", {"jwk": jwk | {"use": "enc"}}),
        ("jwk-other-alg", "jwk_invalid", {"jwk": jwk | {"alg": "ES384"}}),
        ("jwk-other-key", "jkt_mismatch", {"jwk": other}),
        ("jwk-kid", None, {"jwk": jwk | {"kid": "a"}}),
        ("jwk-web-crypto", None, {"jwk": jwk | {"ext": True, "key_ops": ["verify"]}}),
        ("jwk-unknown-member", None, {"jwk": jwk | {"other": {"nested": []}}}),
        ("kid", None, {"kid": "ignored"}),
        ("crit", "crit_unsupported", {"crit": ["exp"]}),
        ("b64", "b64_unsupported", {"b64": True}),
        ("cty", "cty_unsupported", {"cty": "JWT"}),
        ("zip", "zip_unsupported", {"zip": "DEF"}),
        ("enc", "enc_unsupported", {"enc": "A128GCM"}),
    ]
