from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha1

import pytest

from .visitor import ADMIN, Visitor


async def test_the_discovery_document_names_the_issuer_and_its_endpoints(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert metadata["issuer"] == visitor.options.issuer
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert metadata[name].startswith(visitor.options.issuer)


async def test_two_keys_are_published_at_the_start(visitor: Visitor) -> None:
    answer = await visitor.client.get(".well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"
    keys = answer.json()["keys"]
    assert len({key["kid"] for key in keys}) == 2
    for key in keys:
        assert list(key) == ["kty", "use", "n", "e", "kid", "x5t", "x5c", "alg"]
        assert (key["kty"], key["use"], key["alg"], len(key["kid"])) == ("RSA", "sig", "RS256", 21)
        assert urlsafe_b64decode(key["x5t"] + "=") == sha1(b64decode(key["x5c"][0]), usedforsecurity=False).digest()


async def test_userinfo_returns_the_claims_of_the_scope(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(scope="openid email"))).json()
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.json() == {"sub": ADMIN.user_id, "email": ADMIN.email, "email_verified": True}


async def test_userinfo_refuses_as_text_with_a_challenge(visitor: Visitor) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer a.b.c"}):
        answer = await visitor.client.get("userinfo", headers=headers)
        assert (answer.status_code, answer.text) == (401, "Unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="Users", error="invalid_token"')


async def test_userinfo_refuses_an_expired_token(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code())).json()
    visitor.clock.now += 86_400
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 401


async def test_userinfo_of_a_deleted_user_is_refused(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code())).json()
    await visitor.manage("DELETE", f"/users/{ADMIN.user_id}")
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 401
    assert "The user does not exist." in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", ['{"alg":"RS256"}', '{"kid":1}', "[]", "null", "[" * 100_000], ids=range(5))
async def test_a_token_whose_header_names_no_key_is_refused(visitor: Visitor, header: str) -> None:
    token = f"{urlsafe_b64encode(header.encode()).decode()}.e30.AA"
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert "Invalid token" in answer.headers["WWW-Authenticate"]


async def test_every_endpoint_of_the_discovery_document_exists(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    endpoints = {name: value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri"))}
    assert {"end_session_endpoint", "pushed_authorization_request_endpoint", "userinfo_endpoint"} <= endpoints.keys()
    for name, url in endpoints.items():
        assert (await visitor.client.get(url)).status_code != 404, name


async def test_the_discovery_document_lists_response_modes_and_types(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert metadata["response_modes_supported"] == ["query", "fragment", "form_post", "web_message"]
    for mode in metadata["response_modes_supported"]:
        answer = await visitor.authorize(response_mode=mode, prompt="none")
        assert "login_required" in answer.headers.get("Location", "") + answer.text, mode
    for kind in metadata["response_types_supported"]:
        answer = await visitor.authorize(response_type=kind, nonce="n", prompt="none", response_mode="fragment")
        assert "login_required" in answer.headers["Location"], kind


@pytest.mark.parametrize("path", [".well-known/jwks.json", ".well-known/openid-configuration"])
async def test_a_document_that_has_not_changed_is_304(visitor: Visitor, path: str) -> None:
    first = await visitor.client.get(path)
    for sent in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"other", {first.headers["ETag"]}', "*"):
        again = await visitor.client.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b""), sent
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    other = await visitor.client.get(path, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.json()) == (200, first.json())


async def test_a_rotation_changes_the_etag_of_the_key_set(visitor: Visitor) -> None:
    etag = (await visitor.client.get(".well-known/jwks.json")).headers["ETag"]
    await visitor.manage("POST", "/keys/signing/rotate")
    answer = await visitor.client.get(".well-known/jwks.json", headers={"If-None-Match": etag})
    assert (answer.status_code, len(answer.json()["keys"])) == (200, 3)


async def test_userinfo_takes_the_token_of_a_form_and_of_the_query(visitor: Visitor) -> None:
    token = (await visitor.redeem(await visitor.code())).json()["access_token"]
    for answer in (
        await visitor.client.post("userinfo", data={"access_token": token}),
        await visitor.client.get("userinfo", params={"access_token": token}),
    ):
        assert answer.json()["sub"] == ADMIN.user_id
