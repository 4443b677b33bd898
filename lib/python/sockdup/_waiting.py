# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is closed, and waiting for what a descriptor tells, in a thread or in a task.

A function *look* takes what has come, or does what there was no room for. It returns
None where nothing has come yet, and raises Ended where nothing will come.
"""

import errno
import math
import os
import select
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from . import _sockdup

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


class Watch:
    """Where threads wait for a descriptor that another may close meanwhile.

    An epoll set does not hold it open, unlike poll(), and so what it means ends at once.
    Each thread that waits has a reference to this, which then goes with the last.
    """

    _bell = -1

    def __init__(self, fd: int, *, writing: bool) -> None:
        self._process = os.getpid()
        self._epoll = select.epoll()
        self._bell = _sockdup.event_object()
        self._epoll.register(fd, select.EPOLLOUT if writing else select.EPOLLIN)
        self._epoll.register(self._bell, select.EPOLLIN)

    def wait(self, timeout: float | None = None) -> bool:
        """False after *timeout* seconds."""
        return bool(self._epoll.poll(timeout, 1))

    def stop(self) -> None:
        """Wake all, for ever. A child of fork() shares it and does not wake its parent."""
        if os.getpid() == self._process:
            os.write(self._bell, bytes([1] * 8))

    def __del__(self) -> None:
        if self._bell >= 0:
            os.close(self._bell)


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
    wait: Callable[[int, float | None], bool] = wait_readable,
) -> _Thing:
    """What *look* returns at last. Raises TimeoutError, which says *nothing*."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while (found := look()) is None:
        left = None if deadline is None else max(0, deadline - time.monotonic())
        fd = fileno()
        # It is -1 if another thread has closed it: then look() knows.
        if fd >= 0 and not wait(fd, left):
            raise TimeoutError(errno.ETIMEDOUT, nothing)
    return found


class Waiter:
    """Lets tasks wait for one descriptor: one at a time, or *several* of a loop.

    A child of fork() shares the loop's epoll set, so it must leave alone what its parent's
    tasks wait for.
    """

    def __init__(self, *, writing: bool = False, several: bool = False) -> None:
        self._writing = writing
        self._several = several
        self._futures: "list[asyncio.Future[None]]" = []
        self._fd = -1
        self._process = -1

    def _forget_lost(self) -> None:
        """Tasks of another process, and of a loop that was closed: nothing here wakes them."""
        if self._futures and (
            self._process != os.getpid() or self._futures[0].get_loop().is_closed()
        ):
            self._futures = []

    def _watch(self, loop: "asyncio.AbstractEventLoop", fd: int) -> None:
        """For the first task that waits."""
        add = loop.add_writer if self._writing else loop.add_reader
        add(fd, self.stop)
        self._fd = fd
        self._process = os.getpid()

    def _watch_no_more(self, loop: "asyncio.AbstractEventLoop") -> None:
        remove = loop.remove_writer if self._writing else loop.remove_reader
        remove(self._fd)

    async def wait(self, fd: int) -> None:
        """Return once *fd* is ready, or stop() was called."""
        import asyncio  # Not loaded by those who do without.

        loop = asyncio.get_running_loop()
        self._forget_lost()
        if not self._futures:
            self._watch(loop, fd)
        elif not self._several or self._futures[0].get_loop() is not loop:
            raise RuntimeError("another task is waiting already")
        future = loop.create_future()
        self._futures.append(future)
        try:
            await future
        finally:
            self._forget_lost()
            if future in self._futures:
                self._futures.remove(future)
                if not self._futures:
                    self._watch_no_more(loop)

    async def wait_for(
        self, look: Callable[[], _Thing | None], fileno: Callable[[], int]
    ) -> _Thing:
        """What *look* returns at last."""
        while (found := look()) is None:
            await self.wait(fileno())
        return found

    def stop(self) -> None:
        """Wake the tasks that wait, if any. The descriptor may be closed then."""
        self._forget_lost()
        futures, self._futures = self._futures, []
        if not futures:
            return
        loop = futures[0].get_loop()
        try:
            self._watch_no_more(loop)
            if _runs_here(loop):
                _wake(futures)
            else:
                loop.call_soon_threadsafe(_wake, futures)
        except RuntimeError:
            # Its thread may have closed it meanwhile.
            if not loop.is_closed():
                raise


def _runs_here(loop: "asyncio.AbstractEventLoop") -> bool:
    import asyncio

    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _wake(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
