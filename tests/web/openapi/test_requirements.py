"""What guards ask for, in the document of an app with our docs page; and in no other."""

from typing import Any

import pytest
from fastapi import Depends, FastAPI, Security

from auth0_sso import (
    add_docs,
    create_app,
    current_roles,
    current_token,
    limited_token,
    optional_token,
    protect,
    rate_limit,
    require,
    require_all_roles,
    require_any_permission,
    require_any_role,
    require_any_scope,
    require_email_domain,
    require_network,
    require_organization,
    require_permission,
    require_role,
    require_scope,
    user_token,
)
from auth0_sso.web.guards.guard import Guard
from support.service import settings


async def serve() -> None:
    """Do nothing."""


def operation(*guards: Any, docs: bool = True) -> dict[str, Any]:  # noqa: ANN401 - what Depends and Security return
    app = FastAPI(docs_url=None)
    app.get("/x", dependencies=list(guards))(serve)
    if docs:
        add_docs(app)
    found: dict[str, Any] = protect(app, settings()).openapi()["paths"]["/x"]["get"]
    return found


@pytest.mark.parametrize(
    ("guard", "requirement"),
    [
        (current_token, "access token"),
        (user_token, "user token"),
        (current_roles, "user token"),
        (require_role("admin"), "role `admin`"),
        (require_any_role("manager", "admin"), "role `admin` or `manager`"),
        (require_all_roles("manager", "admin"), "roles `admin` and `manager`"),
        (require_role("admin", within_organization=True), "role `admin`, also within the organization"),
        (require_role("admin", stale_ok=True), "role `admin`, stale ones during an outage"),
        (require_permission("read:x"), "permission `read:x`"),
        (require_permission("read:x", "write:x"), "permissions `read:x` and `write:x`"),
        (require_any_permission("read:x", "write:x"), "permission `read:x` or `write:x`"),
        (require_scope("read:100%"), "scope `read:100%`"),
        (require_any_scope("read:x", "write:x"), "scope `read:x` or `write:x`"),
        (require_organization(), "organization"),
        (require_organization("org_b", "org_a"), "organization `org_a` or `org_b`"),
        (require_email_domain("example.com"), "email domain `example.com`"),
        (require_network("10.1.2.0/24"), "allowed network"),
        (limited_token, "access token"),
        (rate_limit("5/minute"), None),
        (optional_token, None),
    ],
    ids=str,
)
def test_a_route_says_what_its_guard_requires(guard: Guard, requirement: str | None) -> None:
    found = operation(Depends(guard))
    words = "An access token is optional." if requirement is None else f"**Requires:** {requirement}"
    assert found["description"] == f"Do nothing.\n\n{words}"
    assert found["x-requires"] == ([] if requirement is None else [requirement.replace("`", "")])


def test_a_route_names_each_requirement_of_several_guards_once() -> None:
    guards = [Depends(require_role("admin")), Depends(user_token), Security(require_scope("b"), scopes=["b"])]
    assert operation(*guards, Depends(require_permission("a")))["x-requires"] == [
        "role admin",
        "scope b",
        "permission a",
    ]


def test_scopes_of_security_are_requirements_and_end_the_choice_to_send_none() -> None:
    found = operation(Security(optional_token, scopes=["read:x", "write:x"]))
    assert found["x-requires"] == ["scopes read:x and write:x"]
    assert {} not in found["security"]


def test_the_description_of_an_own_check_comes_after_what_the_guards_require() -> None:
    found = operation(Depends(require(lambda token: token.is_machine, description="Only for machines.")))
    assert found["description"] == "Do nothing.\n\n**Requires:** access token\n\nOnly for machines."


def test_an_app_without_the_docs_page_keeps_its_descriptions() -> None:
    found = operation(Depends(require_role("admin")), docs=False)
    assert found["description"] == "Do nothing."
    assert "x-requires" not in found


def test_a_login_offers_the_scopes_that_guards_ask_for() -> None:
    app = FastAPI()
    app.get("/x", dependencies=[Depends(require_scope("read:100%"))])(serve)
    app.get("/y", dependencies=[Security(current_token, scopes=["read:y"])])(serve)
    document = protect(app, settings()).openapi()
    login = document["components"]["securitySchemes"]["auth0"]["flows"]["authorizationCode"]
    assert login["scopes"].keys() == {"read:100%", "read:y", "openid", "profile", "email"}


def test_each_route_of_the_service_says_what_it_requires() -> None:
    found = {
        f"{method} {path}": operation.get("x-requires")
        for path, item in create_app(settings()).openapi()["paths"].items()
        for method, operation in item.items()
        if not path.startswith("/admin")
    }
    assert found == {
        "get /": [],
        "get /profile": ["user token"],
        "post /profile/metadata": ["user token"],
        "get /dashboard": ["role admin or manager"],
        "get /api/data": ["access token"],
        "get /healthz": None,
        "get /readyz": None,
    }


def test_all_admin_routes_require_the_role_admin() -> None:
    paths = create_app(settings()).openapi()["paths"]
    admin = [each for path in paths if path.startswith("/admin") for each in paths[path].values()]
    assert len(admin) == 12
    assert [each["x-requires"] for each in admin] == [["role admin"]] * 12
