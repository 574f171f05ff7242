import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, SPA_CLIENT_ID, TenantOptions, default_seed
from auth0_devtenant.seed.default import WEB_ORIGINS

from .visitor import ADMIN, USER, Visitor, segments

MACHINE = {
    "client_id": MACHINE_CLIENT_ID,
    "client_secret": MACHINE_CLIENT_SECRET,
    "audience": "https://api.example.com",
}


async def test_a_code_is_redeemed_for_every_requested_token(visitor: Visitor) -> None:
    answer = await visitor.redeem(await visitor.code())
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"access_token", "id_token", "refresh_token", "scope", "expires_in", "token_type"}
    assert (body["expires_in"], body["token_type"]) == (86_400, "Bearer")
    assert answer.headers["Cache-Control"] == "no-store"
    assert await visitor.key_that_verifies(body["access_token"]) is not None


async def test_a_code_is_valid_once(visitor: Visitor) -> None:
    code = await visitor.code()
    assert (await visitor.redeem(code)).status_code == 200
    again = await visitor.redeem(code)
    assert again.status_code == 403
    assert again.json() == {"error": "invalid_grant", "error_description": "Invalid authorization code"}


async def test_a_code_expires_after_ten_minutes(visitor: Visitor) -> None:
    code = await visitor.code()
    visitor.clock.now += 600
    assert (await visitor.redeem(code)).json()["error_description"] == "Invalid authorization code"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code_verifier": "another-verifier-of-at-least-forty-three-chars"}, "Failed to verify code verifier"),
        ({"code_verifier": ""}, "Failed to verify code verifier"),
        ({"redirect_uri": "http://localhost:3000/callback"}, "The redirect URI is wrong."),
        ({"code": "guessed"}, "Invalid authorization code"),
    ],
)
async def test_a_code_is_bound_to_its_request(visitor: Visitor, changes: dict[str, str], words: str) -> None:
    answer = await visitor.redeem(await visitor.code(), **changes)
    assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")
    assert answer.json()["error_description"] == words


async def test_refresh_tokens_rotate_and_reuse_ends_the_family(visitor: Visitor) -> None:
    first = (await visitor.redeem(await visitor.code())).json()["refresh_token"]
    renewed = await visitor.refresh(first)
    assert segments(renewed.json()["access_token"])[1]["gty"] == "refresh_token"
    second = renewed.json()["refresh_token"]
    assert second != first
    for stale in (first, second):
        answer = await visitor.refresh(stale)
        assert answer.status_code == 403
        assert answer.json()["error_description"] == "Unknown or invalid refresh token."


async def test_without_offline_access_there_is_no_refresh_token(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(scope="openid"))).json()
    assert "refresh_token" not in body


async def test_a_deleted_user_cannot_refresh(visitor: Visitor) -> None:
    refresh_token = (await visitor.redeem(await visitor.code(USER))).json()["refresh_token"]
    await visitor.manage("DELETE", f"/users/{USER.user_id}")
    assert (await visitor.refresh(refresh_token)).status_code == 403


async def test_a_scope_holds_only_what_the_user_is_permitted(visitor: Visitor) -> None:
    admin = segments((await visitor.redeem(await visitor.code(ADMIN))).json()["access_token"])[1]
    assert {"read:data", "write:data"} <= set(admin["scope"].split())
    assert admin["permissions"] == ["read:data", "write:data"]
    visitor.client.cookies.clear()
    user = segments((await visitor.redeem(await visitor.code(USER))).json()["access_token"])[1]
    assert "read:data" not in user["scope"].split()
    assert user["permissions"] == []


async def test_a_users_token_has_the_claims_of_auth0(visitor: Visitor) -> None:
    header, claims = segments((await visitor.redeem(await visitor.code())).json()["access_token"])
    assert list(header) == ["alg", "typ", "kid"]
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    assert claims["aud"] == [visitor.options.audience, f"{visitor.options.issuer}userinfo"]
    assert (claims["sub"], claims["azp"]) == (ADMIN.user_id, SPA_CLIENT_ID)
    assert claims["exp"] - claims["iat"] == 86_400
    assert claims.keys().isdisjoint({"gty", "jti", "nbf", "client_id"})


async def test_a_machines_token_has_the_claims_of_auth0(visitor: Visitor) -> None:
    _, claims = segments((await visitor.machine(**MACHINE)).json()["access_token"])
    assert (claims["sub"], claims["aud"]) == (f"{MACHINE_CLIENT_ID}@clients", visitor.options.audience)
    assert (claims["gty"], claims["scope"], claims["permissions"]) == (
        "client-credentials",
        "read:data",
        ["read:data"],
    )


async def test_an_id_token_has_the_client_as_audience_and_the_nonce(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(nonce="the-nonce"))).json()
    _, claims = segments(body["id_token"])
    assert (claims["aud"], claims["nonce"], claims["email"]) == (SPA_CLIENT_ID, "the-nonce", ADMIN.email)


class TestRfc9068Profile:
    @pytest.fixture
    def options(self) -> TenantOptions:
        return TenantOptions(seed=default_seed(token_dialect="rfc9068_profile"))

    async def test_a_token_has_the_claims_of_rfc_9068_only(self, visitor: Visitor) -> None:
        for token in (
            (await visitor.redeem(await visitor.code())).json()["access_token"],
            (await visitor.machine(**MACHINE)).json()["access_token"],
        ):
            header, claims = segments(token)
            assert header["typ"] == "at+jwt"
            assert claims.keys() >= {"jti", "client_id"}
            assert claims.keys().isdisjoint({"azp", "gty", "permissions"})


@pytest.mark.parametrize(
    ("changes", "status", "body"),
    [
        ({"client_secret": "wrong"}, 401, {"error": "access_denied", "error_description": "Unauthorized"}),
        ({"client_id": "unknown"}, 401, {"error": "access_denied", "error_description": "Unauthorized"}),
        (
            {"audience": "https://other.example.com"},
            403,
            {
                "error": "access_denied",
                "error_description": "Service not enabled within domain: https://other.example.com",
            },
        ),
        (
            {"audience": ""},
            403,
            {
                "error": "access_denied",
                "error_description": "Non-global clients are not allowed access to APIv1",
            },
        ),
        (
            {"scope": "read:users read:rules read:hooks"},
            403,
            {
                "error": "access_denied",
                "error_description": "Client has not been granted scopes: read:rules, read:hooks",
            },
        ),
        (
            {"grant_type": "authorization_code"},
            403,
            {
                "error": "unauthorized_client",
                "error_description": "Grant type 'authorization_code' not allowed for the client.",
            },
        ),
    ],
)
async def test_a_machine_is_refused_in_auth0s_words(
    visitor: Visitor, changes: dict[str, str], status: int, body: dict[str, str]
) -> None:
    answer = await visitor.machine(**changes)
    assert (answer.status_code, answer.json()) == (status, body)


async def test_a_client_without_a_grant_gets_auth0s_explanation(visitor: Visitor) -> None:
    answer = await visitor.machine(audience=visitor.options.audience)
    assert answer.status_code == 403
    assert 'You need to create a "client-grant"' in answer.json()["error_description"]


async def test_a_client_can_authenticate_by_http_basic(visitor: Visitor) -> None:
    credentials = b64encode(f"{MACHINE_CLIENT_ID}:{MACHINE_CLIENT_SECRET}".encode()).decode()
    grant = {"grant_type": "client_credentials", "audience": visitor.options.audience}
    headers = {"Authorization": f"Basic {credentials}"}
    assert (await visitor.client.post("oauth/token", data=grant, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"grant_type": null, "client_id": []}', "application/json"),
        (b'{"a":' * 100_000, "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"\xff=\xfe&&&=", "application/x-www-form-urlencoded"),
        (b"grant_type=client_credentials&client_id=%00", "application/x-www-form-urlencoded"),
        (b"x" * 100_000, "text/plain"),
    ],
    ids=["empty", "cut", "list", "null", "deep", "not-utf8", "odd-form", "nul", "text"],
)
async def test_a_malformed_body_is_a_client_error(visitor: Visitor, content: bytes, kind: str) -> None:
    answer = await visitor.client.post("oauth/token", content=content, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500
    assert answer.json().keys() == {"error", "error_description"}


async def test_parameters_are_accepted_as_a_form_or_json_only(visitor: Visitor) -> None:
    form = urlencode(MACHINE | {"grant_type": "client_credentials"})
    for kind, status in (
        ("application/x-www-form-urlencoded;charset=UTF-8", 200),
        ("Application/X-WWW-Form-URLEncoded", 200),
        ("text/plain", 400),
        ("multipart/form-data", 400),
        ("", 400),
    ):
        answer = await visitor.client.post("oauth/token", content=form, headers={"Content-Type": kind})
        assert answer.status_code == status, kind
        assert answer.json().get("error") == (None if status == 200 else "invalid_request")
    body = json.dumps(MACHINE | {"grant_type": "client_credentials"})
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert (await visitor.client.post("oauth/token", content=body, headers=headers)).status_code == 200


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic /w==", "Basic "])
async def test_malformed_basic_credentials_are_unauthorized(visitor: Visitor, value: str) -> None:
    grant = {"grant_type": "client_credentials"}
    answer = await visitor.client.post("oauth/token", data=grant, headers={"Authorization": value})
    assert answer.status_code == 401


async def test_pages_of_a_web_origin_may_request_tokens(visitor: Visitor) -> None:
    headers = {
        "Origin": WEB_ORIGINS[0],
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "auth0-client,content-type",
    }
    assert (await visitor.client.options("oauth/token", headers=headers)).status_code == 200
    refused = await visitor.client.options("oauth/token", headers=headers | {"Origin": "https://evil.example.com"})
    assert "Access-Control-Allow-Origin" not in refused.headers


@pytest.mark.parametrize(
    ("grant_type", "status", "error"),
    [(None, 400, "invalid_request"), ("password", 403, "unsupported_grant_type")],
)
async def test_a_missing_or_unsupported_grant_type_is_refused(
    visitor: Visitor, grant_type: str | None, status: int, error: str
) -> None:
    grant = MACHINE if grant_type is None else MACHINE | {"grant_type": grant_type}
    answer = await visitor.client.post("oauth/token", data=grant)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_blocked_user_cannot_refresh(visitor: Visitor) -> None:
    refresh_token = (await visitor.redeem(await visitor.code(USER))).json()["refresh_token"]
    await visitor.manage("PATCH", f"/users/{USER.user_id}", {"blocked": True})
    answer = await visitor.refresh(refresh_token)
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized")


async def test_without_openid_there_is_no_id_token_and_one_audience(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(scope="read:data"))).json()
    assert "id_token" not in body
    assert segments(body["access_token"])[1]["aud"] == visitor.options.audience


async def test_without_an_allowed_scope_the_response_names_none(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(USER, scope="write:data"))).json()
    assert body.keys() == {"access_token", "expires_in", "token_type"}


async def test_without_an_audience_a_token_is_for_userinfo_only(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(audience=None))).json()
    assert segments(body["access_token"])[1]["aud"] == f"{visitor.options.issuer}userinfo"
