import httpx
import pytest

from auth0_sso.testing.issuer import ISSUER, Issuer, public_ec_jwk, public_jwk
from support.diagnosis import dated, diagnose, given
from support.misbehaving_server import garbage, peer, refusing_port
from support.tenant_script import DISCOVERY, JWKS, Reply, ScriptedTenant, discovery_reply, json_reply
from support.token_cases import NOW


async def test_an_issuer_that_answers_passes(healthy: ScriptedTenant) -> None:
    found = await diagnose(healthy, given())
    assert found.one("discovery").message == f"{ISSUER} answers, and names itself as the issuer"
    assert found.one("keys").message == "the issuer has 2 RS256 keys of 2048 bits"
    assert found.one("clock").status == "pass"


async def test_another_issuer_is_named_with_the_setting_for_it(healthy: ScriptedTenant) -> None:
    healthy.on(DISCOVERY, discovery_reply({"issuer": "https://login.acme.com/"}))
    found = await diagnose(healthy, given())
    finding = found.one("discovery")
    assert finding.status == "fail"
    assert f'expected {ISSUER}, found "https://login.acme.com/"' in finding.message
    assert finding.fix == "set AUTH0_ISSUER_BASE_URL=https://login.acme.com/"
    assert found.one("keys").status == "skip"


@pytest.mark.parametrize(
    ("named", "slash", "fix"),
    [
        (ISSUER.rstrip("/"), True, "set AUTH0_ISSUER_TRAILING_SLASH=false"),
        (ISSUER, False, "unset AUTH0_ISSUER_TRAILING_SLASH: Auth0's issuers end with a slash"),
        (None, True, "correct AUTH0_DOMAIN or AUTH0_ISSUER_BASE_URL"),
        (5, True, "correct AUTH0_DOMAIN or AUTH0_ISSUER_BASE_URL"),
    ],
)
async def test_an_issuer_that_differs_by_its_slash_or_is_none_has_its_fix(
    healthy: ScriptedTenant, named: object, slash: bool, fix: str
) -> None:
    healthy.on(DISCOVERY, discovery_reply({"issuer": named}))
    finding = (await diagnose(healthy, given(auth0_issuer_trailing_slash=slash))).one("discovery")
    assert (finding.status, finding.fix) == ("fail", fix)


async def test_an_issuer_without_a_slash_at_its_end_is_examined(healthy: ScriptedTenant) -> None:
    bare = ISSUER.rstrip("/")
    healthy.on(DISCOVERY, discovery_reply({"issuer": bare}))
    found = await diagnose(healthy, given(auth0_issuer_trailing_slash=False))
    assert found.one("discovery").message == f"{bare} answers, and names itself as the issuer"
    assert found.one("keys").message == "the issuer has 2 RS256 keys of 2048 bits"


async def test_there_is_no_tenant_of_that_name(healthy: ScriptedTenant) -> None:
    healthy.on(DISCOVERY, Reply(404))
    finding = (await diagnose(healthy, given())).one("discovery")
    assert finding.message.endswith(": status_404")
    assert "there is no tenant of that name" in finding.fix


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>"])
async def test_what_is_no_metadata_fails(healthy: ScriptedTenant, body: bytes) -> None:
    healthy.on(DISCOVERY, Reply(200, body))
    assert (await diagnose(healthy, given())).one("discovery").status == "fail"


async def test_an_address_without_a_server_is_told_so() -> None:
    with refusing_port() as address:
        domain = address.removeprefix("http://").rstrip("/")
        settings = given(auth0_domain=domain, auth0_issuer_base_url=address)
        finding = (await diagnose(httpx.AsyncHTTPTransport(), settings)).one("discovery")
    assert finding.message.endswith("connection_refused")
    assert finding.fix.startswith("start what listens there")


async def test_a_server_that_speaks_no_http_fails() -> None:
    async with peer(garbage) as address:
        domain = address.removeprefix("http://").rstrip("/")
        settings = given(auth0_domain=domain, auth0_issuer_base_url=address)
        finding = (await diagnose(httpx.AsyncHTTPTransport(), settings)).one("discovery")
    assert finding.message.endswith("protocol_error")


async def test_keys_that_cannot_be_used_fail(healthy: ScriptedTenant, issuer: Issuer) -> None:
    healthy.on(JWKS, json_reply({"keys": [public_ec_jwk(issuer.ec_key, "ec")]}))
    finding = (await diagnose(healthy, given())).one("keys")
    assert (finding.status, finding.message) == ("fail", "there is no usable signing key: jwks_unusable")
    assert finding.fix.startswith("set AUTH0_ALGORITHMS")


async def test_keys_that_do_not_answer_fail(healthy: ScriptedTenant) -> None:
    healthy.on(JWKS, Reply(500))
    assert (await diagnose(healthy, given())).one("keys").message.endswith("status_500")


async def test_an_insecure_address_of_keys_fails(healthy: ScriptedTenant) -> None:
    insecure = dated(NOW)
    healthy.on(DISCOVERY, insecure, discovery_reply({"jwks_uri": "http://acme.com/jwks"}))
    assert (await diagnose(healthy, given())).one("keys").fix.endswith("are not at an https address")


async def test_each_algorithm_needs_a_key(healthy: ScriptedTenant, issuer: Issuer) -> None:
    keys = [public_jwk(issuer.keys["key-0"], "rs"), public_ec_jwk(issuer.ec_key, "ec"), {"kid": "x", "kty": "oct"}]
    healthy.on(JWKS, json_reply({"keys": keys}))
    found = await diagnose(healthy, given(auth0_algorithms="RS256,ES256,PS256"))
    rs, ec, ps, dropped = found.of("keys")
    assert rs.message == "the issuer has 1 RS256 key of 2048 bits"
    assert ec.message == "the issuer has 1 ES256 key of 256 bits"
    assert (ps.status, ps.message) == ("warn", "the issuer has no PS256 key")
    assert (dropped.status, dropped.message[:34]) == ("warn", "a key of the issuer is left out: o")


@pytest.mark.parametrize(
    ("skew", "leeway", "status", "words"),
    [
        (0, 10, "pass", "are equal"),
        (4, 10, "pass", "are equal"),
        (4, 2, "fail", "4 s ahead of"),
        (-8, 10, "warn", "8 s behind"),
        (60, 10, "fail", "60 s ahead of the issuer's, more than AUTH0_LEEWAY_SECONDS allows (10 s)"),
        (-3600, 300, "fail", "3600 s behind"),
    ],
)
async def test_the_clocks_are_compared_with_the_leeway(
    healthy: ScriptedTenant, skew: int, leeway: int, status: str, words: str
) -> None:
    finding = (await diagnose(healthy, given(auth0_leeway_seconds=leeway), now=NOW + skew)).one("clock")
    assert finding.status == status
    assert words in finding.message


async def test_the_age_of_a_cached_answer_is_added_to_its_date(healthy: ScriptedTenant) -> None:
    healthy.on(DISCOVERY, dated(NOW - 600, Age="600"))
    assert (await diagnose(healthy, given())).one("clock").status == "pass"


@pytest.mark.parametrize("date", ["", "yesterday"])
async def test_without_a_date_the_clock_is_not_compared(healthy: ScriptedTenant, date: str) -> None:
    reply = discovery_reply()
    healthy.on(DISCOVERY, Reply(200, reply.body, reply.headers | ({"Date": date} if date else {})))
    finding = (await diagnose(healthy, given())).one("clock")
    assert (finding.status, finding.message) == ("skip", "the issuer sends no Date header")
