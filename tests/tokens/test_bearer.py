import pytest

from auth0_sso.errors import (
    Auth0SsoError,
    InsufficientScopeError,
    InvalidRequestError,
    InvalidTokenError,
    KeysUnavailableError,
    MissingTokenError,
    NotFoundError,
)
from auth0_sso.tokens.bearer import challenge, read_bearer_token

# RFC 6750 section 2.1
B64TOKEN = [bytes([code]) for code in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MissingTokenError("None came."), "Bearer"),
        (MissingTokenError("Basic came.", reason="scheme_unsupported"), "Bearer"),
        (InvalidRequestError("Two came."), 'Bearer error="invalid_request", error_description="Two came."'),
        (InvalidTokenError("expired", "Too late."), 'Bearer error="invalid_token", error_description="Too late."'),
        (
            InsufficientScopeError("role_missing", "No role."),
            'Bearer error="insufficient_scope", error_description="No role."',
        ),
        (
            InsufficientScopeError("scope_missing", "Not enough.", scopes=("read:a", "write:a")),
            'Bearer error="insufficient_scope", error_description="Not enough.", scope="read:a write:a"',
        ),
        (KeysUnavailableError("timeout", retry_after=3), None),
        (NotFoundError("Gone."), None),
    ],
    ids=lambda value: value.reason if isinstance(value, Auth0SsoError) else "",
)
def test_each_error_has_the_challenge_of_rfc_6750(error: Auth0SsoError, expected: str | None) -> None:
    assert challenge(error) == expected


def test_the_example_of_rfc_6750_is_read() -> None:
    assert read_bearer_token([b"Bearer mF_9.B5f-4.1JqM"]) == "mF_9.B5f-4.1JqM"


def test_every_character_of_a_b64token_is_read() -> None:
    for text in ("AZaz09-._~+/==", "AZaz09-._~+/X"):
        for scheme in (b"Bearer ", b"bearer ", b"Bearer  ", b" Bearer "):
            assert read_bearer_token([scheme + text.encode()]) == text


def test_any_other_character_is_refused() -> None:
    others = {bytes([code]) for code in range(256)} - set(B64TOKEN)
    for line in [scheme + b"a" + other + b"a" for scheme in (b"Bearer ", b"bearer ") for other in others]:
        with pytest.raises(InvalidRequestError) as caught:
            read_bearer_token([line])
        assert caught.value.reason == "credentials_malformed"


def test_each_character_that_a_challenge_may_not_contain_becomes_a_question_mark() -> None:
    error = InvalidTokenError("a_reason", 'a"b\\c\nd\u00e9')
    assert challenge(error) == 'Bearer error="invalid_token", error_description="a?b?c?d?"'


METADATA = "https://api.example.com/.well-known/oauth-protected-resource"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MissingTokenError("None came."), f'Bearer scope="read:a", resource_metadata="{METADATA}"'),
        (InvalidRequestError("Two came."), 'Bearer error="invalid_request", error_description="Two came."'),
        (
            InvalidTokenError("expired", "Too late."),
            (
                'Bearer error="invalid_token", error_description="Too late.", '
                f'scope="read:a", resource_metadata="{METADATA}"'
            ),
        ),
        (
            InsufficientScopeError("role_missing", "No role."),
            f'Bearer error="insufficient_scope", error_description="No role.", resource_metadata="{METADATA}"',
        ),
        (
            InsufficientScopeError("scope_missing", "Not enough.", scopes=("write:a", "read:a")),
            (
                'Bearer error="insufficient_scope", error_description="Not enough.", '
                f'scope="read:a write:a", resource_metadata="{METADATA}"'
            ),
        ),
        (NotFoundError("Gone."), None),
    ],
    ids=lambda value: value.reason if isinstance(value, Auth0SsoError) else "",
)
def test_401_and_403_name_the_metadata_and_the_scopes_to_request(error: Auth0SsoError, expected: str | None) -> None:
    assert challenge(error, resource_metadata=METADATA, scope=("read:a",)) == expected


def test_without_metadata_the_scopes_of_the_request_are_not_named() -> None:
    assert challenge(MissingTokenError("None came."), scope=("read:a",)) == "Bearer"
