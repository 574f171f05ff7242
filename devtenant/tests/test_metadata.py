from base64 import b64decode, urlsafe_b64decode
from hashlib import sha1

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
