"""Requests to the tenant, of which an observer is told."""

from dataclasses import dataclass
from time import perf_counter

from auth0_sso.events import IGNORE, Observer, TenantApi, TenantRequest
from auth0_sso.http.auth0_request_id import request_id_of
from auth0_sso.http.bounded_http import BoundedResponse, FetchError, send_bounded
from auth0_sso.http.client import httpx


@dataclass(frozen=True, slots=True)
class TenantCall:
    """What a request is for, as `TenantRequest` names it, and who is told."""

    observe: Observer
    api: TenantApi
    operation: str
    issuer: str = ""


async def send_to_tenant(
    client: httpx.AsyncClient,
    request: httpx.Request,
    call: TenantCall,
    *,
    max_seconds: float,
    max_bytes: int,
    retry: bool = False,
) -> BoundedResponse:
    """Send a request as `send_bounded` does, and tell the observer how it ended; `retry` says that it repeats one."""
    if call.observe is IGNORE:
        return await send_bounded(client, request, max_seconds=max_seconds, max_bytes=max_bytes)
    response: BoundedResponse | None = None
    error: str | None = "cancelled"
    started = perf_counter()
    try:
        response = await send_bounded(client, request, max_seconds=max_seconds, max_bytes=max_bytes)
        error = response.fault
    except FetchError as failed:
        error = failed.reason
        raise
    finally:
        seconds = perf_counter() - started
        call.observe(_event(call, request.method, seconds, response=response, error=error, retry=retry))
    return response


def _event(
    call: TenantCall, method: str, seconds: float, *, response: BoundedResponse | None, error: str | None, retry: bool
) -> TenantRequest:
    if response is None:
        return TenantRequest(call.api, method, call.operation, seconds, error=error, retry=retry)
    return TenantRequest(
        call.api,
        method,
        call.operation,
        seconds,
        status=response.status,
        error=error,
        request_id=request_id_of(response.headers),
        budget_left=_budget_left(response.headers),
        retry=retry,
        issuer=call.issuer,
    )


def _budget_left(headers: httpx.Headers) -> int | None:
    value: str = headers.get("X-RateLimit-Remaining", "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 12 else None
