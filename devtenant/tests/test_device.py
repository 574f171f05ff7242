"""The device flow: the device polls while a person enters its code and logs in."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from auth0_devtenant import SPA_CLIENT_ID, Person
from auth0_devtenant.seed.default import NATIVE_CLIENT_ID
from auth0_devtenant.state import DEVICE_CODE

from .visitor import ADMIN, Visitor, segments

Device = dict[str, str]


@pytest.fixture
async def device(visitor: Visitor) -> Device:
    request = {
        "client_id": NATIVE_CLIENT_ID,
        "audience": visitor.options.audience,
        "scope": "openid offline_access read:data",
    }
    answer = await visitor.client.post("oauth/device/code", data=request)
    assert answer.status_code == 200
    body: Device = answer.json()
    return body


async def poll(visitor: Visitor, device: Device, *, after: float = 5, **changes: str) -> httpx.Response:
    visitor.clock.now += after
    request = {"grant_type": DEVICE_CODE, "client_id": NATIVE_CLIENT_ID, "device_code": device["device_code"]}
    return await visitor.client.post("oauth/token", data=request | changes)


async def confirm(visitor: Visitor, device: Device, action: str = "confirm") -> httpx.Response:
    form = {"user_code": device["user_code"], "action": action}
    return await visitor.client.post("activate", data=form)


async def log_in(visitor: Visitor, started: httpx.Response, person: Person = ADMIN) -> httpx.Response:
    """Follow the redirects from the confirmation through the login to the last page."""
    form = await visitor.client.get(started.headers["Location"])
    credentials = {"username": person.email, "password": person.password}
    finished = await visitor.client.post(form.headers["Location"], data=credentials)
    return await visitor.client.get(finished.headers["Location"])


async def test_the_device_gets_the_tokens_that_the_person_allowed_once(visitor: Visitor, device: Device) -> None:
    pending = await poll(visitor, device)
    assert (pending.status_code, pending.json()) == (
        403,
        {"error": "authorization_pending", "error_description": "User has yet to authorize device code."},
    )
    asked = await visitor.client.get(device["verification_uri_complete"])
    assert device["user_code"] in asked.text
    assert "Native application" in asked.text
    done = await log_in(visitor, await confirm(visitor, device))
    assert (done.status_code, "Your device is now connected." in done.text) == (200, True)
    issued = await poll(visitor, device)
    claims = segments(issued.json()["access_token"])[1]
    assert (claims["sub"], claims["azp"]) == (ADMIN.user_id, NATIVE_CLIENT_ID)
    assert claims["scope"] == "openid offline_access read:data"
    assert issued.json().keys() >= {"id_token", "refresh_token"}
    again = await poll(visitor, device)
    assert (again.status_code, again.json()["error"]) == (403, "invalid_grant")


async def test_a_person_who_is_logged_in_only_confirms(visitor: Visitor, device: Device) -> None:
    await visitor.log_in(ADMIN)
    started = await confirm(visitor, device)
    returned = await visitor.client.get(started.headers["Location"])
    assert returned.headers["Location"].startswith("/activate/callback?")
    await visitor.client.get(returned.headers["Location"])
    assert (await poll(visitor, device)).status_code == 200


async def test_a_device_that_polls_too_fast_is_slowed_down(visitor: Visitor, device: Device) -> None:
    await poll(visitor, device)
    answer = await poll(visitor, device, after=4.9)
    assert (answer.status_code, answer.json()["error"]) == (429, "slow_down")
    assert (await poll(visitor, device)).json()["error"] == "authorization_pending"


async def test_a_cancelled_confirmation_denies_access(visitor: Visitor, device: Device) -> None:
    assert "does not get access" in (await confirm(visitor, device, action="cancel")).text
    denied = await poll(visitor, device)
    assert (denied.status_code, denied.json()["error"]) == (403, "access_denied")
    assert (await confirm(visitor, device)).status_code == 400


async def test_a_device_code_expires_and_says_so_once(visitor: Visitor, device: Device) -> None:
    answers = [await poll(visitor, device, after=after) for after in (900, 5)]
    assert [answer.json()["error"] for answer in answers] == ["expired_token", "invalid_grant"]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert (await visitor.client.get(device["verification_uri_complete"])).status_code == 400


async def test_the_user_code_is_accepted_as_people_type_it(visitor: Visitor, device: Device) -> None:
    assert "Enter the code" in (await visitor.client.get("activate")).text
    typed = f" {device['user_code'].replace('-', '').lower()} "
    assert device["user_code"] in (await visitor.client.get("activate", params={"user_code": typed})).text
    unknown = await visitor.client.get("activate", params={"user_code": '"><b>'})
    assert (unknown.status_code, "<b>" in unknown.text) == (400, False)


async def test_a_login_without_the_confirmation_does_not_connect_the_device(visitor: Visitor, device: Device) -> None:
    await visitor.log_in(ADMIN)
    query = {"client_id": NATIVE_CLIENT_ID, "redirect_uri": "/activate/callback", "state": device["user_code"]}
    returned = await visitor.authorize(**query)
    assert "code" in parse_qs(urlsplit(returned.headers["Location"]).query)
    assert (await visitor.client.get(returned.headers["Location"])).status_code == 400
    assert (await poll(visitor, device)).json()["error"] == "access_denied"


async def test_only_clients_with_the_grant_type_get_a_device_code(visitor: Visitor, device: Device) -> None:
    answer = await visitor.client.post("oauth/device/code", data={"client_id": SPA_CLIENT_ID})
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")
    assert (await visitor.authorize(redirect_uri="/activate/callback")).status_code == 400
    other = await poll(visitor, device, client_id=SPA_CLIENT_ID)
    assert other.json()["error"] == "unauthorized_client"


async def test_a_client_of_devices_alone_needs_no_other_grant_type(visitor: Visitor, device: Device) -> None:
    visitor.tenant.state.clients[NATIVE_CLIENT_ID].grant_types = (DEVICE_CODE,)
    await log_in(visitor, await confirm(visitor, device))
    issued = await poll(visitor, device)
    assert (issued.status_code, "refresh_token" in issued.json()) == (200, False)


async def test_an_unknown_audience_gets_no_device_code(visitor: Visitor) -> None:
    request = {"client_id": NATIVE_CLIENT_ID, "audience": "https://other.example.com"}
    answer = await visitor.client.post("oauth/device/code", data=request)
    assert answer.json()["error_description"] == "Service not found: https://other.example.com"


async def test_a_blocked_person_cannot_connect_a_device(visitor: Visitor, device: Device) -> None:
    await log_in(visitor, await confirm(visitor, device))
    visitor.tenant.state.users[ADMIN.user_id].document["blocked"] = True
    answer = await poll(visitor, device)
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized")
