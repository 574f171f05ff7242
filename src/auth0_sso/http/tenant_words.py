"""What the tenant answered, in words for a log line."""

from auth0_sso.errors import TenantAnswer


def words_of(answer: TenantAnswer, message: str | None) -> str:
    """Return what the tenant answered, for a log line; `message` is quoted."""
    said = f"Auth0 answered {answer.status}" if message is None else f"Auth0 answered {answer.status} {message}"
    return said if answer.request_id is None else f"{said}, request id {answer.request_id}"
