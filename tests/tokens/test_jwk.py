import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk as jose_jwk
from jose.backends.base import Key

from auth0_sso.testing.issuer import Issuer, base64url, public_ec_jwk, public_jwk
from auth0_sso.tokens.jwk import SUPPORTED_ALGORITHMS, JwkSet, VerificationKey
from auth0_sso.tokens.strict_json import Unreadable
from support.token_cases import key_document


@pytest.fixture(scope="session")
def good(issuer: Issuer) -> dict[str, object]:
    return public_jwk(issuer.keys["key-0"], "good")


def without(jwk: Mapping[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in jwk.items() if name not in names}


def names(keys: JwkSet) -> set[tuple[str, str]]:
    return set(keys.keys)


@pytest.mark.parametrize("document", [None, [], "keys", 7, {}, {"keys": None}, {"keys": {}}, {"keys": "x"}])
def test_a_value_that_is_no_jwk_set_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"^not a JWK Set$"):
        JwkSet.parse(document, ["RS256"])


@pytest.mark.parametrize("entries", [[], [{}], [None, 7, "x"]])
def test_a_set_without_a_usable_key_is_refused(entries: list[object]) -> None:
    with pytest.raises(ValueError, match=r"^no usable key in the JWK Set$"):
        JwkSet.parse({"keys": entries}, ["RS256"])


_NO_STRING = "one of kty, n, e is missing or not a string"
_NO_FIT = "of another kty, crv or alg than the tokens accepted here"
_NO_NUMBER = "its numbers cannot be read"
_TOO_LONG = "one of kty, n, e is too long"
_NO_KID = "its kid is not a text of 1 to 255 characters"
_BAD_SIZE = "its modulus is not 2048 to 8192 bits long"
_CHANGES: list[tuple[str, dict[str, Any]]] = [
    (_NO_KID, {"kid": ...}),
    (_NO_KID, {"kid": ""}),
    (_NO_KID, {"kid": None}),
    (_NO_KID, {"kid": 1}),
    (_NO_KID, {"kid": "k" * 256}),
    (_NO_KID, {"kid": "\ud800"}),
    (_TOO_LONG, {"n": "A" * 1401}),
    (_TOO_LONG, {"e": "A" * 100_000}),
    ("its use is not sig", {"use": "enc"}),
    ("its use is not sig", {"use": None}),
    ("its key_ops lack verify", {"key_ops": ["encrypt"]}),
    ("its key_ops lack verify", {"key_ops": []}),
    ("its key_ops lack verify", {"key_ops": "verify"}),
    ("it shows private parts", {"d": "c2VjcmV0"}),
    ("it shows private parts", {"p": "c2VjcmV0"}),
    ("it shows private parts", {"q": "c2VjcmV0"}),
    ("it shows private parts", {"dp": "c2VjcmV0"}),
    ("it shows private parts", {"dq": "c2VjcmV0"}),
    ("it shows private parts", {"qi": "c2VjcmV0"}),
    ("it shows private parts", {"oth": []}),
    ("it shows private parts", {"k": "c2VjcmV0"}),
    (_NO_FIT, {"alg": "RSA-OAEP"}),
    (_NO_FIT, {"alg": "RS384"}),
    (_NO_FIT, {"alg": None}),
    (_NO_FIT, {"alg": ["RS256"]}),
    (_NO_FIT, {"kty": ...}),
    (_NO_FIT, {"kty": "oct"}),
    (_NO_FIT, {"kty": "EC"}),
    (_NO_FIT, {"kty": ["RSA"]}),
    (_NO_FIT, {"kty": "rsa"}),
    (_NO_STRING, {"n": ...}),
    (_NO_STRING, {"n": ""}),
    (_NO_STRING, {"n": None}),
    (_NO_STRING, {"n": 65537}),
    (_NO_STRING, {"e": ...}),
    (_NO_STRING, {"e": None}),
    (_NO_STRING, {"e": 65537}),
    (_NO_NUMBER, {"n": "\u00e9\u00e9\u00e9\u00e9"}),
    (_NO_NUMBER, {"n": "!!!"}),
    (_NO_NUMBER, {"n": "u" * 341 + "!w"}),
    (_NO_NUMBER, {"n": "u" * 341 + "w=="}),
    (_NO_NUMBER, {"n": "u" * 341 + "x"}),
    (_NO_NUMBER, {"e": "AQ AB"}),
    (_NO_NUMBER, {"e": "+AAB"}),
    (_NO_NUMBER, {"e": "AA"}),
    (_NO_NUMBER, {"e": "AQ"}),
    (_NO_NUMBER, {"e": "Ag"}),
    (_NO_NUMBER, {"e": "AQAA"}),
    (_BAD_SIZE, {"n": base64url(b"\xff" * 128)}),
    ("its exponent is longer than 64 bits", {"e": base64url(b"\x01" + b"\x00" * 7 + b"\x01")}),
]


@pytest.mark.parametrize(("why", "change"), _CHANGES, ids=str)
def test_an_unusable_key_is_left_out_and_the_others_are_kept(
    good: dict[str, object], why: str, change: dict[str, object]
) -> None:
    bad = {name: value for name, value in (good | {"kid": "bad"} | change).items() if value is not ...}
    for entries in ([bad, good], [good, bad]):
        keys = JwkSet.parse({"keys": entries}, ["RS256"])
        assert names(keys) == {("good", "RS256")}
        assert keys.dropped == (why,)


@pytest.mark.parametrize("entry", [None, 7, "key", [], True])
def test_an_entry_that_is_no_object_is_left_out(good: dict[str, object], entry: object) -> None:
    keys = JwkSet.parse({"keys": [entry, good]}, ["RS256"])
    assert names(keys) == {("good", "RS256")}
    assert keys.dropped == ("not a JSON object",)


def test_a_reason_for_leaving_out_shows_nothing_of_the_key(good: dict[str, object]) -> None:
    keys = JwkSet.parse({"keys": [good, good | {"kid": "bad", "d": "c2VjcmV0"}]}, ["RS256"])
    assert keys.dropped == ("it shows private parts",)


@pytest.mark.parametrize(("bits", "usable"), [(1024, False), (2047, False), (2048, True), (4096, True)])
def test_a_modulus_has_2048_bits_at_least(good: dict[str, object], bits: int, usable: bool) -> None:
    sized = public_jwk(rsa.generate_private_key(public_exponent=65537, key_size=bits), "sized")
    keys = JwkSet.parse({"keys": [good, sized]}, ["RS256"])
    assert (("sized", "RS256") in names(keys)) == usable


def test_a_modulus_has_8192_bits_at_most(good: dict[str, object]) -> None:
    for bits, usable in ((8192, True), (8193, False)):
        modulus = base64url(((1 << bits) - 1).to_bytes(1025, "big"))
        keys = JwkSet.parse({"keys": [good, good | {"kid": "big", "n": modulus}]}, ["RS256"])
        assert (("big", "RS256") in names(keys)) == usable


def test_an_exponent_may_have_64_bits(good: dict[str, object]) -> None:
    keys = JwkSet.parse({"keys": [good | {"e": base64url(b"\x80" + b"\x00" * 6 + b"\x01")}]}, ["RS256"])
    assert names(keys) == {("good", "RS256")}


def test_small_odd_exponents_are_accepted(issuer: Issuer, good: dict[str, object]) -> None:
    three = public_jwk(rsa.generate_private_key(public_exponent=3, key_size=2048), "three")
    assert ("three", "RS256") in names(JwkSet.parse({"keys": [good, three]}, ["RS256"]))


_NO_STRING_OF_EC = "one of kty, crv, x, y is missing or not a string"


@pytest.mark.parametrize(
    ("why", "change"),
    [
        (_NO_FIT, {"crv": "P-384"}),
        (_NO_FIT, {"crv": "secp256k1"}),
        (_NO_FIT, {"crv": ...}),
        (_NO_FIT, {"kty": "OKP"}),
        (_NO_FIT, {"alg": "ES384"}),
        (_NO_STRING_OF_EC, {"x": ...}),
        (_NO_STRING_OF_EC, {"y": None}),
        (_NO_NUMBER, {"x": "AAAA"}),
        (_NO_NUMBER, {"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4="}),
        (_NO_NUMBER, {"y": "!"}),
    ],
    ids=str,
)
def test_an_unusable_ec_key_is_left_out(issuer: Issuer, why: str, change: dict[str, object]) -> None:
    ours = public_ec_jwk(issuer.ec_key, "good")
    other = public_ec_jwk(ec.generate_private_key(ec.SECP256R1()), "bad")
    bad = {name: value for name, value in (other | change).items() if value is not ...}
    keys = JwkSet.parse({"keys": [bad, ours]}, ["ES256"])
    assert names(keys) == {("good", "ES256")}
    assert keys.dropped == (why,)


def test_a_point_that_is_not_on_the_curve_is_left_out(issuer: Issuer) -> None:
    ours = public_ec_jwk(issuer.ec_key, "good")
    assert names(JwkSet.parse({"keys": [ours | {"kid": "bad", "y": ours["x"]}, ours]}, ["ES256"])) == {
        ("good", "ES256")
    }


def test_a_kid_may_have_255_characters(good: dict[str, object]) -> None:
    assert names(JwkSet.parse({"keys": [good | {"kid": "\u00fc" * 255}]}, ["RS256"])) == {("\u00fc" * 255, "RS256")}


def test_a_member_that_is_too_long_is_not_parsed(good: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    construct = jose_jwk.construct

    def noted(members: dict[str, str], algorithm: str) -> Key:
        lengths.append(len(members["n"]))
        return construct(members, algorithm)

    monkeypatch.setattr(jose_jwk, "construct", noted)
    JwkSet.parse({"keys": [good | {"kid": "bad", "n": "A" * 200_000}, good]}, ["RS256"])
    assert lengths == [342]


def test_an_unreadable_entry_is_left_out_with_its_fault(good: dict[str, object]) -> None:
    keys = JwkSet.parse({"keys": [Unreadable("duplicate_member"), good]}, ["RS256"])
    assert names(keys) == {("good", "RS256")}
    assert keys.dropped == ("not valid JSON: duplicate_member",)


def test_a_hundred_entries_are_read_and_the_rest_is_counted(good: dict[str, object]) -> None:
    entries = [good | {"kid": str(number)} for number in range(101)]
    hundred = JwkSet.parse({"keys": entries[:100]}, ["RS256"])
    more = JwkSet.parse({"keys": entries}, ["RS256"])
    assert (len(hundred.keys), hundred.dropped) == (100, ())
    assert (len(more.keys), more.dropped) == (100, ("1 entries after the first 100 are not read",))


def test_the_document_of_a_set_parses_to_an_equal_set(issuer: Issuer) -> None:
    document = key_document(issuer)
    document["keys"] += [{"kid": "bad"}, without(public_jwk(issuer.keys["key-0"], "any", x5c=["MII"]), "alg")]
    keys = JwkSet.parse(document, SUPPORTED_ALGORITHMS)
    assert len(keys.keys) == 5 + 4
    again = JwkSet.parse(json.loads(json.dumps(keys.document)), SUPPORTED_ALGORITHMS)
    assert (again.keys, again.dropped) == (keys.keys, ())
    members = {name for entry in json.loads(json.dumps(keys.document))["keys"] for name in entry}
    assert members == {"kid", "alg", "kty", "n", "e", "crv", "x", "y"}


def test_each_key_is_bound_to_the_algorithm_it_names(issuer: Issuer) -> None:
    keys = JwkSet.parse(key_document(issuer), SUPPORTED_ALGORITHMS)
    assert names(keys) == {
        ("key-0", "RS256"),
        ("key-1", "RS512"),
        ("key-2", "PS256"),
        ("key-3", "RS384"),
        ("key-ec", "ES256"),
    }
    assert keys.dropped == ()


def test_a_key_without_alg_is_used_for_every_matching_algorithm(good: dict[str, object]) -> None:
    keys = JwkSet.parse({"keys": [without(good, "alg", "use")]}, SUPPORTED_ALGORITHMS)
    assert names(keys) == {("good", name) for name in ("RS256", "RS384", "RS512", "PS256")}


def test_key_ops_may_say_more_than_verify(good: dict[str, object]) -> None:
    assert names(JwkSet.parse({"keys": [good | {"key_ops": ["sign", "verify"]}]}, ["RS256"])) == {("good", "RS256")}


def test_two_keys_of_one_kid_are_both_left_out(issuer: Issuer, good: dict[str, object]) -> None:
    twin = public_jwk(issuer.keys["key-1"], "twin")
    other = public_jwk(issuer.keys["key-2"], "twin")
    keys = JwkSet.parse({"keys": [twin, good, other]}, ["RS256"])
    assert names(keys) == {("good", "RS256")}
    assert keys.dropped == ("two keys share one kid",)
    with pytest.raises(ValueError, match=r"^no usable key in the JWK Set$"):
        JwkSet.parse({"keys": [twin, other, twin]}, ["RS256"])


def test_a_key_is_found_by_kid_and_algorithm_only(good: dict[str, object]) -> None:
    keys = JwkSet.parse({"keys": [good]}, ["RS256"])
    found = keys.find("good", "RS256")
    assert found is not None
    assert (found.key_id, found.algorithm) == ("good", "RS256")
    assert keys.find("good", "RS512") is None
    assert keys.find("GOOD", "RS256") is None


def test_a_set_contains_its_own_key_objects_only(good: dict[str, object]) -> None:
    ours, others = (JwkSet.parse({"keys": [good]}, ["RS256"]) for _ in range(2))
    mine, other = ours.find("good", "RS256"), others.find("good", "RS256")
    assert mine is not None
    assert other is not None
    assert mine == other
    assert ours.holds(mine)
    assert not ours.holds(other)


def test_keys_are_equal_only_if_their_members_are(issuer: Issuer, good: dict[str, object]) -> None:
    ours = JwkSet.parse({"keys": [good]}, ["RS256"])
    assert ours.keys == JwkSet.parse({"keys": [good | {"x5t": "changed"}]}, ["RS256"]).keys
    assert ours.keys != JwkSet.parse({"keys": [public_jwk(issuer.keys["key-1"], "good")]}, ["RS256"]).keys


def test_the_repr_of_a_key_shows_its_kid_and_algorithm(good: dict[str, object]) -> None:
    found = JwkSet.parse({"keys": [good]}, ["RS256"]).find("good", "RS256")
    assert repr(found) == "VerificationKey(key_id='good', algorithm='RS256')"


def test_an_error_of_a_backend_is_an_invalid_signature() -> None:
    class Broken(Key):  # type: ignore[misc]  # python-jose publishes no types
        def verify(self, msg: bytes, sig: bytes) -> bool:
            raise RecursionError(msg, sig)

    key = VerificationKey("broken", "RS256", (), Broken("", "RS256"))
    assert key.verifies(b"message", b"signature") is False


@pytest.mark.parametrize(("algorithm", "kid"), [("RS256", "key-0"), ("PS256", "key-2"), ("ES256", "key-ec")])
@pytest.mark.parametrize("signature", [b"", b"\x00", b"\xff" * 256, b"\x00" * 64, b"x" * 10_000], ids=len)
def test_a_malformed_signature_is_invalid_and_never_an_error(
    issuer: Issuer, algorithm: str, kid: str, signature: bytes
) -> None:
    key = JwkSet.parse(key_document(issuer), SUPPORTED_ALGORITHMS).find(kid, algorithm)
    assert key is not None
    assert key.verifies(b"message", signature) is False
