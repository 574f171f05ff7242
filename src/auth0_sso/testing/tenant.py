"""An Auth0 tenant in memory: users, their roles, and a Management API that answers or fails as a test says."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from auth0_sso.http.client import httpx
from auth0_sso.testing.management_api import ApiError, Directory, User, answer
from auth0_sso.testing.tokens import ORGANIZATION_ROLES_CLAIM, ROLES_CLAIM

_ALWAYS: Final = -1


@dataclass(slots=True)
class _Fault:
    start: str
    times: int
    response: tuple[int, dict[str, str], bytes] | None


class Tenant(httpx.AsyncBaseTransport):
    """Answers the requests of an app under test in the tenant's place. It opens no socket.

    `requests` are those that came, such as `GET /api/v2/users/auth0%7Cann/roles`.
    """

    def __init__(self, *, scopes: Collection[str] | None = None) -> None:
        """Take the scopes that the app's Management API client was granted: all of them unless a test says which."""
        self.directory = Directory()
        self.requests: list[str] = []
        self._scopes = scopes
        self._faults: list[_Fault] = []
        self._learned: dict[str, object] = {}

    @property
    def users(self) -> dict[str, User]:
        """The users by id; a test may change and delete them."""
        return self.directory.users

    def add_user(
        self, user_id: str, *, roles: Collection[str] = (), blocked: bool = False, **members: object
    ) -> User:
        """Add a user, or replace one, and return it. `members` are such as `email`, `name` and `app_metadata`."""
        document = {"user_id": user_id, **members, **({"blocked": True} if blocked else {})}
        user = self.users[user_id] = User(user_id, document, set(roles))
        self._learned.pop(user_id, None)
        return user

    def fail(
        self,
        *,
        status: int = 503,
        times: int | None = None,
        path: str = "/api/v2/",
        message: str = "",
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer requests whose path starts so with an error of the Management API: the next `times`, or all.

        A path may have its method in front: `GET /api/v2/users/`. That of the token endpoint is `/oauth/token`.
        """
        body: dict[str, object] = {"statusCode": status, "error": "Error", "message": message}
        text = json.dumps(body if code is None else body | {"errorCode": code}).encode()
        self._add_fault(path, times, (status, dict(headers or {}), text))

    def disconnect(self, *, times: int | None = None, path: str = "/") -> None:
        """Let the connection fail for requests whose path starts so: for the next `times`, or for all."""
        self._add_fault(path, times, None)

    def recover(self) -> None:
        """Answer again as usual."""
        self._faults.clear()

    def learn(self, subject: str, organization: str | None, claims: Mapping[str, object]) -> bool:
        """Take over the roles that a token of `auth0_sso.testing` carries; return whether they are news.

        A token without roles stands for a user without any, unless `add_user` said which the user has. What the test
        changes later stays: the same roles are taken over once.
        """
        said = (organization, claims.get(ROLES_CLAIM), claims.get(ORGANIZATION_ROLES_CLAIM))
        added = subject in self.users and subject not in self._learned
        if self._learned.get(subject) == said or (added and said[1:] == (None, None)):
            return False
        user = self.users.get(subject) or self.add_user(subject)
        self._learned[subject] = said
        user.roles = _names(said[1], user.roles if added else set())
        if organization is not None:
            known = user.organization_roles.get(organization, set()) if added else set()
            user.organization_roles[organization] = _names(said[2], known)
        return True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request of httpx."""
        line = f"{request.method} {request.url.raw_path.decode('ascii').partition('?')[0]}"
        self.requests.append(line)
        fault = self._fault_of(line)
        if fault is None:
            return _response(*self._answer(request, line, await request.aread()))
        if fault.response is None:
            raise httpx.ConnectError("the tenant in memory is disconnected", request=request)
        return _response(*fault.response)

    def _add_fault(self, start: str, times: int | None, response: tuple[int, dict[str, str], bytes] | None) -> None:
        self._faults.append(_Fault(start, _ALWAYS if times is None else times, response))

    def _fault_of(self, line: str) -> _Fault | None:
        path = line.partition(" ")[2]
        for fault in self._faults:
            if fault.times and (line.startswith(fault.start) or path.startswith(fault.start)):
                fault.times -= fault.times > 0
                return fault
        return None

    def _answer(self, request: httpx.Request, line: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if line == "POST /oauth/token":
            return _json(200, self._token())
        method, _, path = line.partition(" ")
        document = json.loads(body) if body else {}
        try:
            status, value = answer(self.directory, method, path, dict(request.url.params), document)
        except ApiError as error:
            return _json(error.status, error.body)
        return (status, {}, b"") if value is None else _json(status, value)

    def _token(self) -> dict[str, object]:
        scope = {} if self._scopes is None else {"scope": " ".join(sorted(self._scopes))}
        return {"access_token": "management.access.token", "expires_in": 86_400, "token_type": "Bearer", **scope}


def _names(said: object, otherwise: set[str]) -> set[str]:
    return set(said) if isinstance(said, Collection) else otherwise


def _json(status: int, value: object) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode()


def _response(status: int, headers: dict[str, str], body: bytes) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))
