"""All waits in one thread, as tasks of a loop."""

import asyncio


def in_threads(waits: int, seconds: float) -> int:
    async def all_at_once() -> int:
        return len(await asyncio.gather(*(asyncio.sleep(seconds) for _ in range(waits))))

    return asyncio.run(all_at_once())
