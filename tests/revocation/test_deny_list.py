from dataclasses import replace
from typing import Any

import pytest

from auth0_sso.revocation import deny_list
from auth0_sso.revocation.deny_list import DenyList, Revocation
from auth0_sso.testing.clock import HandClock
from auth0_sso.tokens.claims import AccessToken

ISSUER, USER = "https://tenant.example.com/", "auth0|1"
SID = "https://api.example.com/sid"
DAY = 86_400.0


def token_at(issued_at: float, **changes: Any) -> AccessToken:  # noqa: ANN401 - values of any field
    token = AccessToken(
        subject=USER,
        issuer=ISSUER,
        audiences=("https://api.example.com",),
        issued_at=issued_at,
        expires_at=issued_at + DAY,
        not_before=None,
        client_id="spa",
        scopes=frozenset(),
        permissions=frozenset(),
        organization=None,
        is_machine=False,
        claims={SID: "session-1"},
    )
    return replace(token, **changes)


@pytest.fixture
def denied(clock: HandClock) -> DenyList:
    return DenyList(DAY, session_claim=SID, clock=clock)


def test_an_empty_list_refuses_no_token(denied: DenyList, clock: HandClock) -> None:
    assert not denied.revokes(token_at(clock.wall()))


def test_a_subjects_older_tokens_are_refused_and_newer_ones_pass(denied: DenyList, clock: HandClock) -> None:
    now = clock.wall()
    assert denied.add(Revocation(ISSUER, now, subject=USER))
    assert denied.revokes(token_at(now - 60))
    assert denied.revokes(token_at(now))
    assert not denied.revokes(token_at(now + 1))
    assert not denied.revokes(token_at(now - 60, subject="auth0|2"))
    assert not denied.revokes(token_at(now - 60, issuer="https://other.example.com/"))


def test_a_session_ends_for_all_its_tokens_and_for_no_other(denied: DenyList, clock: HandClock) -> None:
    now = clock.wall()
    denied.add(Revocation(ISSUER, now, subject=USER, session_id="session-1"))
    assert denied.revokes(token_at(now - 60))
    assert denied.revokes(token_at(now + 60)), "a refreshed token of the session that has ended"
    assert not denied.revokes(token_at(now - 60, claims={SID: "session-2"}))
    assert not denied.revokes(token_at(now - 60, claims={}))
    assert not denied.revokes(token_at(now - 60, claims={SID: ["session-1"]}))


def test_without_the_claim_a_sessions_end_is_one_of_the_subject(clock: HandClock) -> None:
    denied = DenyList(DAY, clock=clock)
    now = clock.wall()
    assert denied.add(Revocation(ISSUER, now, subject=USER, session_id="session-1"))
    assert denied.revokes(token_at(now, claims={}))
    assert not denied.revokes(token_at(now + 1, claims={}))
    assert not denied.add(Revocation(ISSUER, now, session_id="session-2"))


def test_a_revocation_is_new_once_and_a_later_one_extends_it(denied: DenyList, clock: HandClock) -> None:
    now = clock.wall()
    assert denied.add(Revocation(ISSUER, now, subject=USER))
    assert not denied.add(Revocation(ISSUER, now, subject=USER))
    assert not denied.add(Revocation(ISSUER, now - 5, subject=USER))
    assert denied.add(Revocation(ISSUER, now + 5, subject=USER))
    assert denied.revokes(token_at(now + 5))


async def test_entries_go_when_no_token_can_be_alive(denied: DenyList, clock: HandClock) -> None:
    for number in range(50):
        denied.add(Revocation(ISSUER, clock.wall(), subject=f"auth0|{number}"))
        await clock.advance(DAY / 10)
    assert len(denied) <= 11
    assert len(list(denied)) <= 10


def test_a_full_list_drops_the_oldest_and_says_so_once(
    denied: DenyList, clock: HandClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deny_list, "MAX_ENTRIES", 3)
    for number in range(5):
        denied.add(Revocation(ISSUER, clock.wall() + number, subject=f"auth0|{number}"))
    assert [each.subject for each in denied] == ["auth0|2", "auth0|3", "auth0|4"]
    assert caplog.text.count("the deny list is full") == 1


def test_its_entries_make_an_equal_list(denied: DenyList, clock: HandClock) -> None:
    denied.add(Revocation(ISSUER, clock.wall(), subject=USER))
    denied.add(Revocation(ISSUER, clock.wall(), session_id="session-1"))
    other = DenyList(DAY, session_claim=SID, clock=clock)
    for each in denied:
        assert other.add(each)
    assert list(other) == list(denied)


def test_a_watcher_is_called_for_its_own_session_alone_until_it_ends(denied: DenyList, clock: HandClock) -> None:
    now, called = clock.wall(), []
    denied.watch(token_at(now), lambda: called.append("one"))
    denied.watch(token_at(now, claims={SID: "session-2"}), lambda: called.append("two"))
    end = denied.watch(token_at(now), lambda: called.append("ended"))
    later = denied.watch(token_at(now + 60, claims={}), lambda: called.append("later"))
    end()
    denied.add(Revocation(ISSUER, now, session_id="session-1"))
    assert called == ["one"]
    denied.add(Revocation(ISSUER, now + 5, subject=USER))
    assert sorted(called) == ["one", "one", "two"]
    later()
    end()
