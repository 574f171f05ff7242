"""A process that writes audit records until it is killed, and prints each id once `write` has returned.

`python -m support.audit_process URL SPILL_DIRECTORY [MAX_FILE_BYTES]`; with the latter the disk is full, so to say.
"""

import asyncio
import resource
import sys
from pathlib import Path

from auth0_sso.audit.storage import open_audit
from support.audit_records import audit_record


async def write(url: str, spill_directory: Path) -> None:
    async with open_audit(url, spill_directory) as trail:
        while True:
            record = audit_record()
            trail.write(record)
            print(record.id, flush=True)
            await asyncio.sleep(0.002)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
    asyncio.run(write(sys.argv[1], Path(sys.argv[2])))
