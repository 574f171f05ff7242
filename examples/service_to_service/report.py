"""A service that calls the API with a token of its own (client credentials, RFC 6749 section 4.4)."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator

import httpx

ISSUER = os.environ.get("AUTH0_ISSUER", "http://127.0.0.1:3001/")
CLIENT_ID = os.environ.get("AUTH0_CLIENT_ID", "devMachineToMachine0000000000000")
CLIENT_SECRET = os.environ.get("AUTH0_CLIENT_SECRET", "development-only-machine-secret")
AUDIENCE = os.environ.get("AUTH0_AUDIENCE", "https://api.example.com")
API_URL = os.environ.get("API_URL", "http://127.0.0.1:3000")
REQUESTS = int(os.environ.get("REQUESTS", "5"))


class ClientCredentials(httpx.Auth):
    """Adds an access token to each request: one for all, until a minute before it expires."""

    requires_response_body = True

    def __init__(self) -> None:
        self._token = ""
        self._expires_at = 0.0
        self._lock = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Fetch a token if there is none; a hundred requests at once fetch it once."""
        async with self._lock:
            if time.monotonic() > self._expires_at - 60:
                response = yield self._token_request()
                if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    await wait_as_told(response)
                    response = yield self._token_request()
                await response.aread()
                body = response.raise_for_status().json()
                self._token, self._expires_at = body["access_token"], time.monotonic() + body["expires_in"]
                print("a new access token", flush=True)
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def _token_request(self) -> httpx.Request:
        data = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "audience": AUDIENCE,
        }
        return httpx.Request("POST", f"{ISSUER}oauth/token", data=data)


async def wait_as_told(response: httpx.Response) -> None:
    """Wait until a request may be sent again after a 429 (RFC 6585 section 4)."""
    seconds = float(response.headers.get("Retry-After", "1"))
    print(f"rate limited for {seconds:.0f} s", flush=True)
    await asyncio.sleep(seconds)


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """Return the response to a GET, which is sent again after a 429."""
    response = await client.get(path)
    for _ in range(2):
        if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            break
        await wait_as_told(response)
        response = await client.get(path)
    return response.raise_for_status()


async def main() -> None:
    """Call the API several times at once."""
    async with httpx.AsyncClient(base_url=API_URL, auth=ClientCredentials(), timeout=10) as client:
        responses = await asyncio.gather(*(get(client, "/api/data") for _ in range(REQUESTS)))
    print(f"{len(responses)} responses, such as {responses[0].json()}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
