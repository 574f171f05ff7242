from .visitor import Visitor


async def test_rotation_signs_with_the_key_that_was_published_as_next(visitor: Visitor) -> None:
    current, following = [key["kid"] for key in await visitor.jwks()]
    before = (await visitor.machine()).json()["access_token"]
    rotated = await visitor.manage("POST", "/keys/signing/rotate")
    assert (rotated.status_code, rotated.json()["kid"]) == (201, following)
    after = (await visitor.machine()).json()["access_token"]
    assert await visitor.key_that_verifies(before) == current
    assert await visitor.key_that_verifies(after) == following
    assert len(await visitor.jwks()) == 3


async def test_a_revoked_key_is_not_published_and_its_tokens_are_refused(visitor: Visitor) -> None:
    before = (await visitor.machine()).json()["access_token"]
    old = (await visitor.jwks())[0]["kid"]
    await visitor.manage("POST", "/keys/signing/rotate")
    revoked = await visitor.manage("PUT", f"/keys/signing/{old}/revoke")
    assert (revoked.status_code, revoked.json()["kid"]) == (200, old)
    assert await visitor.key_that_verifies(before) is None
    answer = await visitor.client.get("api/v2/users", headers={"Authorization": f"Bearer {before}"})
    assert answer.status_code == 401


async def test_the_current_and_the_next_key_cannot_be_revoked(visitor: Visitor) -> None:
    for key in await visitor.jwks():
        assert (await visitor.manage("PUT", f"/keys/signing/{key['kid']}/revoke")).status_code == 400
    assert (await visitor.manage("PUT", "/keys/signing/unknown/revoke")).status_code == 404


async def test_the_list_marks_current_next_and_previous_keys(visitor: Visitor) -> None:
    await visitor.manage("POST", "/keys/signing/rotate")
    keys = (await visitor.manage("GET", "/keys/signing")).json()
    assert [(key["current"], key["next"], key["previous"]) for key in keys] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
