"""DPoP: bound access tokens, the nonce of public clients, and Auth0's table of who gets which token."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from auth0_devtenant import MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, TenantOptions

from . import seeds
from .proofs import ProofKey, hash_of
from .visitor import REDIRECT_URI, VERIFIER, Visitor, segments


@pytest.fixture
def options() -> TenantOptions:
    return seeds.options()


@pytest.fixture
def key(visitor: Visitor) -> ProofKey:
    return ProofKey(visitor.clock, visitor.options.issuer)


async def ask_for_machine(visitor: Visitor, headers: dict[str, str], **changes: str) -> httpx.Response:
    grant = {
        "grant_type": "client_credentials",
        "client_id": MACHINE_CLIENT_ID,
        "client_secret": MACHINE_CLIENT_SECRET,
        "audience": visitor.options.audience,
    }
    return await visitor.client.post("oauth/token", data=grant | changes, headers=headers)


async def nonce_of(visitor: Visitor, key: ProofKey) -> str:
    answer = await visitor.client.post(
        "oauth/token",
        data={"grant_type": "refresh_token", "client_id": "code-only"} | {"grant_type": "authorization_code"},
        headers=key.headers(),
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "use_dpop_nonce")
    return answer.headers["DPoP-Nonce"]


async def log_in(visitor: Visitor, key: ProofKey, **changes: str | None) -> dict[str, Any]:
    code = await visitor.code(**changes)
    grant = {
        "grant_type": "authorization_code",
        "client_id": visitor.parameters(**changes)["client_id"],
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    headers = key.headers(nonce=await nonce_of(visitor, key))
    body: dict[str, Any] = (await visitor.client.post("oauth/token", data=grant, headers=headers)).json()
    return body


async def refresh(visitor: Visitor, token: str, headers: dict[str, str]) -> httpx.Response:
    grant = {"grant_type": "refresh_token", "client_id": visitor.parameters()["client_id"], "refresh_token": token}
    return await visitor.client.post("oauth/token", data=grant, headers=headers)


async def set_policy(visitor: Visitor, policy: object) -> httpx.Response:
    path = f"/resource-servers/{quote(visitor.options.audience, safe='')}"
    return await visitor.manage("PATCH", path, {"proof_of_possession": policy})


async def require_of_machine(visitor: Visitor) -> None:
    answer = await visitor.manage("PATCH", f"/clients/{MACHINE_CLIENT_ID}", {"require_proof_of_possession": True})
    assert answer.json()["require_proof_of_possession"] is True


async def test_a_machine_with_a_proof_gets_a_bound_token(visitor: Visitor, key: ProofKey) -> None:
    body = (await ask_for_machine(visitor, key.headers())).json()
    assert body["token_type"] == "DPoP"
    assert segments(body["access_token"])[1]["cnf"] == {"jkt": key.thumbprint}


async def test_a_request_without_a_proof_gets_a_bearer_token(visitor: Visitor) -> None:
    body = (await ask_for_machine(visitor, {})).json()
    assert body["token_type"] == "Bearer"
    assert "cnf" not in segments(body["access_token"])[1]


async def test_a_public_client_needs_the_nonce_and_keeps_its_code(visitor: Visitor, key: ProofKey) -> None:
    code = await visitor.code()
    grant = {
        "grant_type": "authorization_code",
        "client_id": visitor.parameters()["client_id"],
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    first = await visitor.client.post("oauth/token", data=grant, headers=key.headers())
    assert (first.status_code, first.json()) == (
        400,
        {"error": "use_dpop_nonce", "error_description": "Authorization server requires nonce in DPoP proof"},
    )
    headers = key.headers(nonce=first.headers["DPoP-Nonce"])
    second = (await visitor.client.post("oauth/token", data=grant, headers=headers)).json()
    assert second["token_type"] == "DPoP"
    assert segments(second["access_token"])[1]["cnf"] == {"jkt": key.thumbprint}
    assert "cnf" not in segments(second["id_token"])[1]


async def test_a_nonce_is_valid_for_some_minutes(visitor: Visitor, key: ProofKey) -> None:
    nonce = await nonce_of(visitor, key)
    visitor.clock.now += 300
    assert (await ask_for_machine(visitor, key.headers(nonce=nonce))).status_code == 200
    visitor.clock.now += 300
    assert (await ask_for_machine(visitor, key.headers(nonce=nonce))).json()["error"] == "use_dpop_nonce"
    assert (await ask_for_machine(visitor, key.headers(nonce="invented"))).json()["error"] == "use_dpop_nonce"


async def test_with_a_nonce_the_clock_of_the_client_does_not_matter(visitor: Visitor, key: ProofKey) -> None:
    nonce = await nonce_of(visitor, key)
    answer = await ask_for_machine(visitor, key.headers(nonce=nonce, iat=int(visitor.clock.now) - 90_000))
    assert answer.json()["token_type"] == "DPoP"


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htu": "http://127.0.0.1:3001/userinfo"},
        {"htu": "https://127.0.0.1:3001/oauth/token"},
        {"htu": None},
        {"jti": None},
        {"jti": "x" * 257},
        {"iat": None},
        {"iat": 1_800_000_000 - 301},
        {"iat": 1_800_000_000 + 31},
    ],
    ids=str,
)
async def test_a_proof_with_wrong_claims_is_refused(visitor: Visitor, key: ProofKey, changes: dict[str, Any]) -> None:
    answer = await ask_for_machine(visitor, key.headers(**changes))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


async def test_a_proof_with_a_wrong_header_is_refused(visitor: Visitor, key: ProofKey) -> None:
    claims = {"jti": "1", "htm": "POST", "htu": f"{visitor.options.issuer}oauth/token", "iat": int(visitor.clock.now)}
    other = ProofKey(visitor.clock, visitor.options.issuer)
    good = key.sign(claims)
    refused = {
        "typ": key.sign(claims, typ="JWT"),
        "key of another": key.sign(claims, jwk=other.key.as_dict(private=False)),
        "private key": key.sign(claims, jwk=key.key.as_dict(private=True)),
        "no key": key.sign(claims, jwk=None),
        "two": f"{good}, {good}",
        "text": "no.jwt",
        "signature": f"{good[:-8]}AAAAAAAA",
        "short signature": f"{good.rpartition('.')[0]}.AAAA",
    }
    for name, proof in refused.items():
        answer = await ask_for_machine(visitor, {"DPoP": proof})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof"), name
    assert (await ask_for_machine(visitor, {"DPoP": good})).status_code == 200


async def test_a_proof_works_once(visitor: Visitor, key: ProofKey) -> None:
    headers = key.headers()
    assert (await ask_for_machine(visitor, headers)).status_code == 200
    assert (await ask_for_machine(visitor, headers)).json()["error"] == "invalid_dpop_proof"


async def test_two_proofs_in_a_request_are_refused(visitor: Visitor, key: ProofKey) -> None:
    headers = [("DPoP", key.headers()["DPoP"]), ("DPoP", key.headers()["DPoP"])]
    grant = {
        "grant_type": "client_credentials",
        "client_id": MACHINE_CLIENT_ID,
        "client_secret": MACHINE_CLIENT_SECRET,
    }
    answer = await visitor.client.post("oauth/token", data=grant, headers=headers)
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_the_refresh_token_of_a_public_client_needs_its_key(visitor: Visitor, key: ProofKey) -> None:
    token = (await log_in(visitor, key))["refresh_token"]
    other = ProofKey(visitor.clock, visitor.options.issuer)
    nonce = await nonce_of(visitor, key)
    for headers in ({}, other.headers(nonce=nonce)):
        answer = await refresh(visitor, token, headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    body = (await refresh(visitor, token, key.headers(nonce=nonce))).json()
    assert body["token_type"] == "DPoP"
    assert segments(body["access_token"])[1]["cnf"] == {"jkt": key.thumbprint}


POLICIES = {
    "none": None,
    "mechanism none": {"mechanism": "none"},
    "allowed": {"mechanism": "dpop"},
    "required": {"mechanism": "dpop", "required": True},
    "required of public": {"mechanism": "dpop", "required": True, "required_for": "public_clients"},
    "mtls": {"mechanism": "mtls", "required": True},
}


@pytest.mark.parametrize(
    ("policy", "client_requires", "proof", "token_type"),
    [
        ("none", False, False, "Bearer"),
        ("none", False, True, "Bearer"),
        ("mechanism none", False, True, "Bearer"),
        ("none", True, False, None),
        ("none", True, True, None),
        ("allowed", False, False, "Bearer"),
        ("allowed", False, True, "DPoP"),
        ("allowed", True, False, None),
        ("allowed", True, True, "DPoP"),
        ("required", False, False, None),
        ("required", False, True, "DPoP"),
        ("required", True, True, "DPoP"),
        ("required of public", False, False, "Bearer"),
        ("mtls", False, True, None),
    ],
)
async def test_who_gets_which_token_is_the_table_of_auth0(
    visitor: Visitor, key: ProofKey, policy: str, client_requires: bool, proof: bool, token_type: str | None
) -> None:
    assert (await set_policy(visitor, POLICIES[policy])).status_code == 200
    if client_requires:
        await require_of_machine(visitor)
    answer = await ask_for_machine(visitor, key.headers() if proof else {})
    if token_type is None:
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        return
    assert answer.json()["token_type"] == token_type
    assert ("cnf" in segments(answer.json()["access_token"])[1]) == (token_type == "DPoP")


async def test_the_policy_of_an_api_is_shown_and_removed_by_null(visitor: Visitor) -> None:
    answer = await set_policy(visitor, {"mechanism": "dpop", "required": True})
    shown = {"mechanism": "dpop", "required": True, "required_for": "all_clients"}
    assert answer.json()["proof_of_possession"] == shown
    assert (await set_policy(visitor, None)).json()["proof_of_possession"] is None
    for policy in (
        {"mechanism": "magic"},
        {"required": True},
        {"mechanism": "mtls", "required_for": "public_clients"},
    ):
        assert (await set_policy(visitor, policy)).json()["errorCode"] == "invalid_body", policy


async def test_required_tokens_are_not_in_an_authorization_response(visitor: Visitor) -> None:
    await set_policy(visitor, {"mechanism": "dpop", "required": True})
    answer = await visitor.log_in(response_type="token", response_mode="fragment")
    assert "error=invalid_request" in answer.headers["Location"]
    assert "access_token" not in answer.headers["Location"]


@pytest.mark.parametrize("opaque", [True, False])
async def test_userinfo_needs_a_proof_for_a_bound_token(visitor: Visitor, key: ProofKey, opaque: bool) -> None:
    body = await log_in(visitor, key, audience=None if opaque else visitor.options.audience)
    token = body["access_token"]
    assert (body["token_type"], "." in token) == ("DPoP", not opaque)

    async def ask(scheme: str, headers: dict[str, str]) -> httpx.Response:
        return await visitor.client.get("userinfo", headers={"Authorization": f"{scheme} {token}"} | headers)

    proof = key.headers("userinfo", "GET", ath=hash_of(token))
    assert (await ask("Bearer", {})).status_code == 401
    missing = await ask("DPoP", {})
    assert missing.status_code == 401
    assert missing.headers["WWW-Authenticate"].startswith('DPoP realm="Users", error="invalid_dpop_proof"')
    for wrong in (key.headers("userinfo", "GET"), key.headers("userinfo", "GET", ath=hash_of("another"))):
        assert (await ask("DPoP", wrong)).status_code == 401
    other = ProofKey(visitor.clock, visitor.options.issuer)
    assert (await ask("DPoP", other.headers("userinfo", "GET", ath=hash_of(token)))).status_code == 401
    assert (await ask("DPoP", proof)).json()["sub"].startswith("auth0|")


async def test_userinfo_refuses_an_unbound_token_with_the_scheme_dpop(visitor: Visitor, key: ProofKey) -> None:
    token = (await visitor.redeem(await visitor.code())).json()["access_token"]
    headers = key.headers("userinfo", "GET", ath=hash_of(token)) | {"Authorization": f"DPoP {token}"}
    assert (await visitor.client.get("userinfo", headers=headers)).status_code == 401


async def test_a_page_may_send_proofs_and_read_the_nonce(visitor: Visitor, key: ProofKey) -> None:
    origin = {"Origin": seeds.ORIGIN}
    preflight = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop"}
    answer = await visitor.client.options("oauth/token", headers=preflight)
    assert (answer.status_code, "dpop" in answer.headers["Access-Control-Allow-Headers"].lower()) == (200, True)
    grant = {"grant_type": "authorization_code", "client_id": "code-only"}
    refused = await visitor.client.post("oauth/token", data=grant, headers=origin | key.headers())
    assert "DPoP-Nonce" in refused.headers["Access-Control-Expose-Headers"]


async def test_discovery_names_the_algorithms_of_proofs(visitor: Visitor) -> None:
    metadata = (await visitor.client.get(".well-known/openid-configuration")).json()
    assert metadata["dpop_signing_alg_values_supported"] == ["ES256"]
