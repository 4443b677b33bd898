# SPDX-License-Identifier: LGPL-2.1-or-later
"""Inboxes: sockets that other processes post, without bytes on the way."""

import contextlib
import errno
import functools
import os
import socket
import warnings
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, Self, TypeVar, cast

from . import _sockdup
from ._handover import export_terms, milliseconds, sockets_of
from ._token import Identity, check_id, check_uid
from ._types import Bytes, Descriptor, Directory, descriptor
from ._waiting import Closing, Waiter, Watch, wait_for

_Thing = TypeVar("_Thing")

_INVITATIONS = {
    "post": _sockdup.SOCKDUP_EXPORT_INVITE_TO_POST,
    "accept": _sockdup.SOCKDUP_EXPORT_INVITE_TO_ACCEPT,
}


class Post(NamedTuple):
    """What was posted.

    *sockets* are the sender's, in its order. *cookie* is its number, and *message* its
    bytes. *source* is the process that posted, as the kernel knows it. *id* is what
    :meth:`Binding.post` returned there.
    """

    sockets: list[socket.socket]
    cookie: int
    message: bytes
    source: Identity
    id: int

    @property
    def socket(self) -> "socket.socket":
        """The socket of a post of one. Raises :exc:`ValueError` where it has several."""
        (sock,) = self.sockets
        return sock


class _End(Closing):
    """A handle, of an inbox or bound to one, and how its owner waits."""

    _handle: "_sockdup.Handle | None" = None
    _writes: bool

    def _begin(self, handle: "_sockdup.Handle") -> None:
        self._limits = handle.limits()
        self._timeout: float | None = None
        self._waiter = Waiter(writing=self._writes, several=True)
        self._watch: Watch | None = Watch(handle.fileno(), writing=self._writes)
        self._handle = handle

    @property
    def slots(self) -> int:
        """How many posts can wait in the inbox."""
        return self._limits[0]

    @property
    def message_size(self) -> int:
        """The bytes of the largest message."""
        return self._limits[1]

    @property
    def max_sockets(self) -> int:
        """The most sockets of one post."""
        return self._limits[2]

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` has been called."""
        return self.fileno() < 0

    def fileno(self) -> int:
        """The descriptor to wait on, -1 once this is closed. Do not close it."""
        return self._handle.fileno() if self._handle else -1

    def settimeout(self, timeout: float | None) -> None:
        """Set for how many seconds a call waits, as :meth:`socket.socket.settimeout` does.

        With None, which is the default, it waits until it can go on. With 0 it raises
        :exc:`BlockingIOError` in place of waiting.
        """
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"a timeout is a number of seconds, not {timeout}")
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """The timeout in seconds, None for none."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """``settimeout(None)`` where *flag* is true, else ``settimeout(0)``."""
        self._timeout = None if flag else 0.0

    def close(self) -> None:
        """Close the descriptor. Threads and tasks that wait raise :exc:`ValueError`.

        A child of :func:`os.fork` closes its copy alone.
        """
        fd = self._handle.detach() if self._handle else -1
        if fd < 0:
            return
        watch, self._watch = self._watch, None
        try:
            self._waiter.stop()
        finally:
            os.close(fd)
            if watch:
                watch.stop()

    def _wait(self, look: Callable[[], _Thing | None], nothing: str) -> _Thing:
        if self._timeout != 0:
            return wait_for(look, self.fileno, self._timeout, nothing, self._ready)
        found = look()
        if found is None:
            raise BlockingIOError(errno.EAGAIN, nothing)
        return found

    def _ready(self, _: int, timeout: float | None) -> bool:
        watch = self._watch  # None if another thread closes this: then look() knows.
        return watch is None or watch.wait(timeout)

    def __del__(self) -> None:
        if not self.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
            self.close()


def _number(name: str, number: int, least: int) -> int:
    if not least <= number < 1 << 32:
        raise ValueError(f"{name} is a number of {least} or more, not {number}")
    return number


def _listed(users: Iterable[int] | str) -> list[int]:
    if isinstance(users, str):
        raise ValueError(f"users are 'anybody' or user ids, not {users!r}")
    listed = [check_uid(uid) for uid in users]
    if not listed:
        raise ValueError("no user is listed")
    return listed


class Inbox(_End):
    """An inbox of this process, to which others post sockets.

    *slots* posts can wait, up to 65536. Each has a message of up to *message_size*
    bytes, at most 4096, and up to *max_sockets* sockets, at most 1024. This user's
    account pays for the slots.

    *users* says who may post: None for this user, a list of user ids for these, each of
    whom has an equal part of the slots, or ``"anybody"``.

    Use it in a ``with`` statement. ``for post in inbox`` accepts one after the other in
    a thread, and ``async for`` in an asyncio task; both end once it is closed. Any
    number of threads and of tasks of one loop may accept: each post goes to one of
    them. Other loops wait until :meth:`fileno` is readable; call ``setblocking(False)``
    there, as another may have accepted before.

    Closing the inbox ends the posts that wait in it. So does the end of the process. It
    is this process's alone: in a child of :func:`os.fork` calls raise
    :exc:`PermissionError`. The child has a copy of the descriptor, though, so the inbox
    lives until the child has closed that, too, or called :func:`os.execv`.

    Raises :exc:`OSError`: EINVAL for a limit that is exceeded, for a user that is listed
    twice and for one whom this user namespace does not have; EBUSY where the process has
    an inbox; ENOBUFS where the inboxes and tokens of this user would have more bytes than
    the module's ``max_user_bytes``; ENOTTY where the module has no inboxes.
    """

    _writes = False

    def __init__(
        self,
        slots: int = 64,
        *,
        message_size: int = 0,
        max_sockets: int = 1,
        users: Literal["anybody"] | Iterable[int] | None = None,
    ) -> None:
        anybody = users == "anybody"
        listed = [] if anybody or users is None else _listed(users)
        self._begin(
            _sockdup.inbox_open(
                _number("slots", slots, 1),
                _number("message_size", message_size, 0),
                _number("max_sockets", max_sockets, 1),
                _sockdup.SOCKDUP_INBOX_ANYBODY if anybody else 0,
                listed,
            )
        )

    @classmethod
    def join(cls, invitation: Bytes) -> Self:
        """Accept from the inbox of another process, too.

        *invitation* are the bytes from :meth:`invite` with ``to="accept"``, which can be
        used once. The inbox lives until the last of those who accept has closed it.

        Raises :exc:`OSError`: EINVAL for bytes that are no such invitation, ENOENT where
        it was used or revoked or has expired, EPERM where it is not for this process,
        EBUSY where the process has an inbox, ECONNREFUSED where the inbox has ended.
        """
        self = cls.__new__(cls)
        self._begin(_sockdup.inbox_join(invitation))
        return self

    def _look(self) -> Post | None:
        assert self._handle
        raw = self._handle.accept()
        if raw is None:
            return None
        sockets, cookie, message, source, id = raw
        return Post(sockets_of(sockets), cookie, message, Identity(*source), id)

    def accept(self) -> Post:
        """Take the first post, and wait for it as :meth:`settimeout` says.

        The sockets are as those of :func:`fromshare`. In a task, see
        :meth:`accept_async`.

        Raises :exc:`TimeoutError`, :exc:`BlockingIOError`, and :exc:`OSError`: EPERM in
        another process than the one that opened or joined; EMFILE where no descriptor is
        free, and the post stays; EACCES where a security module refuses the socket,
        which ends the post. Raises :exc:`ValueError` once the inbox is closed.
        """
        return self._wait(self._look, "no socket was posted")

    async def accept_async(self) -> Post:
        """Take the first post, and wait for it in this task, whatever the timeout.

        If the task is cancelled, the post stays. Raises what :meth:`accept` does.
        """
        return await self._waiter.wait_for(self._look, self.fileno)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Post:
        try:
            return self.accept()
        except ValueError:
            if self.closed:
                raise StopIteration from None
            raise

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Post:
        try:
            return await self.accept_async()
        except ValueError:
            if self.closed:
                raise StopAsyncIteration from None
            raise

    def decline(self, id: int) -> None:
        """End a post that waits.

        Raises :exc:`OSError`: ENOENT where no such post waits, EBUSY where it is being
        accepted.
        """
        assert self._handle
        self._handle.revoke(check_id(id))

    def invite(
        self,
        pid: int | None = None,
        *,
        to: Literal["post", "accept"],
        pidfd: Descriptor | None = None,
        peer: Descriptor | None = None,
        uid: int | None = None,
        cgroup: Directory | None = None,
        life: float | None = None,
        end_on_close: bool = False,
    ) -> bytes:
        """Make a token that invites one process *to* ``"post"`` or to ``"accept"``.

        Name whom it is for, and its *life*, as for :func:`share`; but not *uid* together
        with *cgroup*. With *end_on_close* the token ends with this object. The process
        takes it by :class:`Binding` with *invitation*, or by :meth:`Inbox.join`. It is
        listed and revoked like any other.

        Returns 128 bytes. Raises what :func:`share` raises, and :exc:`ValueError` once
        the inbox is closed.
        """
        assert self._handle
        flag = _INVITATIONS.get(to)
        if flag is None:
            raise ValueError(f"an invitation is to 'post' or to 'accept', not to {to!r}")
        terms = export_terms(pid, pidfd, peer, uid, cgroup, life, end_on_close, False)
        with terms as given:
            return self._handle.invite(given.target, given.flags | flag, given.ttl_ms)


def _bind(
    pid: int | None,
    pidfd: Descriptor | None,
    peer: Descriptor | None,
    invitation: Bytes | None,
) -> "_sockdup.Handle":
    if [pid, pidfd, peer, invitation].count(None) != 3:
        raise TypeError("Binding() takes one of pid, pidfd, peer and invitation")
    if invitation is not None:
        return _sockdup.inbox_bind_invited(invitation)
    if pidfd is not None:
        return _sockdup.inbox_bind(descriptor(pidfd), _sockdup.SOCKDUP_BIND_TO_PIDFD)
    if peer is not None:
        return _sockdup.inbox_bind(descriptor(peer), _sockdup.SOCKDUP_BIND_TO_PEER)
    assert pid is not None
    if pid <= 0:
        raise OSError(errno.EINVAL, f"{pid} is not a process id")
    return _sockdup.inbox_bind(pid, 0)


class _Posting:
    """What is to be posted, until there is room for it."""

    def __init__(
        self,
        handle: "_sockdup.Handle",
        sockets: Descriptor | Iterable[Descriptor],
        cookie: int,
        message: Bytes | Iterable[Bytes],
        life: float | None,
        close: bool,
    ) -> None:
        if not 0 <= cookie < 1 << 64:
            raise ValueError(f"a cookie has 64 bits, and {cookie} does not fit")
        if not isinstance(message, bytes | bytearray | memoryview):
            message = b"".join(message)
        self._handle = handle
        self._sockets = _several(sockets)
        self._arguments = cookie, message, milliseconds(life)
        self._closers = _closers(self._sockets) if close else []

    def look(self) -> int | None:
        """The id, once it is posted. A socket may have been closed since the last look."""
        numbers = [descriptor(sock) for sock in self._sockets]
        id = self._handle.post(numbers, *self._arguments)
        if id is not None:
            self._close()
        return id

    def _close(self) -> None:
        """Whatever a socket raises: it is posted, and the caller is to learn the id."""
        for closer in self._closers:
            with contextlib.suppress(Exception):
                closer()


def _several(sockets: Descriptor | Iterable[Descriptor]) -> list[Descriptor]:
    if isinstance(sockets, int) or hasattr(sockets, "fileno"):
        return [cast(Descriptor, sockets)]
    return list(sockets)


def _closers(sockets: list[Descriptor]) -> list[Callable[[], None]]:
    """One for each descriptor: another thread may have its number as soon as it is closed."""
    closers: dict[int, Callable[[], None]] = {}
    for sock in sockets:
        number = descriptor(sock)
        if not isinstance(sock, int):
            closers[number] = getattr(sock, "close")
        elif number not in closers:
            closers[number] = functools.partial(os.close, number)
    return list(closers.values())


class Binding(_End):
    """What posts to the inbox of another process.

    Name the process by its *pid* in the caller's pid namespace, by a *pidfd*, or by
    *peer*, a connected AF_UNIX socket at whose other end it is; or give an *invitation*
    from :meth:`Inbox.invite`, which can be used once.

    Use it in a ``with`` statement. Closing it does not end what it has posted. Any number
    of threads and of tasks of one loop may post. Other loops wait until :meth:`fileno` is
    writable. It is this process's alone, as an inbox is.

    Raises :exc:`OSError`: ESRCH where there is no such process; ECONNREFUSED where it has
    no inbox, or none for this user; EBADF, ENOTSOCK, ENOTCONN and EINVAL for a *pidfd*
    or *peer* that is none; for an *invitation* EINVAL where the bytes are none, ENOENT
    where it was used or revoked or has expired, EPERM where it is not for this process,
    ECONNREFUSED where the inbox has ended, or its listed users are sure to have all
    slots; ENOTTY where the module has no inboxes.
    """

    _writes = True

    def __init__(
        self,
        pid: int | None = None,
        *,
        pidfd: Descriptor | None = None,
        peer: Descriptor | None = None,
        invitation: Bytes | None = None,
    ) -> None:
        self._begin(_bind(pid, pidfd, peer, invitation))

    def post(
        self,
        sockets: Descriptor | Iterable[Descriptor],
        *,
        cookie: int = 0,
        message: Bytes | Iterable[Bytes] = b"",
        life: float | None = None,
        close: bool = False,
    ) -> int:
        """Post a socket, or several in one post, and wait for room as :meth:`settimeout` says.

        *cookie* is any number of 64 bits, and *message* are bytes, in one piece or in
        several, that go along. The post holds the sockets open for *life* seconds, by
        default for 60, until it is accepted or revoked, or the inbox ends. With *close*
        the caller's sockets are closed once they are posted; what their ``close()``
        raises is ignored. In a task, see :meth:`post_async`.

        Returns the id of the post, for :meth:`revoke`.

        Raises :exc:`TimeoutError`, :exc:`BlockingIOError`, and :exc:`OSError`: EBADF or
        ENOTSOCK for a socket; EINVAL for no socket, and where *life* is above the
        module's limit; EMSGSIZE where there are more sockets than :attr:`max_sockets` or
        a message of more than :attr:`message_size` bytes; EPIPE where the inbox has
        ended; EPERM in another process than the one that made the binding; ENOBUFS where
        tokens and posts of this user hold as many sockets as RLIMIT_NOFILE allows.
        Raises :exc:`ValueError` once the binding is closed.
        """
        assert self._handle
        posting = _Posting(self._handle, sockets, cookie, message, life, close)
        return self._wait(posting.look, "the inbox has no room")

    async def post_async(
        self,
        sockets: Descriptor | Iterable[Descriptor],
        *,
        cookie: int = 0,
        message: Bytes | Iterable[Bytes] = b"",
        life: float | None = None,
        close: bool = False,
    ) -> int:
        """Post as :meth:`post` does, and wait for room in this task, whatever the timeout.

        If the task is cancelled, nothing has been posted.
        """
        assert self._handle
        posting = _Posting(self._handle, sockets, cookie, message, life, close)
        return await self._waiter.wait_for(posting.look, self.fileno)

    def revoke(self, id: int) -> None:
        """End a post that waits, and let go of its sockets.

        Raises :exc:`OSError`: ENOENT where no such post waits, EBUSY where it is being
        accepted, EPERM in another process than the one that made the binding.
        """
        assert self._handle
        self._handle.revoke(check_id(id))
