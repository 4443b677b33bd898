# SPDX-License-Identifier: LGPL-2.1-or-later
"""Registrations for the network events of a socket."""

import enum
import errno
import itertools
import os
import warnings
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

from . import _sockdup
from ._token import Identity
from ._types import Descriptor, descriptor
from ._waiting import Closing, Waiter, wait_for


class NetworkEvent(enum.IntFlag):
    """What a registration can be for, Winsock's ``FD_READ`` and its like.

    READ: there is something to receive. WRITE: there is room to send. OOB: there
    is urgent data. ACCEPT: there is a connection to accept. CONNECT: an attempt
    to connect has ended. CLOSE: the peer has ended, and what it sent has been
    received. They are flags, so ``READ | CLOSE`` is for both.

    ACCEPT, CONNECT, OOB and CLOSE are for TCP, MPTCP, AF_UNIX and AF_SMC.
    """

    READ = _sockdup.SOCKDUP_FD_READ
    WRITE = _sockdup.SOCKDUP_FD_WRITE
    OOB = _sockdup.SOCKDUP_FD_OOB
    ACCEPT = _sockdup.SOCKDUP_FD_ACCEPT
    CONNECT = _sockdup.SOCKDUP_FD_CONNECT
    CLOSE = _sockdup.SOCKDUP_FD_CLOSE


class NetworkEvents(NamedTuple):
    """What happened since the last look.

    *errors* has the errno of each of *events*, 0 for none: for CONNECT how the
    attempt ended, for CLOSE ``ECONNRESET`` and such, 0 for an orderly end.
    """

    events: NetworkEvent
    errors: Mapping[NetworkEvent, int]


class RegistrationInfo(NamedTuple):
    """The registration of a socket.

    *own* is true where this process made it, *source* names the process that
    did.
    """

    events: NetworkEvent
    own: bool
    source: Identity


# Of each socket that this process has registered, by its inode: the number of
# the object that did so last. The others must not touch its record.
_latest: dict[int, int] = {}
_numbers = itertools.count()


class Registration(Closing):
    """The network events of one socket, from :func:`register`.

    A socket has one registration, whichever process made it. A new one cancels
    it, and nothing tells this object. Network events are edges, and hints: after
    each, receive or accept until the socket has no more, or call :meth:`rearm`.

    In a task, ``await registration`` gives the next :class:`NetworkEvents`, and
    ``async for happened in registration`` gives one after the other until
    :meth:`close`. One task at a time may wait. A thread calls :meth:`wait`.
    Other loops wait until :meth:`fileno` is readable and call
    :meth:`enumerate`.

    Close it before the socket, or use it in a ``with`` statement.
    """

    _event = -1

    def __init__(
        self, sock: Descriptor, events: NetworkEvent | int, *, once: bool = False
    ) -> None:
        if not events:
            raise ValueError("a registration is for one network event at least")
        self._sock = sock
        self._events = NetworkEvent(events)
        self._number = next(_numbers)
        self._process = os.getpid()
        self._waiter = Waiter()
        event = _sockdup.event_object()
        try:
            flags = _sockdup.SOCKDUP_EVENT_ONCE if once else 0
            fd = descriptor(sock)
            _sockdup.event_register(fd, event, int(events), flags)
            self._inode = os.fstat(fd).st_ino
        except BaseException:
            os.close(event)
            raise
        self._event = event
        _latest[self._inode] = self._number

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` has been called."""
        return self._event < 0

    def fileno(self) -> int:
        """The event object, an eventfd that is readable when something happened.

        -1 once the registration is closed.
        """
        return self._event

    def _socket(self) -> int:
        """The socket's descriptor, if the registration is this object's."""
        if self.closed:
            raise ValueError("the registration is closed")
        if _latest.get(self._inode) != self._number:
            raise OSError(
                errno.ENOENT,
                "another registration of this process has replaced this one",
            )
        return descriptor(self._sock)

    def enumerate(self, *, keep_set: bool = False) -> NetworkEvents:
        """Take what happened since the last call, perhaps nothing.

        Resets the event object unless *keep_set* is true.

        Raises :exc:`OSError`: ENOENT where the socket has no registration any
        more, EPERM where another process has registered, EBADF where the socket
        is closed. Raises :exc:`ValueError` once this is closed.
        """
        flags = _sockdup.SOCKDUP_EVENT_KEEP_SET if keep_set else 0
        events, errors = _sockdup.event_enumerate(self._socket(), flags)
        happened = NetworkEvent(events)
        return NetworkEvents(
            happened,
            {
                event: errors[event.bit_length() - 1]
                for event in NetworkEvent
                if event in happened
            },
        )

    def rearm(self, events: NetworkEvent | int | None = None) -> None:
        """Make the kernel look at the socket again, and record what holds now.

        *events* are those to look for, by default all that this is for. WRITE,
        CONNECT and CLOSE, and with *once* the others, are recorded once until
        they are re-armed.

        Raises :exc:`OSError` and :exc:`ValueError` as :meth:`enumerate` does.
        """
        wanted = self._events if events is None else events
        _sockdup.event_rearm(self._socket(), int(wanted))

    def _happened(self) -> NetworkEvents | None:
        happened = self.enumerate()
        return happened if happened.events else None

    def wait(self, timeout: float | None = None) -> NetworkEvents:
        """Wait in this thread until something happened, and return it.

        Raises :exc:`TimeoutError` after *timeout* seconds without anything, and
        what :meth:`enumerate` does.
        """
        return wait_for(
            self._happened, self.fileno, timeout, "no network event happened"
        )

    async def next(self) -> NetworkEvents:
        """Wait in this task until something happened, and return it.

        Raises what :meth:`enumerate` does.
        """
        return await self._waiter.wait_for(self._happened, self.fileno)

    def __await__(self) -> Generator[Any, None, NetworkEvents]:
        return self.next().__await__()

    def __aiter__(self) -> "Registration":
        return self

    async def __anext__(self) -> NetworkEvents:
        try:
            return await self.next()
        except ValueError:
            raise StopAsyncIteration from None

    def _cancel(self) -> None:
        """Cancel the registration, unless it is not this object's any more."""
        if os.getpid() != self._process or _latest.get(self._inode) != self._number:
            return
        del _latest[self._inode]
        try:
            fd = descriptor(self._sock)
            # The number may mean another socket by now.
            if os.fstat(fd).st_ino == self._inode and registration_is_own(fd):
                _sockdup.event_register(fd, self._event, 0, 0)
        except OSError:
            pass  # The socket has gone, and its registration with it.

    def close(self) -> None:
        """Cancel the registration and close the event object."""
        if self.closed:
            return
        try:
            self._waiter.stop()
            self._cancel()
        finally:
            os.close(self._event)
            self._event = -1

    def __del__(self) -> None:
        if not self.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
            self.close()


def registration_is_own(fd: int) -> bool:
    mask, own, _ = _sockdup.event_query(fd)
    return mask != 0 and own


def register(
    sock: Descriptor, events: NetworkEvent | int, *, once: bool = False
) -> Registration:
    """Register for the network events of a socket.

    The kernel records at once what holds already, except CONNECT of a connection
    that the caller knows of. With *once*, it records READ, OOB and ACCEPT once
    until :meth:`Registration.rearm`, like the other network events.

    Raises :exc:`OSError`: EBADF, ENOTSOCK; EINVAL for an unknown network event;
    EOPNOTSUPP for AF_VSOCK and AF_XDP; ENOBUFS where the user has as many
    registrations as RLIMIT_NOFILE allows. Raises :exc:`ValueError` for no
    network event.
    """
    return Registration(sock, events, once=once)


def registration_of(sock: Descriptor) -> RegistrationInfo | None:
    """The registration that a socket has, whichever process made it, or None.

    Raises :exc:`OSError`: EBADF, ENOTSOCK.
    """
    mask, own, source = _sockdup.event_query(descriptor(sock))
    return RegistrationInfo(NetworkEvent(mask), own, Identity(*source)) if mask else None
