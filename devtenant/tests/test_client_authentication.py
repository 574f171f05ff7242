"""How clients authenticate: with a secret as a parameter or by HTTP Basic; public clients not at all."""

from base64 import b64encode
from dataclasses import replace
from urllib.parse import quote_plus

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, SPA_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET

from .visitor import REDIRECT_URI, Visitor

WEB = {"client_id": WEB_CLIENT_ID, "client_secret": WEB_CLIENT_SECRET}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


async def by_basic(visitor: Visitor, client_id: str, secret: str) -> httpx.Response:
    grant = {"grant_type": "client_credentials", "audience": visitor.options.audience}
    return await visitor.client.post("oauth/token", data=grant, headers=basic(client_id, secret))


async def test_a_client_can_authenticate_by_http_basic(visitor: Visitor) -> None:
    assert (await by_basic(visitor, MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET)).status_code == 200
    refused = await by_basic(visitor, MACHINE_CLIENT_ID, "wrong")
    assert (refused.status_code, refused.json()["error_description"]) == (401, "Unauthorized")


async def test_basic_credentials_are_form_encoded(visitor: Visitor) -> None:
    secret = "a:b+c d%/é"
    visitor.tenant.state.clients[MACHINE_CLIENT_ID].client_secret = secret
    assert (await by_basic(visitor, MACHINE_CLIENT_ID, quote_plus(secret))).status_code == 200
    assert (await by_basic(visitor, MACHINE_CLIENT_ID, secret)).status_code == 401


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic /w==", "Basic "])
async def test_malformed_basic_credentials_are_unauthorized(visitor: Visitor, value: str) -> None:
    grant = {"grant_type": "client_credentials"}
    answer = await visitor.client.post("oauth/token", data=grant, headers={"Authorization": value})
    assert answer.status_code == 401


@pytest.mark.parametrize("secret", [None, "", "wrong"])
async def test_a_web_application_must_send_its_secret(visitor: Visitor, secret: str | None) -> None:
    code = await visitor.code(client_id=WEB_CLIENT_ID)
    given = {"client_id": WEB_CLIENT_ID} | ({} if secret is None else {"client_secret": secret})
    answer = await visitor.redeem(code, **given)
    assert (answer.status_code, answer.json()["error"]) == (401, "access_denied")
    assert (await visitor.redeem(code, **WEB)).status_code == 200


async def test_a_client_whose_secret_was_removed_cannot_authenticate(visitor: Visitor) -> None:
    visitor.tenant.state.clients[MACHINE_CLIENT_ID].client_secret = ""
    assert (await by_basic(visitor, MACHINE_CLIENT_ID, "")).status_code == 401


class TestPkce:
    async def code_without_challenge(self, visitor: Visitor, client_id: str) -> str:
        """Return a code of a login without `code_challenge`."""
        code = await visitor.code(client_id=client_id)
        codes = visitor.tenant.state.codes
        codes[code] = replace(codes[code], code_challenge=None)
        return code

    async def redeem(self, visitor: Visitor, code: str, **more: str) -> httpx.Response:
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
        }
        return await visitor.client.post("oauth/token", data=grant | more)

    async def test_a_web_application_needs_no_verifier_without_a_challenge(self, visitor: Visitor) -> None:
        code = await self.code_without_challenge(visitor, WEB_CLIENT_ID)
        assert (await self.redeem(visitor, code, **WEB)).status_code == 200

    @pytest.mark.parametrize("verifier", [{}, {"code_verifier": "another-verifier-of-at-least-forty-three-chars"}])
    async def test_a_web_applications_challenge_is_verified(self, visitor: Visitor, verifier: dict[str, str]) -> None:
        code = await visitor.code(client_id=WEB_CLIENT_ID)
        answer = await self.redeem(visitor, code, **WEB, **verifier)
        assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")
        assert answer.json()["error_description"] == "Failed to verify code verifier"

    async def test_a_verifier_without_a_challenge_is_refused(self, visitor: Visitor) -> None:
        code = await self.code_without_challenge(visitor, WEB_CLIENT_ID)
        answer = await self.redeem(visitor, code, **WEB, code_verifier="x" * 43)
        assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")

    async def test_a_public_client_cannot_do_without_a_challenge(self, visitor: Visitor) -> None:
        code = await self.code_without_challenge(visitor, SPA_CLIENT_ID)
        answer = await self.redeem(visitor, code, client_id=SPA_CLIENT_ID)
        assert (answer.status_code, answer.json()["error"]) == (401, "access_denied")
