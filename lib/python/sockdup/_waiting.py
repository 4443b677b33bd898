# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is closed, and waiting for what a descriptor tells, in a thread or in a task.

A function *look* takes what has come. It returns None where nothing has come yet, and
raises Ended where nothing will come.
"""

import errno
import math
import select
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    import asyncio

_Thing = TypeVar("_Thing")


class Ended(Exception):
    """Nothing more will come."""


class Closing:
    """What a ``with`` statement closes."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def wait_readable(fd: int, timeout: float | None = None) -> bool:
    """False after *timeout* seconds.

    Of a handle: true as well where no outcome will come, which another thread that
    took the last one may have brought about.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLRDHUP)
    return bool(poll.poll(None if timeout is None else math.ceil(timeout * 1000)))


def wait_for(
    look: Callable[[], _Thing | None],
    fileno: Callable[[], int],
    timeout: float | None = None,
    nothing: str = "",
) -> _Thing:
    """What *look* returns at last. Raises TimeoutError, which says *nothing*."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while (found := look()) is None:
        left = None if deadline is None else max(0, deadline - time.monotonic())
        fd = fileno()
        # It is -1 if another thread has closed it: then look() knows.
        if fd >= 0 and not wait_readable(fd, left):
            raise TimeoutError(errno.ETIMEDOUT, nothing)
    return found


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

    async def wait_for(
        self, look: Callable[[], _Thing | None], fileno: Callable[[], int]
    ) -> _Thing:
        """What *look* returns at last."""
        while (found := look()) is None:
            await self.wait(fileno())
        return found

    def stop(self) -> None:
        """Wake the task that waits, if any. The descriptor may be closed then."""
        future = self._future
        if future is None:
            return
        self._future = None
        future.get_loop().remove_reader(self._fd)
        if not future.done():
            future.set_result(None)
