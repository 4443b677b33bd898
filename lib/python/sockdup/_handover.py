# SPDX-License-Identifier: LGPL-2.1-or-later
"""Export, import, revoke: what is done with a token."""

import contextlib
import errno
import math
import os
import socket
from collections.abc import Iterator
from typing import NamedTuple

from . import _sockdup
from ._token import Identity, check_id, check_uid
from ._types import Bytes, Descriptor, Directory, descriptor

_LONGEST_MS = 0xFFFFFFFF


def milliseconds(life: float | None) -> int:
    if life is None:
        return 0
    if not 0 < life < math.inf:
        raise ValueError(f"a life is a number of seconds above 0, not {life}")
    return min(math.ceil(life * 1000), _LONGEST_MS)


@contextlib.contextmanager
def _open_group(cgroup: Directory | None) -> Iterator[int | None]:
    """A descriptor of a control group, which may be named by its path."""
    if not isinstance(cgroup, str | os.PathLike):
        yield None if cgroup is None else descriptor(cgroup)
        return
    fd = os.open(cgroup, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _target(
    pid: int | None,
    pidfd: Descriptor | None,
    peer: Descriptor | None,
    uid: int | None,
    cgroup: int | None,
) -> tuple[int, int]:
    """The target as the library takes it, and the flags that say how."""
    scope = cgroup if uid is None else uid
    if [pid, pidfd, peer, scope].count(None) != 3:
        raise TypeError(
            "share() takes one of pid, pidfd, peer, uid and cgroup, or the last two"
        )
    if uid is not None:
        number = check_uid(uid)
        flags = _sockdup.SOCKDUP_EXPORT_TO_USER
        if cgroup is not None:
            flags |= _sockdup.SOCKDUP_EXPORT_TO_CGROUP
        # The library has one parameter for all of them, an int of C.
        return number - (number >> 31 << 32), flags
    if cgroup is not None:
        return cgroup, _sockdup.SOCKDUP_EXPORT_TO_CGROUP
    if pidfd is not None:
        return descriptor(pidfd), _sockdup.SOCKDUP_EXPORT_TO_PIDFD
    if peer is not None:
        return descriptor(peer), _sockdup.SOCKDUP_EXPORT_TO_PEER
    assert pid is not None
    if pid <= 0:
        raise OSError(errno.EINVAL, f"{pid} is not a process id")
    return pid, 0


class Terms(NamedTuple):
    """Of an export, as the library takes them: *cgroup* is the group beside a
    user, or 0."""

    target: int
    flags: int
    ttl_ms: int
    cgroup: int


@contextlib.contextmanager
def export_terms(
    pid: int | None,
    pidfd: Descriptor | None,
    peer: Descriptor | None,
    uid: int | None,
    cgroup: Directory | None,
    life: float | None,
    end_on_close: bool,
    report: bool,
) -> Iterator[Terms]:
    """Their descriptors stay open until the end of the ``with`` statement."""
    with _open_group(cgroup) as group:
        target, flags = _target(pid, pidfd, peer, uid, group)
        if end_on_close:
            flags |= _sockdup.SOCKDUP_EXPORT_END_ON_CLOSE
        if report:
            flags |= _sockdup.SOCKDUP_EXPORT_REPORT
        beside = 0 if uid is None or group is None else group
        yield Terms(target, flags, milliseconds(life), beside)


def share(
    sock: Descriptor,
    pid: int | None = None,
    *,
    pidfd: Descriptor | None = None,
    peer: Descriptor | None = None,
    uid: int | None = None,
    cgroup: Directory | None = None,
    life: float | None = None,
    end_on_close: bool = False,
    report: bool = False,
) -> bytes:
    """Export a socket to one process, a user or a control group, and return the
    bytes to send.

    Name the target by one of

    * *pid*, its number in the caller's pid namespace, like CPython's
      ``socket.share()`` on Windows;
    * *pidfd*, a descriptor from :func:`os.pidfd_open`;
    * *peer*, a connected AF_UNIX socket at whose other end it is;
    * *uid*, a user: any process that is wholly this user's may import, in the
      caller's user and pid namespace. None needs to exist yet, and the token does
      not end with any of them;
    * *cgroup*, the directory of a control group of version 2, by its path or a
      descriptor: any process in it or below it may import. None needs to exist yet,
      and the token ends with the group's removal. With *uid*, only that user's
      processes there may.

    The token that this makes holds the socket open for *life* seconds, by
    default for 60, until it is imported or revoked, or its target ends. So the
    source may close *sock* at once. The token outlives the source unless
    *end_on_close* is true. A life above the default needs a target of the same
    user, a process that has called :func:`open`, a control group whose directory
    the caller may write to, or CAP_SYS_RESOURCE.

    With *report* :func:`outcomes` tells how the token ended.

    Returns 128 bytes. They are a secret: with them the target can import, and
    processes of the source's user can revoke.

    Raises :exc:`OSError`: EBADF or ENOTSOCK for *sock* and *peer*, EBADF for a
    *pidfd* or *cgroup* that is none; ESRCH where the process does not exist or the
    control group has been removed; EINVAL where the target cannot be one or *life*
    is above the module's limit; EPERM where *life* needs more rights; ENOTCONN where
    *peer* has no peer; ENOBUFS where the user's tokens hold as many sockets as
    RLIMIT_NOFILE allows, or, with *report*, 4096 outcomes are to come or not taken
    yet; E2BIG where the module takes no control groups. An error names all its
    causes, as the kernel does not tell which it is. Raises :exc:`ValueError` for a *life* of 0 or less and for a *uid*
    that does not fit into 32 bits.
    """
    terms = export_terms(pid, pidfd, peer, uid, cgroup, life, end_on_close, report)
    with terms as given:
        return _sockdup.export(descriptor(sock), *given)


def socket_of(fd: int, family: int, kind: int, protocol: int) -> socket.socket:
    """A socket of this descriptor, which the socket owns from now on.

    Python makes a new socket non-blocking where there is a default timeout.
    This would be so for all who hold it.
    """
    blocking = not kind & socket.SOCK_NONBLOCK
    spared = blocking and socket.getdefaulttimeout() is not None
    try:
        if spared:
            kind |= socket.SOCK_NONBLOCK
        sock = socket.socket(family, kind, protocol, fileno=fd)
    except BaseException:
        os.close(fd)
        raise
    if spared:
        sock.settimeout(None)
    return sock


def sockets_of(raw: list[tuple[int, int, int, int]]) -> list[socket.socket]:
    """A socket of each of these, or none."""
    left = list(raw)
    sockets: list[socket.socket] = []
    try:
        while left:
            sockets.append(socket_of(*left.pop(0)))
    except BaseException:
        for fd, *_ in left:
            os.close(fd)
        for sock in sockets:
            sock.close()
        raise
    return sockets


def import_flags(inheritable: bool) -> int:
    return _sockdup.SOCKDUP_IMPORT_INHERITABLE if inheritable else 0


def fromshare_with_source(
    data: Bytes, *, inheritable: bool = False
) -> tuple[socket.socket, Identity]:
    """Import a socket, as :func:`fromshare` does, and learn who exported it.

    Returns the socket and the exporter as the kernel recorded it.
    """
    fd, family, kind, protocol, source = _sockdup.import_(
        data, import_flags(inheritable)
    )
    return socket_of(fd, family, kind, protocol), Identity(*source)


def fromshare(data: Bytes, *, inheritable: bool = False) -> socket.socket:
    """Import a socket that was exported to this process.

    *data* are the bytes that :func:`share` returned. They can be imported once.

    Returns a socket with the family, type and protocol of the one that was
    exported. Its descriptor is not inheritable unless *inheritable* is true. Its
    timeout is 0 if the socket is non-blocking, as one with a timeout is, and
    None otherwise: the default timeout does not apply, since setting it would
    change the socket for all who hold it.

    Raises :exc:`ValueError` where *data* has another length than 128 bytes, and
    :exc:`OSError`: EINVAL where they are no protocol info, or an invitation to an
    inbox; ENOENT where no live token has these bytes; EPERM where it is not for this process; EMFILE where
    no descriptor is free; EMSGSIZE where it holds several sockets or a payload, see
    :func:`fromshare_set`; the token lives on then.
    """
    sock, _ = fromshare_with_source(data, inheritable=inheritable)
    return sock


def revoke(token: Bytes | int) -> None:
    """End a token and let go of its socket.

    *token* is the bytes from :func:`share`, for the token's target, its
    exporter's user and administrators; or its id, for those who see it in
    :func:`list`.

    Raises :exc:`OSError`: ENOENT where there is no such token; EPERM where the
    caller may not revoke it; EBUSY while the target imports it. If that import
    fails, the token is revoked. Raises :exc:`ValueError` for bytes of a wrong
    length.
    """
    if isinstance(token, int):
        _sockdup.revoke_id(check_id(token))
    else:
        _sockdup.revoke(token)


def encode(data: Bytes) -> str:
    """The text form of the bytes from :func:`share`, one word of ASCII.

    It has 45 characters, none of which means anything to a shell. It is as
    secret as the bytes. The command ``sockdup`` prints and takes this form.

    Raises :exc:`ValueError` for bytes that are no protocol info.
    """
    return _sockdup.encode(data)


def decode(text: str) -> bytes:
    """The bytes for :func:`fromshare` from their text form.

    The description in them is empty; an import does not need it.

    Raises :exc:`ValueError` where *text* is not such a form, or has been
    altered.
    """
    return _sockdup.decode(text)


def _share_method(self: socket.socket, process_id: int) -> bytes:
    """share(process_id) -> bytes

    Export the socket to a process. See :func:`sockdup.share`.
    """
    return share(self, process_id)


def install() -> bool:
    """Give :mod:`socket` what CPython has on Windows alone.

    Afterwards ``socket.socket.share(process_id)`` and ``socket.fromshare(data)``
    do what :func:`share` and :func:`fromshare` do, in the whole process. Returns
    False where they were there already, and changes nothing then.

    The constructor ``socket.socket(0, 0, 0, data)`` is not extended.
    """
    if hasattr(socket.socket, "share"):
        return False
    setattr(socket.socket, "share", _share_method)
    setattr(socket, "fromshare", fromshare)
    getattr(socket, "__all__").append("fromshare")
    return True
