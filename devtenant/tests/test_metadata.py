from base64 import b64decode, urlsafe_b64decode
from hashlib import sha1

import pytest

from .visitor import Visitor


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
