"""GET /admin/audit: the audit trail in the database, for administrators of the whole tenant."""

import json
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime

from auth0_sso.audit.document import document
from auth0_sso.audit.record import Outcome
from auth0_sso.audit.trail import MAX_PAGE, AuditPage, AuditQuery, AuditReader, Order
from auth0_sso.errors import AuditUnavailableError, InsufficientScopeError, NotFoundError
from auth0_sso.service.routes.audit_bodies import AuditDocument, AuditList
from auth0_sso.web.guards.authentication import tenant_services_of
from auth0_sso.web.guards.guarded_route import GuardedRoute
from auth0_sso.web.guards.role_guards import require_role
from auth0_sso.web.problems.problems import problem_responses

router = APIRouter(
    prefix="/admin",
    tags=["admin"],
    route_class=GuardedRoute,
    dependencies=[Depends(require_role("admin"))],
)


def other_tenant() -> InsufficientScopeError:
    """Return the error for an administrator of another tenant than that of AUTH0_DOMAIN."""
    return InsufficientScopeError("other_tenant", "This is for administrators of another tenant.")


Text = Annotated[str | None, Query(min_length=1, max_length=512, pattern=r"^[^\x00]+$")]
_MAX_ACTIONS: Final = 32


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range in UTC") from None


Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]


async def get_audit_reader(request: Request) -> AuditReader:
    """Return what reads the audit trail, which is of all tenants: only for the tenant of AUTH0_DOMAIN.

    Raises `InsufficientScopeError` for a token of another tenant, `NotFoundError` where there is no database.
    """
    services = await tenant_services_of(request)
    if services.tenant:
        raise other_tenant()
    audit = services.audit
    if audit is None or audit.reader is None:
        raise NotFoundError("There is no audit database: set AUDIT_DATABASE_URL.", reason="audit_database_missing")
    return audit.reader


@router.get(
    "/audit",
    responses=problem_responses(NotFoundError, AuditUnavailableError),
    response_model_exclude_unset=True,
)
async def list_audit_records(
    reader: Annotated[AuditReader, Depends(get_audit_reader)],
    request: Request,
    response: Response,
    since: Annotated[Time | None, Query(description="The earliest time, included.")] = None,
    until: Annotated[Time | None, Query(description="The latest time, excluded.")] = None,
    action: Annotated[
        list[Annotated[str, Query(max_length=64)]] | None,
        Query(max_length=_MAX_ACTIONS, description="Only these actions; may be repeated."),
    ] = None,
    outcome: Annotated[Outcome | None, Query(description="Only what ended so.")] = None,
    subject: Annotated[Text, Query(description="Only what this user or machine did.")] = None,
    target: Annotated[Text, Query(description="Only what was done to this user.")] = None,
    client_id: Annotated[Text, Query(description="Only what was done with this application.")] = None,
    request_id: Annotated[Text, Query(description="Only what was done in this request.")] = None,
    address: Annotated[Text, Query(description="Only what was done from this IP address.")] = None,
    after: Annotated[Text, Query(description="The checkpoint of the page before: its `next`.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="The maximum number of records.")] = 100,
    order: Annotated[Order, Query(description="Which records come first.")] = "newest",
) -> AuditList:
    """Return one page of the audit trail.

    To follow the trail, ask with `order=oldest` and send each response's `next` as `after`.
    """
    query = AuditQuery(
        since=since,
        until=until,
        actions=frozenset(action or ()),
        outcome=outcome,
        subject=subject,
        target=target,
        client_id=client_id,
        request_id=request_id,
        address=address,
        after=after,
        limit=limit,
        order=order,
    )
    page = await _read(reader, query)
    if page.records and page.next is not None:
        following = request.url.include_query_params(after=page.next)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    records = [AuditDocument.model_validate_json(json.dumps(document(record))) for record in page.records]
    return AuditList(records=records, next=page.next)


async def _read(reader: AuditReader, query: AuditQuery) -> AuditPage:
    try:
        return await reader.page(query)
    except ValueError:
        fault = {"type": "value_error", "loc": ("query", "after"), "msg": "Value error, is not the next of a page"}
        raise RequestValidationError([fault]) from None
