"""The chain of those who act for a subject."""

import pytest

from auth0_sso import actors, current_actor


def chain(length: int) -> dict[str, object]:
    act: dict[str, object] = {}
    for number in range(length, 0, -1):
        act = {"sub": f"client-{number}", **({"act": act} if act else {})}
    return {"sub": "auth0|ann", **({"act": act} if act else {})}


def test_the_outermost_actor_is_the_current_one() -> None:
    assert actors(chain(3)) == ("client-1", "client-2", "client-3")
    assert current_actor(chain(3)) == "client-1"


def test_a_token_of_the_subject_alone_has_no_actor() -> None:
    assert actors(chain(0)) == ()
    assert current_actor(chain(0)) is None


def test_a_chain_is_read_to_the_fifth_actor_only() -> None:
    assert len(actors(chain(5))) == 5
    assert len(actors(chain(500))) == 5


@pytest.mark.parametrize("act", ["client-1", None, [], {}, {"sub": 7}, {"sub": ""}, {"act": {"sub": "hidden"}}])
def test_a_malformed_actor_is_none(act: object) -> None:
    assert actors({"sub": "auth0|ann", "act": act}) == ()
