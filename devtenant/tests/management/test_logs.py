"""Log events: searched, sorted, by id and by checkpoint."""

import pytest

from ..visitor import ADMIN, MANAGER, Visitor


async def log_in_twice(visitor: Visitor) -> None:
    started = await visitor.authorize()
    await visitor.client.post(started.headers["Location"], data={"username": ADMIN.email, "password": "wrong"})
    await visitor.log_in(MANAGER)


async def types(visitor: Visitor, query: str) -> list[str]:
    return [entry["type"] for entry in (await visitor.manage("GET", f"/logs{query}")).json()]


async def test_log_events_are_searched_and_sorted(visitor: Visitor) -> None:
    await log_in_twice(visitor)
    assert await types(visitor, "") == ["s", "fp"]
    assert await types(visitor, "?sort=log_id:1") == ["fp", "s"]
    assert await types(visitor, "?q=type:fp") == ["fp"]
    assert await types(visitor, f"?q=user_name:{MANAGER.email} AND type:s*") == ["s"]
    totals = (await visitor.manage("GET", "/logs?include_totals=true&per_page=1&fields=type")).json()
    assert totals == {"logs": [{"type": "s"}], "start": 0, "limit": 1, "length": 1, "total": 2}


async def test_a_checkpoint_reads_on_from_an_event(visitor: Visitor) -> None:
    await log_in_twice(visitor)
    first, second = visitor.tenant.state.logs
    answer = await visitor.manage("GET", f"/logs?from={first['log_id']}&take=1")
    assert answer.json() == [second]
    link = answer.headers["Link"]
    assert link == f'<http://127.0.0.1:3001/api/v2/logs?from={second["log_id"]}&take=1>; rel="next"'
    empty = await visitor.manage("GET", f"/logs?from={second['log_id']}&take=1")
    assert (empty.json(), empty.headers["Link"]) == ([], link)


async def test_a_log_event_is_found_by_id(visitor: Visitor) -> None:
    await log_in_twice(visitor)
    entry = visitor.tenant.state.logs[0]
    assert (await visitor.manage("GET", f"/logs/{entry['log_id']}")).json() == entry
    assert (await visitor.manage("GET", "/logs/none")).status_code == 404


@pytest.mark.parametrize(
    "query", ["q=type:?", "q=(", "sort=date", "page=10&per_page=100", "take=0&from=1", "level=1"]
)
async def test_other_log_searches_are_refused(visitor: Visitor, query: str) -> None:
    assert (await visitor.manage("GET", f"/logs?{query}")).status_code == 400
