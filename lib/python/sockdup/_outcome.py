# SPDX-License-Identifier: LGPL-2.1-or-later
"""How tokens ended, told to the process that exported them."""

import enum
from typing import NamedTuple

from . import _sockdup
from ._handle import open, outcome_waiter
from ._types import Bytes
from ._waiting import Ended, wait_for


class OutcomeKind(enum.Enum):
    """How a token can end.

    IMPORTED: its target has the socket. REVOKED: its exporter's user or an
    administrator revoked it. DECLINED: its target revoked it. EXPIRED: its life was
    over. TARGET_DIED: its target ended.
    """

    IMPORTED = _sockdup.SOCKDUP_OUTCOME_IMPORTED
    REVOKED = _sockdup.SOCKDUP_OUTCOME_REVOKED
    DECLINED = _sockdup.SOCKDUP_OUTCOME_DECLINED
    EXPIRED = _sockdup.SOCKDUP_OUTCOME_EXPIRED
    TARGET_DIED = _sockdup.SOCKDUP_OUTCOME_TARGET_DIED


class Outcome(NamedTuple):
    """How a token ended.

    *id* is the token's, as :func:`token_id` tells it. *pid* is the process that
    imported, 0 where it is not visible to the caller, and *uid* its effective user
    in the caller's user namespace. Both are None where nobody imported. *when* is in
    seconds of ``time.clock_gettime(time.CLOCK_BOOTTIME)``.
    """

    id: int
    kind: OutcomeKind
    pid: int | None
    uid: int | None
    when: float


def _outcome(raw: tuple[int, int, int, int, int]) -> Outcome:
    id, number, pid, uid, when_ns = raw
    kind = OutcomeKind(number)
    if kind is not OutcomeKind.IMPORTED:
        return Outcome(id, kind, None, None, when_ns / 1e9)
    return Outcome(id, kind, pid, uid, when_ns / 1e9)


class Outcomes:
    """How the tokens ended that this process has shared with *report*.

    From :func:`outcomes`. Each token has one outcome, and they come in the order in
    which the tokens ended. All such objects of a process take from the same ones.

    Iterate with ``for`` in a thread, or with ``async for`` in an asyncio task; one
    task of the process at a time may do so. Both iterations wait for the next
    outcome. They end once all are taken and no live token will report.

    A loop that goes on meanwhile waits until :meth:`fileno` is readable, and then
    calls :meth:`poll` until it returns None: :mod:`selectors` and asyncio's
    ``add_reader()`` take this object as it is. Do not use ``add_reader()`` and
    ``async for`` in one loop.
    """

    __slots__ = ()

    def fileno(self) -> int:
        """The descriptor to wait on, the process's handle. Do not close it.

        It is another one after :func:`release` and :func:`use`.
        """
        return open()

    def poll(self) -> Outcome | None:
        """The next outcome, or None where there is none at the moment.

        Raises :exc:`OSError`: EPERM where another process opened the handle, see
        :func:`use`; EINVAL where the module has no outcomes.
        """
        raw = _sockdup.outcome_next()
        return _outcome(raw) if isinstance(raw, tuple) else None

    def _look(self) -> Outcome | None:
        raw = _sockdup.outcome_next()
        if isinstance(raw, tuple):
            return _outcome(raw)
        if not raw:
            raise Ended
        return None

    def wait(self, timeout: float | None = None) -> Outcome | None:
        """Wait in this thread for the next outcome, and return it.

        Returns None, without waiting, where all are taken and no live token will
        report.

        Raises :exc:`TimeoutError` after *timeout* seconds in which no token ended, and
        what :meth:`poll` does.
        """
        try:
            return wait_for(self._look, self.fileno, timeout, "no token has ended")
        except Ended:
            return None

    def __iter__(self) -> "Outcomes":
        return self

    def __next__(self) -> Outcome:
        outcome = self.wait()
        if outcome is None:
            raise StopIteration
        return outcome

    def __aiter__(self) -> "Outcomes":
        return self

    async def __anext__(self) -> Outcome:
        try:
            return await outcome_waiter.wait_for(self._look, self.fileno)
        except Ended:
            raise StopAsyncIteration from None


def outcomes() -> Outcomes:
    """What becomes of the tokens that this process shares with *report*."""
    return Outcomes()


def token_id(data: Bytes) -> int:
    """The id of a token from the bytes of :func:`share`.

    It names the token in outcomes, lists and notifications; nobody can import with
    it. Unlike :func:`query`, this asks nobody, and works for a token that has ended.

    Raises :exc:`ValueError` for bytes that are no protocol info.
    """
    id = _sockdup.info_id(data)
    if not id:
        raise ValueError("these bytes are no protocol info")
    return id
