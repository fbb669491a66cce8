"""What any client in this language must do: aiohttp sends requests that are ready made, and reads the answers.

python -m bench.bare_client PORT FILE INTERVAL
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp

from bench.wire import Recorded, read_requests


async def _main(port: int, requests: list[Recorded], interval_s: float) -> None:
    """Each request once an interval, for ever, at the moments at which they came the first time."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=256),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"content-type": "application/x-www-form-urlencoded", "accept-encoding": "identity"},
    ) as session:

        async def send_for_ever(request: Recorded) -> None:
            next_s = began_s + request.at_s - requests[0].at_s
            address = f"http://127.0.0.1:{port}{request.path}"
            while True:
                await asyncio.sleep(max(0.0, next_s - loop.time()))
                next_s += interval_s
                async with session.post(address, data=request.body) as response:
                    await response.read()

        async with asyncio.TaskGroup() as group:
            for request in requests:
                group.create_task(send_for_ever(request))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), read_requests(Path(sys.argv[2])), float(sys.argv[3])))
