"""The response to an error: its headers say what its body says."""

import json

from auth0_sso.errors import InsufficientScopeError, MissingTokenError, NotFoundError, RateLimitedError
from auth0_sso.web.problems.error_response import error_response


def test_a_missing_token_is_answered_with_a_bare_challenge() -> None:
    response = error_response(MissingTokenError("A token is needed."), "id-1")
    body = json.loads(bytes(response.body))
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert (body["code"], body["detail"], body["requestId"]) == ("missing_token", "A token is needed.", "id-1")
    assert "retry-after" not in response.headers
    assert "retryAfter" not in body


def test_missing_scopes_are_named_in_the_challenge() -> None:
    response = error_response(InsufficientScopeError("scope_missing", "No.", scopes=("a", "b")), "id-1")
    assert response.status_code == 403
    assert response.headers["www-authenticate"].endswith('scope="a b"')
    assert "scope_missing" not in str(response.body)


def test_the_time_to_wait_is_in_header_and_body() -> None:
    response = error_response(RateLimitedError(retry_after=7), "id-1")
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert json.loads(bytes(response.body))["retryAfter"] == 7
    assert "www-authenticate" not in response.headers


def test_an_error_that_is_not_about_the_token_has_no_challenge() -> None:
    assert "www-authenticate" not in error_response(NotFoundError("No such user."), "id-1").headers
