"""Both tables, in-process: the front door, the verifier and the challenge, without any HTTP."""

import pytest

from auth0_sso.errors import CallerError
from auth0_sso.testing.hostile import REFUSED, Forge, Refused
from auth0_sso.tokens.bearer import challenge
from support.accepted_tokens import ACCEPTED
from support.refusal_reasons import documented_sentence
from support.token_cases import Accepted, KeysAtHand, decide


def test_the_tables_have_the_promised_length_and_no_name_twice() -> None:
    assert len(REFUSED) >= 150
    assert len(ACCEPTED) >= 30
    names = [*(case.id for case in REFUSED), *(case.id for case in ACCEPTED)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
async def test_a_refused_token_has_its_reason_without_a_key_look_up(
    forge: Forge, keys: KeysAtHand, case: Refused
) -> None:
    with pytest.raises(CallerError) as caught:
        await decide(keys, case.build(forge))
    assert (caught.value.reason, caught.value.detail) == (case.reason, documented_sentence(case.reason))
    expected = 'Bearer error="' + case.error + '"' if case.error else "Bearer"
    assert str(challenge(caught.value)).startswith(expected)
    assert bool(keys.asked) == (case.reason == "kid_unknown")


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
async def test_an_accepted_token_has_its_values(forge: Forge, keys: KeysAtHand, case: Accepted) -> None:
    token = await decide(keys, case.build(forge))
    assert {name: getattr(token, name) for name in case.says} == dict(case.says)
    assert keys.asked == []
