from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidDPoPProofError
from auth0_sso.tokens.dpop.proof import MAX_PROOF_BYTES, Proof, ProofPolicy, ProvenRequest, verify_proof
from support.proofs import ProofKey, ath_of, encoded

NOW = WallTime(1_790_000_000.0)
TOKEN = "the-access-token"
TARGET = "https://api.example.com/orders/1"
KEY, OTHER_KEY = ProofKey(), ProofKey()
REQUEST = ProvenRequest("GET", TARGET, TOKEN, KEY.jkt)
POLICY = ProofPolicy()
CLAIMS: dict[str, Any] = {"jti": "one", "htm": "GET", "htu": TARGET, "iat": int(NOW), "ath": ath_of(TOKEN)}
ANOTHER = OTHER_KEY.jwk

# RFC 9449 section 7.1, figure 13
RFC_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJ"
    "qdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXN"
    "vdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yR"
    "qzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
RFC_REQUEST = ProvenRequest(
    "GET",
    "https://resource.example.org/protectedresource",
    "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
    "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
)
# RFC 9449 section 4.1, figure 2: made for the token endpoint, without a token
TOKEN_ENDPOINT_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJ"
    "qdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijo"
    "xNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)


def verify(proof: str, request: ProvenRequest = REQUEST, now: float = NOW) -> Proof:
    return verify_proof([proof.encode()], request, POLICY, WallTime(now))


def refusal(*proofs: bytes, request: ProvenRequest = REQUEST, now: float = NOW) -> str:
    with pytest.raises(InvalidDPoPProofError) as raised:
        verify_proof(proofs, request, POLICY, WallTime(now))
    assert type(raised.value) is InvalidDPoPProofError
    return raised.value.reason


def test_the_proof_of_the_rfc_is_accepted() -> None:
    proof = verify(RFC_PROOF, RFC_REQUEST, 1562262618)
    assert proof == Proof("e1j3V_bKic8-LAEB", 1562262618, None)


def test_a_proof_for_the_token_endpoint_is_for_another_request() -> None:
    assert refusal(TOKEN_ENDPOINT_PROOF.encode(), request=RFC_REQUEST, now=1562262616) == "dpop_htm_mismatch"


def test_a_proof_may_have_a_nonce() -> None:
    assert verify(KEY.proof(CLAIMS | {"nonce": "given"})).nonce == "given"


@pytest.mark.parametrize(
    "header",
    [{"typ": "DPoP+JWT"}, {"typ": "application/dpop+jwt"}, {"kid": "ignored"}, {"jwk": KEY.jwk | {"kid": "a"}}],
    ids=["typ-upper-case", "typ-application", "kid", "kid-in-jwk"],
)
def test_these_headers_are_accepted_too(header: dict[str, Any]) -> None:
    assert verify(KEY.proof(CLAIMS, header)).jti == "one"


@pytest.mark.parametrize("htu", [f"{TARGET}?page=2", f"{TARGET}#top", "HTTPS://API.example.com:443/orders/%31"])
def test_the_target_is_compared_after_normalization(htu: str) -> None:
    assert verify(KEY.proof(CLAIMS | {"htu": htu})).jti == "one"


@pytest.mark.parametrize("offset", [-299, 0, 30])
def test_a_proof_is_accepted_for_five_minutes(offset: int) -> None:
    assert verify(KEY.proof(CLAIMS | {"iat": NOW + offset})).issued_at == NOW + offset


REFUSED_CLAIMS = [
    pytest.param({"htm": "POST"}, "htm_mismatch", id="htm-other"),
    pytest.param({"htm": "get"}, "htm_mismatch", id="htm-lower-case"),
    pytest.param({"htm": 1}, "htm_invalid", id="htm-number"),
    pytest.param({"htm": None}, "htm_missing", id="htm-null"),
    pytest.param({"htu": "https://api.example.com/orders/2"}, "htu_mismatch", id="htu-other-path"),
    pytest.param({"htu": "http://api.example.com/orders/1"}, "htu_mismatch", id="htu-other-scheme"),
    pytest.param({"htu": "https://api.example.org/orders/1"}, "htu_mismatch", id="htu-other-host"),
    pytest.param({"htu": "https://api.example.com:444/orders/1"}, "htu_mismatch", id="htu-other-port"),
    pytest.param({"htu": TARGET + "/"}, "htu_mismatch", id="htu-slash"),
    pytest.param({"htu": "/orders/1"}, "htu_invalid", id="htu-relative"),
    pytest.param({"htu": "https://user@api.example.com/orders/1"}, "htu_invalid", id="htu-user"),
    pytest.param({"htu": ["https://api.example.com/orders/1"]}, "htu_invalid", id="htu-list"),
    pytest.param({"ath": ath_of("another-token")}, "ath_mismatch", id="ath-other-token"),
    pytest.param({"ath": ath_of(TOKEN) + "="}, "ath_mismatch", id="ath-padded"),
    pytest.param({"ath": ""}, "ath_invalid", id="ath-empty"),
    pytest.param({"ath": 5}, "ath_invalid", id="ath-number"),
    pytest.param({"iat": NOW - 300}, "too_old", id="iat-old"),
    pytest.param({"iat": NOW + 31}, "iat_in_future", id="iat-ahead"),
    pytest.param({"iat": str(int(NOW))}, "iat_invalid", id="iat-text"),
    pytest.param({"iat": True}, "iat_invalid", id="iat-boolean"),
    pytest.param({"iat": None}, "iat_missing", id="iat-null"),
    pytest.param({"iat": -1}, "too_old", id="iat-negative"),
    pytest.param({"iat": 10**19}, "iat_in_future", id="iat-huge"),
    pytest.param({"jti": ""}, "jti_invalid", id="jti-empty"),
    pytest.param({"jti": "j" * 257}, "jti_invalid", id="jti-long"),
    pytest.param({"jti": 7}, "jti_invalid", id="jti-number"),
    pytest.param({"nonce": ""}, "nonce_invalid", id="nonce-empty"),
    pytest.param({"nonce": 1}, "nonce_invalid", id="nonce-number"),
    pytest.param({"nonce": "n" * 257}, "nonce_invalid", id="nonce-long"),
]


@pytest.mark.parametrize(("claims", "reason"), REFUSED_CLAIMS)
def test_a_proof_with_these_claims_is_refused(claims: dict[str, Any], reason: str) -> None:
    assert refusal(KEY.proof(CLAIMS | claims).encode()) == f"dpop_{reason}"


@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat", "ath"])
def test_a_proof_without_a_claim_is_refused(name: str) -> None:
    assert refusal(KEY.proof(CLAIMS, without=(name,)).encode()) == f"dpop_{name}_missing"


REFUSED_HEADERS = [
    pytest.param({"typ": "JWT"}, "typ_not_allowed", id="typ-jwt"),
    pytest.param({"typ": "at+jwt"}, "typ_not_allowed", id="typ-access-token"),
    pytest.param({"typ": None}, "typ_not_allowed", id="typ-null"),
    pytest.param({"alg": "none"}, "alg_not_allowed", id="alg-none"),
    pytest.param({"alg": "HS256"}, "alg_not_allowed", id="alg-symmetric"),
    pytest.param({"alg": "RS256"}, "alg_not_allowed", id="alg-not-offered"),
    pytest.param({"alg": "es256"}, "alg_not_allowed", id="alg-lower-case"),
    pytest.param({"alg": ["ES256"]}, "alg_not_allowed", id="alg-list"),
    pytest.param({"jwk": None}, "jwk_missing", id="jwk-null"),
    pytest.param({"jwk": "text"}, "jwk_invalid", id="jwk-text"),
    pytest.param({"jwk": {}}, "jwk_invalid", id="jwk-empty"),
    pytest.param({"jwk": {"kty": "oct", "k": "AAAA"}}, "jwk_invalid", id="jwk-symmetric"),
    pytest.param({"jwk": KEY.jwk | {"x": 1}}, "jwk_invalid", id="jwk-number"),
    pytest.param({"jwk": KEY.jwk | {"other": {}}}, "jwk_invalid", id="jwk-nested"),
    pytest.param({"jwk": KEY.jwk | {"d": "AAAA"}}, "jwk_invalid", id="jwk-private"),
    pytest.param({"jwk": KEY.jwk | {"use": "enc"}}, "jwk_invalid", id="jwk-for-encryption"),
    pytest.param({"jwk": KEY.jwk | {"alg": "ES384"}}, "jwk_invalid", id="jwk-other-alg"),
    pytest.param({"jwk": ANOTHER}, "jkt_mismatch", id="jwk-other-key"),
    pytest.param({"crit": ["exp"]}, "crit_unsupported", id="crit"),
    pytest.param({"b64": True}, "b64_unsupported", id="b64"),
    pytest.param({"cty": "JWT"}, "cty_unsupported", id="cty"),
    pytest.param({"zip": "DEF"}, "zip_unsupported", id="zip"),
    pytest.param({"enc": "A128GCM"}, "enc_unsupported", id="enc"),
]


@pytest.mark.parametrize(("header", "reason"), REFUSED_HEADERS)
def test_a_proof_with_this_header_is_refused(header: dict[str, Any], reason: str) -> None:
    assert refusal(KEY.proof(CLAIMS, header).encode()) == f"dpop_{reason}"


@pytest.mark.parametrize("name", ["typ", "alg", "jwk"])
def test_a_proof_without_a_parameter_is_refused(name: str) -> None:
    reason = {"typ": "typ_not_allowed", "alg": "alg_not_allowed", "jwk": "jwk_missing"}[name]
    assert refusal(KEY.proof(CLAIMS, without=(name,)).encode()) == f"dpop_{reason}"


VALID = KEY.proof(CLAIMS)
HEADER, PAYLOAD, SIGNATURE = VALID.split(".")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "malformed", id="empty"),
        pytest.param("proof", "malformed", id="one-part"),
        pytest.param(f"{VALID}.", "malformed", id="four-parts"),
        pytest.param(f"{HEADER}.{PAYLOAD}.", "signature_mismatch", id="no-signature"),
        pytest.param(f"{HEADER}.{PAYLOAD}.{SIGNATURE[:-6]}", "signature_mismatch", id="short-signature"),
        pytest.param(f"{HEADER}=.{PAYLOAD}.{SIGNATURE}", "header_not_base64url", id="padded"),
        pytest.param(f" {VALID}", "header_not_base64url", id="space"),
        pytest.param(f"{encoded(b'[]')}.{PAYLOAD}.{SIGNATURE}", "header_not_object", id="header-list"),
        pytest.param(f"{HEADER}.{encoded(b'1')}.{SIGNATURE}", "payload_not_object", id="payload-number"),
        pytest.param(f"{HEADER}.{encoded(b'{')}.{SIGNATURE}", "payload_not_json", id="payload-broken"),
        pytest.param("p" * (MAX_PROOF_BYTES + 1), "too_long", id="long"),
    ],
)
def test_what_is_no_signed_jwt_is_refused(text: str, reason: str) -> None:
    assert refusal(text.encode()) == f"dpop_{reason}"


def test_a_bound_token_needs_exactly_one_proof() -> None:
    assert refusal() == "dpop_missing"
    assert refusal(VALID.encode(), VALID.encode()) == "dpop_repeated"


def test_a_proof_signed_with_another_key_is_refused() -> None:
    assert refusal(OTHER_KEY.proof(CLAIMS, {"jwk": KEY.jwk}).encode()) == "dpop_signature_mismatch"


def test_the_private_part_is_refused_without_being_repeated() -> None:
    with pytest.raises(InvalidDPoPProofError) as raised:
        verify(KEY.proof(CLAIMS, {"jwk": KEY.jwk | {"d": "the-private-part"}}))
    assert "the-private-part" not in f"{raised.value!r} {raised.value.detail}"


def test_a_proof_for_another_token_of_the_same_key_is_refused() -> None:
    assert refusal(VALID.encode(), request=replace(REQUEST, token="another")) == "dpop_ath_mismatch"


def test_another_algorithm_is_accepted_where_the_policy_has_it_and_the_key_fits() -> None:
    with pytest.raises(InvalidDPoPProofError) as raised:
        verify_proof([KEY.proof(CLAIMS, {"alg": "RS256"}).encode()], REQUEST, ProofPolicy(("RS256",)), NOW)
    assert raised.value.reason == "dpop_jwk_invalid"


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_a_proof(proof: bytes) -> None:
    refusal(proof)


@given(st.integers(0, len(VALID) - 1), st.sampled_from("ABab01-_.=\x00\xff"))
def test_a_proof_with_one_other_character_is_refused(place: int, character: str) -> None:
    if VALID[place] != character:
        refusal((VALID[:place] + character + VALID[place + 1 :]).encode("latin-1"))
