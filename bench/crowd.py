"""A development tenant with many users, in a separate process, and a file with access tokens of these users.

`python bench/crowd.py PORT USERS TOKENS FILE` writes one token per line, then serves. All users are managers.
"""

import sys
from pathlib import Path

import uvicorn

from auth0_devtenant import SPA_CLIENT_ID, TenantOptions, create_tenant
from auth0_devtenant.state import Grant, Tenant
from auth0_devtenant.tokens import user_token


def create_users_and_tokens(tenant: Tenant, users: int, tokens: int) -> list[str]:
    """Add users to a tenant, and return access tokens of these users, all different."""
    manager = next(role.id for role in tenant.state.roles.values() if role.name == "manager")
    crowd = []
    for number in range(users):
        user = tenant.add_user(f"auth0|crowd{number:019}", f"{number}@example.com", "Crowd-password-1!")
        user.role_ids = [manager]
        crowd.append(user)
    issued = []
    for number in range(tokens):
        grant = Grant(
            client_id=SPA_CLIENT_ID,
            user_id=crowd[number % users].user_id,
            scope=("profile", f"session:{number}"),
            audience=tenant.options.audience,
            issuer=tenant.options.issuer,
        )
        issued.append(user_token(tenant, crowd[number % users], grant))
    return issued


def main() -> None:
    """Write the tokens, then serve."""
    port, users, tokens, file = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    app = create_tenant(TenantOptions(issuer=f"http://127.0.0.1:{port}/"))
    file.write_text("\n".join(create_users_and_tokens(app.state.tenant, users, tokens)))
    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    main()
