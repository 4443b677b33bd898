# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notifications of what happens to tokens."""

import enum
from typing import NamedTuple

from . import _sockdup
from ._waiting import Closing, Ended, Waiter, wait_for


class Happening(enum.Enum):
    """What can happen to a token.

    EXPORTED: it was made. IMPORTED: its target has imported it. REVOKED: it was
    revoked. EXPIRED: it was not imported in time. HANDLE_CLOSED: it ended with
    the handle that exported. TARGET_DIED: it ended with its target.
    """

    EXPORTED = _sockdup.SOCKDUP_HAPPENING_EXPORTED
    IMPORTED = _sockdup.SOCKDUP_HAPPENING_IMPORTED
    REVOKED = _sockdup.SOCKDUP_HAPPENING_REVOKED
    EXPIRED = _sockdup.SOCKDUP_HAPPENING_EXPIRED
    HANDLE_CLOSED = _sockdup.SOCKDUP_HAPPENING_HANDLE_CLOSED
    TARGET_DIED = _sockdup.SOCKDUP_HAPPENING_TARGET_DIED


class Notification(NamedTuple):
    """Something happened to a token.

    *id* is the token's, for :func:`query`. *uid* is the exporter's effective
    user, as the user namespace that owns the network namespace numbers it.
    *target_uid* is the user that the token is for, likewise, and *target_cgroup* the
    control group, by the inode number of its directory; each is None where the token
    is for none.
    """

    what: Happening
    id: int
    uid: int
    target_uid: int | None
    target_cgroup: int | None


class Monitor(Closing):
    """The notifications of tokens, from :func:`monitor` on.

    Use it in a ``with`` statement, and iterate over it with ``for`` in a thread
    or with ``async for`` in an asyncio task. One thread and one task at a time
    may do so. Both iterations wait for the next notification and end once the
    monitor is closed. Notifications of one token come in their order, perhaps
    late.

    An iteration raises :exc:`OSError` with ENOBUFS where notifications were
    lost, as they came too fast; the monitor works on, and a new ``for`` gets
    the others. It raises ENODEV once the module has been unloaded. Make a new
    monitor when the module is loaded again.
    """

    def __init__(self) -> None:
        self._subscription = _sockdup.subscribe()
        self._waiter = Waiter()

    def fileno(self) -> int:
        """The descriptor to wait on, -1 once the monitor is closed."""
        return self._subscription.fileno()

    def poll(self) -> Notification | None:
        """The next notification, or None where there is none yet.

        Raises :exc:`ValueError` once the monitor is closed.
        """
        raw = self._subscription.next()
        if raw is None:
            return None
        what, id, uid, target_uid, target_cgroup = raw
        return Notification(Happening(what), id, uid, target_uid, target_cgroup)

    def close(self) -> None:
        """End the subscription."""
        try:
            self._waiter.stop()
        finally:
            self._subscription.close()

    def _look(self) -> Notification | None:
        if self.fileno() < 0:
            raise Ended
        return self.poll()

    def __iter__(self) -> "Monitor":
        return self

    def __next__(self) -> Notification:
        try:
            return wait_for(self._look, self.fileno)
        except Ended:
            raise StopIteration from None

    def __aiter__(self) -> "Monitor":
        return self

    async def __anext__(self) -> Notification:
        try:
            return await self._waiter.wait_for(self._look, self.fileno)
        except Ended:
            raise StopAsyncIteration from None


def monitor() -> Monitor:
    """Receive the notifications of tokens of all users.

    They are of tokens that were exported in the caller's network namespace. This
    needs CAP_NET_ADMIN in the user namespace that owns it.

    Raises :exc:`OSError`: EPERM, EMFILE.
    """
    return Monitor()
