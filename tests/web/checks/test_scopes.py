"""Scopes and permissions that a token needs, and how they are spelled."""

import pytest

from auth0_sso.errors import InsufficientScopeError
from auth0_sso.web.checks.scopes import are_scope_tokens, require_names, scope_tokens

GRANTED = frozenset({"read:a", "read:b"})


@pytest.mark.parametrize("name", ["", "read a", 'read"a', "read\\a", "läs", "a\n", "a\x7f"])
def test_a_name_that_no_challenge_can_carry_is_refused(name: str) -> None:
    assert not are_scope_tokens(["read:a", name])
    with pytest.raises(ValueError, match="RFC 6749"):
        scope_tokens(("read:a", name))


def test_a_guard_needs_a_name() -> None:
    with pytest.raises(ValueError, match="one or more"):
        scope_tokens(())
    assert scope_tokens(("read:a", "!#[]~")) == ("read:a", "!#[]~")


def test_what_is_missing_is_named_in_its_order() -> None:
    require_names(["read:b", "read:a"], GRANTED, "scope_missing")
    with pytest.raises(InsufficientScopeError) as refused:
        require_names(["z", "read:a", "a"], GRANTED, "scope_missing")
    assert (refused.value.scopes, refused.value.reason) == (("z", "a"), "scope_missing")


def test_one_of_several_names_may_suffice() -> None:
    require_names(["z", "read:a"], GRANTED, "permission_missing", one_suffices=True)
    with pytest.raises(InsufficientScopeError) as refused:
        require_names(["z", "a"], GRANTED, "permission_missing", one_suffices=True)
    assert refused.value.scopes == ("z", "a")
