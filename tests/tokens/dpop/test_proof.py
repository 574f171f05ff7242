from dataclasses import replace
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth0_sso.clock import WallTime
from auth0_sso.errors import InvalidDPoPProofError
from auth0_sso.tokens.dpop.proof import Proof, ProofPolicy, ProvenRequest, verify_proof
from support.proof_cases import ProofCase, ProvenGet
from support.proofs import ProofKey, ath_of

NOW = WallTime(1_790_000_000.0)
TOKEN = "the-access-token"
TARGET = "https://api.example.com/orders/1"
KEY, OTHER_KEY = ProofKey(), ProofKey()
REQUEST = ProvenRequest("GET", TARGET, TOKEN, KEY.jkt)
POLICY = ProofPolicy()
CLAIMS: dict[str, Any] = {"jti": "one", "htm": "GET", "htu": TARGET, "iat": int(NOW), "ath": ath_of(TOKEN)}

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


@pytest.mark.parametrize("htu", [f"{TARGET}?page=2", f"{TARGET}#top", "HTTPS://API.example.com:443/orders/%31"])
def test_the_target_is_compared_after_normalization(htu: str) -> None:
    assert verify(KEY.proof(CLAIMS | {"htu": htu})).jti == "one"


@pytest.mark.parametrize("offset", [-299, 0, 30])
def test_a_proof_is_accepted_for_five_minutes(offset: int) -> None:
    assert verify(KEY.proof(CLAIMS | {"iat": NOW + offset})).issued_at == NOW + offset


@pytest.mark.parametrize(("offset", "reason"), [(-300, "too_old"), (31, "iat_in_future")])
def test_a_proof_is_refused_from_the_next_second_on(offset: int, reason: str) -> None:
    assert refusal(KEY.proof(CLAIMS | {"iat": NOW + offset}).encode()) == f"dpop_{reason}"


CASES = ProvenGet(TARGET, TOKEN, int(NOW), KEY, OTHER_KEY).cases()


@pytest.mark.parametrize("case", [each for each in CASES if each.reason is not None], ids=attrgetter("name"))
def test_a_proof_of_the_table_is_refused(case: ProofCase) -> None:
    assert refusal(*(proof.encode() for proof in case.proofs)) == f"dpop_{case.reason}"


@pytest.mark.parametrize("case", [each for each in CASES if each.reason is None], ids=attrgetter("name"))
def test_a_proof_of_the_table_is_accepted(case: ProofCase) -> None:
    (proof,) = case.proofs
    assert verify(proof).jti == case.name


def test_the_table_has_no_name_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


VALID = KEY.proof(CLAIMS)


@pytest.mark.parametrize(("text", "reason"), [("", "malformed"), (f" {VALID}", "header_not_base64url")])
def test_what_no_client_can_send_is_refused_too(text: str, reason: str) -> None:
    assert refusal(text.encode()) == f"dpop_{reason}"


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
