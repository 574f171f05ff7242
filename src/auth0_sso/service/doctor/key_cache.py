"""The file in which the last signing keys are kept: who can write it can sign tokens."""

import asyncio
from collections.abc import AsyncIterator

from auth0_sso.jwks import private_file
from auth0_sso.service.doctor.examination import Examination
from auth0_sso.service.doctor.findings import Finding, failed, passed, skipped


async def check_key_cache(examination: Examination) -> AsyncIterator[Finding]:
    """Look at the permissions of the file and its directory, as the service does before it uses them."""
    path = examination.settings.auth0_jwks_cache_file
    if path is None:
        yield skipped("not set up: a restart during an outage of Auth0 has no keys", "set AUTH0_JWKS_CACHE_FILE")
        return
    try:
        exists = await asyncio.to_thread(private_file.require_usable, path)
    except private_file.UnsafeFileError as error:
        fix = f"chown the directory {path.parent} to the service's user, and chmod it to 700"
        yield failed(f"{path} is not used: {error}", fix)
    except OSError as error:
        yield failed(f"{path} is not used: {error.strerror}", "choose a directory that the service's user may write")
    else:
        yield passed(f"{path} {'can be read and replaced' if exists else 'will be made at the first fetch of keys'}")
