# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waiting until a descriptor is readable, in a thread or in a task."""

import math
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


def wait_readable(fd: int, timeout: float | None = None) -> bool:
    """False after *timeout* seconds.

    Of a handle: true as well where no outcome will come, which another thread that
    took the last one may have brought about.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLRDHUP)
    return bool(poll.poll(None if timeout is None else math.ceil(timeout * 1000)))


class Waiter:
    """Lets one task at a time wait for one descriptor."""

    def __init__(self) -> None:
        self._future: "asyncio.Future[None] | None" = None
        self._fd = -1

    async def wait(self, fd: int) -> None:
        """Return once *fd* is readable, or stop() was called."""
        import asyncio  # Not loaded by those who do without.

        if self._future is not None:
            raise RuntimeError("another task is waiting already")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.add_reader(fd, self.stop)
        self._future = future
        self._fd = fd
        try:
            await future
        finally:
            if self._future is future:
                self.stop()

    def stop(self) -> None:
        """Wake the task that waits, if any. The descriptor may be closed then."""
        future = self._future
        if future is None:
            return
        self._future = None
        future.get_loop().remove_reader(self._fd)
        if not future.done():
            future.set_result(None)
