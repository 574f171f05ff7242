"""A development tenant with a crowd of users, in a process of its own, and access tokens of them all in a file.

`python bench/crowd.py PORT USERS TOKENS FILE`: serves once the file is written, a token a line. All are managers.
"""

import sys
from pathlib import Path

import uvicorn

from auth0_devtenant import SPA_CLIENT_ID, TenantOptions, create_tenant
from auth0_devtenant.models import Grant
from auth0_devtenant.state import Tenant
from auth0_devtenant.tokens import user_token


def tokens_of_a_crowd(tenant: Tenant, users: int, tokens: int) -> list[str]:
    """Add users to a tenant, and return tokens of theirs, each another text."""
    manager = next(role.id for role in tenant.roles.values() if role.name == "manager")
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
            nonce=None,
            redirect_uri="",
            code_challenge="",
            expires_at=0,
        )
        issued.append(user_token(tenant, crowd[number % users], grant))
    return issued


def main() -> None:
    """Serve as the module says."""
    port, users, tokens, file = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    app = create_tenant(TenantOptions(issuer=f"http://127.0.0.1:{port}/"))
    file.write_text("\n".join(tokens_of_a_crowd(app.state.tenant, users, tokens)))
    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    main()
