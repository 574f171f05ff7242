"""The event stream to a webhook: which changes arrive, and as what."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

from auth0_devtenant import ORGANIZATIONS
from auth0_devtenant.development.event_stream import EventStream

from ..visitor import MANAGER, USER, Visitor


async def test_changes_arrive_in_order_as_cloud_events(visitor: Visitor) -> None:
    events: list[dict[str, Any]] = []
    authorization: set[str | None] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authorization.add(self.headers["Authorization"])
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    user, organization = quote(USER.user_id, safe=""), ORGANIZATIONS[0].id
    role = next(each for each in visitor.tenant.state.roles.values() if each.name == "manager")
    members = f"/organizations/{organization}/members"
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/events"
        with EventStream(url, token="the-token").listening_to(visitor.tenant):
            await visitor.manage("PATCH", f"/users/{user}", {"blocked": True})
            await visitor.manage("DELETE", f"{members}/{user}/roles", {"roles": [role.id]})
            await visitor.manage("DELETE", members, {"members": [MANAGER.user_id]})
            await visitor.manage("DELETE", members, {"members": [MANAGER.user_id]})
            await visitor.manage("DELETE", f"/users/{user}")
        server.shutdown()
        thread.join()
    assert [event["type"] for event in events] == [
        "user.updated",
        "organization.member.role.deleted",
        "organization.member.deleted",
        "user.deleted",
    ]
    updated, role_deleted, member_deleted, deleted = (event["data"]["object"] for event in events)
    assert (updated["user_id"], updated["blocked"]) == (USER.user_id, True)
    assert role_deleted["role"] == {"id": role.id, "name": "manager"}
    assert (member_deleted["organization"]["id"], member_deleted["user"]) == (
        organization,
        {"user_id": MANAGER.user_id},
    )
    assert (deleted["user_id"], "deleted_at" in deleted) == (USER.user_id, True)
    assert authorization == {"Bearer the-token"}
    assert {event["specversion"] for event in events} == {"1.0"}
    assert len({event["id"] for event in events}) == 4
