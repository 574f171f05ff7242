"""The Management client authenticates by a signed assertion (RFC 7523), made here by a library of others."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from auth0_devtenant import MANAGEMENT_CLIENT_ID, Application, TenantOptions, default_seed

from .visitor import Visitor

Keys = tuple[rsa.RSAPrivateKey, ...]
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def options(rsa_keys: Keys) -> TenantOptions:
    public = rsa_keys[3].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return TenantOptions(seed=default_seed(management_public_key=public.decode()))


def assertion(visitor: Visitor, key: rsa.RSAPrivateKey, /, alg: str = "RS256", **changes: object) -> str:
    """Return an assertion that is right but for the changes; None removes a claim."""
    now = int(visitor.clock.now)
    claims: dict[str, Any] = {
        "iss": MANAGEMENT_CLIENT_ID,
        "sub": MANAGEMENT_CLIENT_ID,
        "aud": visitor.options.issuer,
        "iat": now,
        "exp": now + 60,
        "jti": "the-first",
    }
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwt.encode({"alg": alg}, kept, RSAKey.import_key(pem), algorithms=[alg])


async def send(visitor: Visitor, text: str) -> tuple[int, str | None]:
    """Return the status and the error of a token request with this assertion."""
    proof = {"client_secret": "", "client_assertion_type": JWT_BEARER, "client_assertion": text}
    answer = await visitor.machine(**proof)
    return answer.status_code, answer.json().get("error")


@pytest.mark.parametrize("path", ["", "oauth/token"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_the_audience_is_the_issuer_or_the_token_endpoint(
    visitor: Visitor, rsa_keys: Keys, host: str, path: str
) -> None:
    text = assertion(visitor, rsa_keys[3], aud=f"http://{host}:3001/{path}")
    assert await send(visitor, text) == (200, None)


@pytest.mark.parametrize(
    ("alg", "accepted"), [("RS256", True), ("RS384", True), ("PS256", True), ("RS512", False), ("PS384", False)]
)
async def test_only_the_algorithms_of_the_metadata_are_accepted(
    visitor: Visitor, rsa_keys: Keys, alg: str, accepted: bool
) -> None:
    answer = await send(visitor, assertion(visitor, rsa_keys[3], alg=alg))
    assert answer == ((200, None) if accepted else (401, "invalid_client"))
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert (alg in metadata["token_endpoint_auth_signing_alg_values_supported"]) is accepted


async def test_the_client_may_be_named_by_the_assertion_alone(visitor: Visitor, rsa_keys: Keys) -> None:
    proof = {"client_assertion_type": JWT_BEARER, "client_assertion": assertion(visitor, rsa_keys[3])}
    grant = {"grant_type": "client_credentials", "audience": visitor.options.management_audience}
    assert (await visitor.client.post("oauth/token", data=grant | proof)).status_code == 200


class TestWithoutSecret:
    @pytest.fixture
    def options(self, rsa_keys: Keys) -> TenantOptions:
        public = rsa_keys[3].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        robot = Application(
            name="Robot",
            app_type="non_interactive",
            client_id=MANAGEMENT_CLIENT_ID,
            public_key=public.decode(),
            grants={"": ("read:data",)},
        )
        return TenantOptions(seed=default_seed().model_copy(update={"applications": (robot,)}))

    async def test_a_client_with_a_key_has_no_secret_and_signs(self, visitor: Visitor, rsa_keys: Keys) -> None:
        client = visitor.tenant.state.clients[MANAGEMENT_CLIENT_ID]
        assert (client.token_endpoint_auth_method, client.client_secret) == ("private_key_jwt", "")
        for secret in ("", "anything"):
            answer = await visitor.machine(audience=visitor.options.audience, client_secret=secret)
            assert (answer.status_code, answer.json()["error"]) == (401, "access_denied")
        proof = {"client_assertion_type": JWT_BEARER, "client_assertion": assertion(visitor, rsa_keys[3])}
        answer = await visitor.machine(audience=visitor.options.audience, client_secret="", **proof)
        assert answer.json()["scope"] == "read:data"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"public_key": "no key"}, "public_key is not a PEM file with an RSA public key"),
        (
            {"token_endpoint_auth_method": "private_key_jwt"},
            "private_key_jwt needs a public_key",
        ),
    ],
)
def test_a_seed_without_a_usable_key_is_refused(values: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Application.model_validate({"name": "Robot", "app_type": "non_interactive"} | values)


async def test_an_assertion_is_accepted_once(visitor: Visitor, rsa_keys: Keys) -> None:
    first = assertion(visitor, rsa_keys[3])
    assert [await send(visitor, first) for _ in range(2)] == [(200, None), (401, "invalid_client")]
    assert await send(visitor, assertion(visitor, rsa_keys[3], jti="the-second")) == (200, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another-client"},
        {"sub": "another-client"},
        {"iss": "another-client", "sub": "another-client"},
        {"aud": "https://other.example.com/"},
        {"aud": ["http://127.0.0.1:3001/"]},
        {"exp": 1_800_000_000},
        {"exp": 1_800_000_301},
        {"exp": None},
        {"exp": "soon"},
        {"jti": None},
    ],
    ids=str,
)
async def test_an_assertion_with_a_wrong_claim_is_refused(
    visitor: Visitor, rsa_keys: Keys, changes: dict[str, object]
) -> None:
    assert await send(visitor, assertion(visitor, rsa_keys[3], "RS256", **changes)) == (401, "invalid_client")


async def test_an_assertion_signed_by_another_key_is_refused(visitor: Visitor, rsa_keys: Keys) -> None:
    assert await send(visitor, assertion(visitor, rsa_keys[2])) == (401, "invalid_client")


@pytest.mark.parametrize("text", ["a.b.c", "", "one.part", "!.!.!"])
async def test_text_that_is_not_a_jwt_is_refused(visitor: Visitor, text: str) -> None:
    assert await send(visitor, text) == (401, "invalid_client")
