import pytest

from support.service import OPTIONS, USER, Service, person_id


async def test_a_caller_without_a_token_is_anonymous(service: Service) -> None:
    response = await service.api.get("/")
    assert response.status_code == 200
    assert response.json().keys() == {"message", "authenticated", "user"}
    assert (response.json()["authenticated"], response.json()["user"]) == (False, None)


async def test_a_user_sees_the_claims_of_their_own_token(service: Service) -> None:
    response = (await service.api.get("/", headers=await service.as_user(USER))).json()
    assert response["authenticated"] is True
    assert response["user"]["sub"] == person_id(USER)
    assert response["user"]["iss"] == OPTIONS.issuer
    assert response["user"]["aud"] == [OPTIONS.audience, f"{OPTIONS.issuer}userinfo"]


async def test_a_machine_is_authenticated_too(service: Service) -> None:
    response = (await service.api.get("/", headers=await service.as_machine())).json()
    assert response["authenticated"] is True
    assert response["user"]["sub"].endswith("@clients")


@pytest.mark.parametrize(
    ("value", "status"),
    [
        pytest.param("Bearer not-a-token", 401, id="garbage"),
        pytest.param("Basic dXNlcjpwYXNz", 401, id="another-scheme"),
        pytest.param("Bearer", 400, id="no-token"),
        pytest.param("", 400, id="empty"),
    ],
)
async def test_only_an_absent_header_passes_as_anonymous(service: Service, value: str, status: int) -> None:
    response = await service.api.get("/", headers={"Authorization": value})
    assert response.status_code == status
