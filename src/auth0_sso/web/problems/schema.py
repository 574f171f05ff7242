"""The body of every error (RFC 9457)."""

from pydantic import Field

from auth0_sso.web.body import Body


class FieldFault(Body):
    """One fault in what was sent: where it is, and what is wrong. Never the value."""

    at: list[str] = Field(examples=[["body", "email"]])
    message: str


class Problem(Body):
    """What went wrong (RFC 9457). `code` is stable and meant for programs; quote `requestId` in reports."""

    type: str = Field(default="about:blank", description="RFC 9457: about:blank says no more than the status does.")
    title: str = Field(examples=["Unauthorized"])
    status: int = Field(examples=[401])
    code: str = Field(examples=["invalid_token"])
    detail: str = Field(examples=["The access token has expired."])
    request_id: str
    retry_after: int | None = Field(default=None, description="Seconds to wait before the next try.")
    errors: list[FieldFault] | None = Field(default=None, description="What is wrong with each part of the request.")
