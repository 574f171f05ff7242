"""Access tokens of the Management API."""

from ..visitor import Visitor


async def test_a_missing_and_an_invalid_token_get_different_errors(visitor: Visitor) -> None:
    async def ask(authorization: str | None) -> tuple[int, str]:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = await visitor.client.get("api/v2/users", headers=headers)
        return answer.status_code, answer.json()["message"]

    token = (await visitor.machine()).json()["access_token"]
    user = (await visitor.redeem(await visitor.code())).json()["access_token"]
    assert await ask(None) == (401, "Missing authentication")
    assert await ask("Bearer opaque") == (400, "Bad HTTP authentication header format")
    assert await ask("Bearer a.b.c") == (401, "Invalid token")
    assert await ask(f"Bearer {token[:-4]}AAAA") == (401, "Invalid token")
    status, message = await ask(f"Bearer {user}")
    assert (status, message.startswith("Bad audience:")) == (401, True)
    visitor.clock.now += 86_400
    assert await ask(f"Bearer {token}") == (401, "Expired token received for JSON Web Token validation")
