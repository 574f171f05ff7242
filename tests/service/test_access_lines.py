"""What the access line of a request says of a call to Auth0 that failed."""

import logging

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from auth0_sso.testing.clock import HandClock
from support.service import ADMIN, OPTIONS, USER, person_id, running_service

ID = "4f3d2c1b0a9e8d7c"


@pytest.mark.parametrize("status", [400, 403, 404, 409])
async def test_the_line_of_a_refused_request_has_auth0s_request_id(
    rsa_keys: tuple[rsa.RSAPrivateKey, ...],
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.INFO, "auth0_sso.access")
    fault = {
        "path": f"/api/v2/users/{person_id(USER)}",
        "status": status,
        "headers": {"X-Auth0-RequestId": ID},
        "times": 9,
    }
    async with running_service(rsa_keys, clock) as service:
        admin = await service.as_user(ADMIN)
        assert (await service.tenant.post(f"{OPTIONS.issuer}_development/faults", json=fault)).is_success
        caplog.clear()
        answer = await service.api.delete(f"/admin/users/{person_id(USER)}", headers=admin)
        assert ID not in answer.text
    (line,) = [record.getMessage() for record in caplog.records if record.name == "auth0_sso.access"]
    assert line.endswith(f" refusal=status_{status} (Auth0's request id {ID})")
