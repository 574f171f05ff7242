"""Which users a query finds, and which queries are refused."""

from typing import Any

import pytest

from auth0_devtenant.management.search import LOGS, USERS, QueryError, parse

ADA: dict[str, Any] = {
    "user_id": "auth0|1",
    "email": "ada@example.com",
    "email_verified": True,
    "name": "Ada Lovelace",
    "logins_count": 12,
    "last_login": "2025-12-31T23:59:59.500Z",
    "identities": [{"connection": "database", "user_id": "1"}, {"connection": "google-oauth2", "user_id": "7"}],
    "app_metadata": {"plan": "pro", "seats": 5, "addresses": [{"city": "Paris"}, {"city": "Lyon"}], "none": None},
    "user_metadata": {"theme": "Dark", "empty": []},
}
BOB: dict[str, Any] = {
    "user_id": "auth0|2",
    "email": "bob@example.org",
    "email_verified": False,
    "name": "Bob",
    "blocked": True,
    "last_login": "2026-01-01T00:00:00.000Z",
    "identities": [{"connection": "database", "user_id": "2"}],
    "app_metadata": {"plan": "free"},
}
CY: dict[str, Any] = {"user_id": "sms|3", "name": "ada", "blocked": False, "logins_count": 0, "identities": []}
PEOPLE = {"ada": ADA, "bob": BOB, "cy": CY}


def found(query: str) -> str:
    parsed = parse(query, USERS)
    return " ".join(name for name, document in PEOPLE.items() if parsed.matches(document))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name:Ada*", "ada cy"),
        ('name:"ADA lovelace"', "ada"),
        ("name:ada", "cy"),
        (r"name:ada\ lovelace", "ada"),
        ("email:ADA@example.com AND blocked:false", ""),
        ("email:bob@example.org AND blocked:true", "bob"),
        ('app_metadata.plan:"pro"', "ada"),
        ('app_metadata.plan:"PRO"', ""),
        ("app_metadata.seats:5", "ada"),
        ("app_metadata.seats:[4 TO 6]", "ada"),
        ('app_metadata.addresses.city:"Lyon"', "ada"),
        ("user_metadata.theme:Dark", "ada"),
        ("user_metadata.theme:dark", ""),
        ("identities.connection:google-oauth2", "ada"),
        ('email.domain:"example.com"', "ada"),
        ("_exists_:logins_count", "ada cy"),
        ("_exists_:user_metadata.empty", ""),
        ("_exists_:app_metadata.none", ""),
        ("NOT _exists_:logins_count OR logins_count:0", "bob cy"),
        ("NOT _exists_:email_verified OR email_verified:false", "bob cy"),
        ("logins_count:[* TO 12}", "cy"),
        ("logins_count:{0 TO 12]", "ada"),
        ("logins_count:[12 TO *]", "ada"),
        ("last_login:[* TO 2025-12-31]", "ada"),
        ("last_login:[2026 TO 2026-01]", "bob"),
        ("last_login:{2025-12-31 TO *]", "bob"),
        ("last_login:[* TO 2026-01-01}", "ada"),
        ("last_login:2025-12", "ada"),
        ('last_login:"2026-01-01T00:00:00Z"', "bob"),
        ('name:("bob" OR "ada")', "bob cy"),
        ("name:bob OR name:ada AND logins_count:0", "bob cy"),
        ("(name:bob OR name:ada) AND logins_count:0", "cy"),
        ("name:bob name:ada", "bob cy"),
        ("name:ada* NOT logins_count:0", "ada"),
        ("name:ada* -logins_count:0", "ada"),
        ("+name:ada* logins_count:12", "ada cy"),
        ("NOT name:bob", "ada cy"),
        ("name:*lace", "ada"),
        ("name:*ove*", "ada"),
        ("name:a*ove*ce", "ada"),
        ("name:a*l*ove", ""),
        ("name:b?b", "bob"),
        (r"name:Ada\*", ""),
        ("name:*", "ada bob cy"),
        ("email:*", "ada bob"),
        ("user_id:auth0|2", "bob"),
        ("ada", "cy"),
        ("ada@example.com", "ada"),
        ("ADA@example.com", "ada"),
        ("AUTH0|1", ""),
        ("name:[b TO C]", "bob"),
        ("Dark", ""),
        ("emial:ada*", ""),
        ("logins_count:-1", ""),
    ],
)
def test_a_query_finds_exactly_these_users(query: str, names: str) -> None:
    assert found(query) == names


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("name:", "unexpected end"),
        ("(name:ada", "unexpected end"),
        ("name:ada)", "unexpected )"),
        ("name:ada AND", "unexpected end"),
        ("AND name:ada", "unexpected AND"),
        ('name:"ada', 'unexpected "'),
        ("name:ada~", "unexpected ~"),
        ("name:ada^2", "unexpected ^"),
        ("name:email:ada", "unexpected email"),
        ("created_at:2025-01-01T10:00", "unexpected 2025-01-01T10"),
        ("name:(email:ada)", "inside of the field name"),
        ("name:/a.*/", "regular expressions"),
        ("name:*sa", "needs 3 other characters"),
        ("user_metadata.theme:D*", "cannot be searched with wildcards"),
        ("user_metadata.age:[1 TO 2]", "cannot be searched with wildcards or ranges"),
        ("logins_count:[1 2]", "is not a range"),
        ("name:[a to b]", "is not a range"),
        ("[1 TO 2]", "is not a range of a field"),
        ("last_login:yesterday", "is not a date"),
        ("last_login:[now-1d TO *]", "is not a date"),
        ("(" * 60 + "a" + ")" * 60, "too many nested"),
    ],
)
def test_what_cannot_be_answered_is_refused(query: str, reason: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(query, USERS)
    assert reason in str(refused.value)


def test_log_events_are_searched_with_rules_of_their_own() -> None:
    event = {"type": "fp", "description": "Wrong email or password.", "date": "2026-05-01T10:00:00.000Z"}
    for query, matches in (
        ("type:f*", True),
        ("type:F*", False),
        ("description:*email*", True),
        ("fp", True),
        ("FP", False),
    ):
        assert parse(query, LOGS).matches(event) is matches, query
    assert parse("date:[2026-05 TO 2026-06-01}", LOGS).matches(event)
    with pytest.raises(QueryError, match="wildcard \\? is not supported"):
        parse("type:f?", LOGS)


def test_many_wildcards_take_no_exponential_time() -> None:
    value = {"name": "a" * 300}
    assert not parse("name:" + "a*" * 100 + "b", USERS).matches(value)
    assert parse("name:" + "a*" * 100 + "a", USERS).matches(value)
