"""Paths in spans have no ids of users."""

import pytest

from auth0_sso.tracing.templates import path_template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/api/v2/users", "/api/v2/users"),
        ("/api/v2/users?q=email%3Aann", "/api/v2/users"),
        ("/api/v2/users/auth0%7C64f1", "/api/v2/users/{id}"),
        ("/api/v2/users/auth0%7C64f1/roles?page=0", "/api/v2/users/{id}/roles"),
        ("/api/v2/users/ann%40example.com/refresh-tokens", "/api/v2/users/{id}/refresh-tokens"),
        ("/api/v2/organizations/org_1/members/auth0%7C1/roles", "/api/v2/organizations/{id}/members/{id}/roles"),
        ("/api/v2/users/a/../b", "/api/v2/users/{id}/{id}/{id}"),
        ("/prefix/api/v2/roles/rol_1/api/v2/ann", "/prefix/api/v2/roles/{id}/{id}/{id}/{id}"),
        ("/.well-known/jwks.json?x=1", "/.well-known/jwks.json"),
        ("/oauth/token", "/oauth/token"),
    ],
)
def test_ids_and_queries_are_left_out(path: str, template: str) -> None:
    assert path_template(path) == template
