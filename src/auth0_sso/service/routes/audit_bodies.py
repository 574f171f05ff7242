"""The response of GET /admin/audit: audit documents, as docs/audit.md describes them."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from auth0_sso.audit.record import Outcome
from auth0_sso.web.body import Body


class _Fields(BaseModel):
    """Fields of the Elastic Common Schema; one without a value is left out."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True)


class _Named(_Fields):
    id: str | None = None


class _Ecs(_Fields):
    version: str = Field(examples=["8.17.0"])


class _Event(_Fields):
    id: str = Field(description="A UUID version 7.", examples=["019c1426-9c80-7b1c-8a5e-7d2f0c4b9a11"])
    kind: str
    dataset: str
    category: list[str]
    type: list[str]
    action: str = Field(examples=["assign-roles"])
    outcome: Outcome
    reason: str | None = None


class _Error(_Fields):
    code: str


class _User(_Fields):
    id: str | None = Field(default=None, examples=["auth0|6132828a407ec6006935a858"])
    target: _Named | None = None


class _Source(_Fields):
    address: str
    ip: str | None = None


class _HttpRequest(_Fields):
    id: str | None = None
    method: str | None = None


class _Http(_Fields):
    request: _HttpRequest


class _Target(_Fields):
    id: str | None = None
    kind: str


class _Own(_Fields):
    schema_version: str = Field(examples=["1"])
    client_id: str | None = None
    route: str | None = Field(default=None, examples=["/admin/users/{user_id:path}/roles"])
    target: _Target | None = None
    details: dict[str, JsonValue] | None = None


class AuditDocument(_Fields):
    """A record of the audit trail (docs/audit.md)."""

    timestamp: str = Field(alias="@timestamp", examples=["2026-01-31T12:00:00.000250Z"])
    ecs: _Ecs
    event: _Event
    error: _Error | None = None
    user: _User | None = None
    organization: _Named | None = None
    source: _Source | None = None
    http: _Http | None = None
    trace: _Named | None = None
    auth0_sso: _Own


class AuditList(Body):
    """One page of the audit trail."""

    records: list[AuditDocument]
    next: str | None = Field(description="The checkpoint of the next page: send it as `after`.")
