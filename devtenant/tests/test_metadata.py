from base64 import b64decode, urlsafe_b64decode
from hashlib import sha1

from .visitor import ADMIN, Visitor


async def test_discovery_names_this_very_issuer(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert metadata["issuer"] == visitor.options.issuer
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert metadata[name].startswith(visitor.options.issuer)


async def test_two_keys_are_published_from_the_first_day(visitor: Visitor) -> None:
    answer = await visitor.client.get(".well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"
    keys = answer.json()["keys"]
    assert len({key["kid"] for key in keys}) == 2
    for key in keys:
        assert list(key) == ["kty", "use", "n", "e", "kid", "x5t", "x5c", "alg"]
        assert (key["kty"], key["use"], key["alg"], len(key["kid"])) == ("RSA", "sig", "RS256", 21)
        assert urlsafe_b64decode(key["x5t"] + "=") == sha1(b64decode(key["x5c"][0]), usedforsecurity=False).digest()


async def test_userinfo_tells_what_the_scope_allows(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code(scope="openid email"))).json()
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.json() == {"sub": ADMIN.user_id, "email": ADMIN.email, "email_verified": True}


async def test_userinfo_refuses_as_text_with_a_challenge(visitor: Visitor) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer a.b.c"}):
        answer = await visitor.client.get("userinfo", headers=headers)
        assert (answer.status_code, answer.text) == (401, "Unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="Users", error="invalid_token"')


async def test_an_expired_token_tells_nothing(visitor: Visitor) -> None:
    body = (await visitor.redeem(await visitor.code())).json()
    visitor.clock.now += 86_400
    answer = await visitor.client.get("userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 401
