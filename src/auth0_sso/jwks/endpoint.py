"""Fetching an issuer's JWK Set: OIDC discovery, then the set itself, with conditional requests (ETag)."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from auth0_sso.events import IGNORE, Observer
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse, FetchError, url_for_log
from auth0_sso.http.client import httpx
from auth0_sso.http.tenant_request import TenantCall, send_to_tenant
from auth0_sso.log_text import expected_and_found
from auth0_sso.tokens import strict_json
from auth0_sso.tokens.jwk import JwkSet

_MAX_METADATA_BYTES = 64 * 1024
_MAX_JWKS_BYTES = 512 * 1024
_MAX_ETAG_LENGTH = 256
_DISCOVERY = "/.well-known/openid-configuration"
_JWKS = "/.well-known/jwks.json"  # at Auth0; events name it so, whatever the issuer's is
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# Auth0 sends max-age=15 and advises to cache for 5 to 10 minutes ("JSON Web Key Sets"): hence the MIN.
_MIN_CACHE_SECONDS, _MAX_CACHE_SECONDS = 300.0, 86_400.0


@dataclass(frozen=True, slots=True)
class FetchedKeys:
    """The keys of a successful response, and the seconds for which they are fresh."""

    keys: JwkSet
    max_age: float


@dataclass(frozen=True, slots=True)
class _LastResponse:
    """The last successful response, and its ETag for If-None-Match (RFC 9110 section 13.1.2)."""

    fetched: FetchedKeys
    etag: str | None


class JwksEndpoint:
    """The JWK Set endpoint of one issuer. Not for concurrent use."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        issuer: str,
        algorithms: Collection[str],
        *,
        max_age: float,
        timeout: float,
        observe: Observer = IGNORE,
    ) -> None:
        """Take the issuer as it writes itself, the `max_age` of responses without one, and the timeout."""
        self._discovery = TenantCall(observe, "discovery", _DISCOVERY)
        self._jwks = TenantCall(observe, "jwks", _JWKS)
        self._client = client
        self._issuer = issuer
        self._algorithms = tuple(algorithms)
        self._max_age = max_age
        self._timeout = timeout
        self._jwks_uri: str | None = None
        self._last: _LastResponse | None = None
        self.last_url = issuer
        """The URL of the last request, as log lines show it."""
        self.last_request_id: str | None = None
        """Auth0's id of the last request, if there was a response with one."""

    async def fetch(self) -> FetchedKeys:
        """Return the current keys; raise `FetchError` if they cannot be fetched.

        A failure invalidates the discovered URL, because the issuer may have moved the set.
        """
        try:
            if self._jwks_uri is None:
                self._jwks_uri = await self._discover()
            self._last = await self._fetch_set(self._jwks_uri)
        except BaseException:
            self._jwks_uri = self._last = None
            raise
        return self._last.fetched

    async def _fetch_set(self, jwks_uri: str) -> _LastResponse:
        last = self._last
        etag = None if last is None else last.etag
        headers = {} if etag is None else {"If-None-Match": etag}
        response = await self._get(self._jwks, jwks_uri, headers, max_bytes=_MAX_JWKS_BYTES)
        max_age = _max_age(response.headers, self._max_age)
        if response.status == 304 and last is not None and etag is not None:
            return _LastResponse(replace(last.fetched, max_age=max_age), etag)
        # A malformed entry does not invalidate the other keys.
        document = _json(response, strict_json.loads_around_faults)
        try:
            keys = JwkSet.parse(document, self._algorithms)
        except ValueError:
            raise FetchError("jwks_unusable") from None
        return _LastResponse(FetchedKeys(keys, max_age), _etag(response.headers))

    async def _discover(self) -> str:
        """Return the URL of the set (OIDC Discovery 1.0 sections 4.1 to 4.3).

        A slash at the end of the issuer is left out before the path, and the metadata must be of this issuer.
        """
        url = f"{self._issuer.removesuffix('/')}{_DISCOVERY}"
        metadata = _json(await self._get(self._discovery, url, {}, max_bytes=_MAX_METADATA_BYTES), strict_json.loads)
        issuer = metadata.get("issuer") if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict) or issuer != self._issuer:
            found = [issuer] if isinstance(issuer, str) else ["no issuer"]
            raise FetchError("discovery_issuer_mismatch", expected_and_found([self._issuer], found))
        jwks_uri = metadata.get("jwks_uri")
        if not isinstance(jwks_uri, str) or not _is_secure(jwks_uri):
            raise FetchError("discovery_jwks_uri_insecure")
        return jwks_uri

    async def _get(self, call: TenantCall, url: str, headers: dict[str, str], *, max_bytes: int) -> BoundedResponse:
        request = self._client.build_request("GET", url, headers={"Accept": "application/json"} | headers)
        self.last_url = url_for_log(request.url)
        self.last_request_id = None
        response = await send_to_tenant(self._client, request, call, max_seconds=self._timeout, max_bytes=max_bytes)
        self.last_request_id = request_id_of(response.headers)
        return response


def _json(response: BoundedResponse, loads: Callable[[bytes], object]) -> object:
    if response.status != 200:
        raise FetchError(f"status_{response.status}")
    return response.json(loads)


def _max_age(headers: httpx.Headers, default: float) -> float:
    """Return the max-age (RFC 9111 section 5.2.2.1) between our MIN and MAX, in seconds."""
    directive = re.search(r"(?:^|[\s,])max-age=(\d{1,9})", headers.get("Cache-Control", ""), re.ASCII | re.IGNORECASE)
    if directive is None:
        return default
    return min(max(float(directive[1]), _MIN_CACHE_SECONDS), _MAX_CACHE_SECONDS)


def _etag(headers: httpx.Headers) -> str | None:
    etag = headers.get("ETag")
    return etag if etag and etag.isascii() and etag.isprintable() and len(etag) <= _MAX_ETAG_LENGTH else None


def _is_secure(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
        scheme, host = parsed.scheme, parsed.host
    except (httpx.InvalidURL, ValueError):  # ValueError: a host that is not valid IDNA
        return False
    return bool(host) and (scheme == "https" or (scheme == "http" and host in _LOOPBACK))
