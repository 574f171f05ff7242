import mutate

OUTCOMES = {
    "auth0_sso.tokens.jws.x__decode__mutmut_1": "killed",
    "auth0_sso.tokens.jws.x__decode__mutmut_2": "survived",
    "auth0_sso.tokens.jws.x_parse__mutmut_1": "timeout",
    "auth0_sso.tokens.verifier.x\u01c1TokenVerifier\u01c1verify__mutmut_1": "survived",
    "auth0_sso.tokens.verifier.x\u01c1TokenVerifier\u01c1verify__mutmut_12": "survived",
    "auth0_sso.tokens.verifier.x\u01c1TokenVerifier\u01c1__init____mutmut_1": "untried",
}


def test_a_section_has_the_score_and_the_survivors_by_function() -> None:
    assert mutate.section("tokens", OUTCOMES).splitlines() == [
        "## tokens: 40.0% of 5 mutants noticed, 1 not tried",
        "",
        "Not noticed:",
        "",
        "- 2 of `tokens.verifier.TokenVerifier.verify`",
        "- 1 of `tokens.jws._decode`",
    ]


def test_a_section_is_replaced_where_it_is() -> None:
    document = "# Mutation\n\n## jwks: 1% of 2\n\nold\n\n## tokens: 5% of 9\n\nold\n"
    changed = mutate.with_section(document, "jwks", "## jwks: 2% of 2\n\nnew\n")
    assert changed == "# Mutation\n\n## jwks: 2% of 2\n\nnew\n\n## tokens: 5% of 9\n\nold\n"
    assert mutate.with_section(changed, "roles", "## roles: 1% of 1\n").endswith("old\n\n## roles: 1% of 1\n")
