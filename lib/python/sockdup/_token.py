# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel tells of tokens."""

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from . import _sockdup
from ._types import Bytes

_IDS = 1 << 64
_UIDS = 1 << 32

_INVITATIONS: dict[int, Literal["post", "accept"]] = {
    _sockdup.SOCKDUP_EXPORT_INVITE_TO_POST: "post",
    _sockdup.SOCKDUP_EXPORT_INVITE_TO_ACCEPT: "accept",
}

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | str | bytes


class Identity(NamedTuple):
    """The process that exported, as the kernel recorded it then.

    *pid* is its number in the caller's pid namespace, 0 where it is not visible
    there. *uid* and *gid* are its effective user and group in the caller's user
    namespace.
    """

    pid: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class SocketInfo:
    """A socket that a token holds.

    Addresses have the forms that :mod:`socket` gives them. They are None where
    there is none, and for families other than AF_INET, AF_INET6 and AF_UNIX.

    *netns* is the inode number of its network namespace, 0 where the kernel
    does not tell. *state* has the numbers of ``TCP_ESTABLISHED`` (1) and the
    like, 0 for families other than the three. *name* is what its exporter calls it,
    or empty.
    """

    family: int
    type: int
    protocol: int
    protocol_name: str
    local: Address | None
    remote: Address | None
    ipv6_only: bool
    inode: int
    netns: int
    state: int
    name: str


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A live token.

    *id* names it in lists and notifications; nobody can import with it.
    *target* is the pid of the process that may import, 0 where it is not visible
    to the caller, or where the token is for a user, *target_uid*, or a control group,
    *target_cgroup*, by the inode number of its directory. These are None where the
    token is for none. *age* and *left* are seconds since the export and until the
    end of its life. *socket* is the first of *socket_count* sockets; :func:`sockets`
    has all. *payload_size* is the number of bytes that travel with it. *invites_to* is
    ``"post"`` or ``"accept"`` for an invitation to an inbox, which has no socket, and
    None for others.
    """

    id: int
    target: int
    target_uid: int | None
    target_cgroup: int | None
    source: Identity
    age: float
    left: float
    socket_count: int
    socket: SocketInfo
    payload_size: int
    invites_to: Literal["post", "accept"] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens of all users since the module was loaded: how many were exported,
    and how many of them ended in which way."""

    exported: int
    imported: int
    revoked: int
    expired: int
    handle_closed: int
    target_died: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What a user's tokens hold.

    *held* is the number of sockets, *bytes* that of bytes in sets: names, payload and
    about 40 bytes a socket.
    *all_users* is None for callers without privilege.
    """

    uid: int
    held: int
    all_users: Counts | None
    bytes: int = 0



def _address(raw: bytes) -> Address | None:
    family = struct.unpack_from("=H", raw)[0] if raw else socket.AF_UNSPEC
    if family == socket.AF_INET:
        port, host = struct.unpack_from("!H4s", raw, 2)
        return socket.inet_ntop(family, host), port
    if family == socket.AF_INET6:
        port, flow, host = struct.unpack_from("!HI16s", raw, 2)
        (scope,) = struct.unpack_from("=I", raw, 24)
        return socket.inet_ntop(family, host), port, flow, scope
    if family == socket.AF_UNIX:
        path = raw[2:]
        return path if path[:1] == b"\0" else os.fsdecode(path.split(b"\0")[0])
    return None


def _socket_info(raw: "_sockdup._Socket") -> SocketInfo:
    (
        family,
        kind,
        protocol,
        protocol_name,
        local,
        remote,
        only,
        inode,
        netns,
        state,
        name,
    ) = raw
    return SocketInfo(
        family,
        kind,
        protocol,
        protocol_name,
        _address(local),
        _address(remote),
        only,
        inode,
        netns,
        state,
        os.fsdecode(name),
    )


def _token_info(raw: "_sockdup._Token") -> TokenInfo:
    (
        id,
        target,
        source,
        uid,
        gid,
        age_ms,
        left_ms,
        count,
        sock,
        target_uid,
        payload_size,
        target_cgroup,
        invitation,
    ) = raw
    return TokenInfo(
        id,
        target,
        target_uid,
        target_cgroup,
        Identity(source, uid, gid),
        age_ms / 1000,
        left_ms / 1000,
        count,
        _socket_info(sock),
        payload_size,
        _INVITATIONS.get(invitation),
    )


def check_id(number: int) -> int:
    if not 0 <= number < _IDS:
        raise ValueError(f"an id has 64 bits, and {number} does not fit")
    return number


def check_uid(uid: int) -> int:
    if not 0 <= uid < _UIDS:
        raise ValueError(f"a user id has 32 bits, and {uid} does not fit")
    return uid


def list(
    *, target: int = 0, source: int = 0, uid: int | None = None
) -> Iterator[TokenInfo]:
    """Iterate over the live tokens that the caller may see.

    *target* and *source* choose tokens by pid, *uid* by the exporter's user. The
    kernel is asked at the call, so the iterator shows the tokens of that moment.
    Unprivileged users see the tokens that they exported in the caller's network
    namespace, from processes that the caller can see.

    Raises :exc:`OSError`: ERANGE or EINVAL for a number that no process or user
    can have.
    """
    number = 0 if uid is None else check_uid(uid)
    return map(_token_info, _sockdup.list(target, source, uid is not None, number))


def sockets(id: int) -> Iterator[SocketInfo]:
    """Iterate over the sockets of a token, in the exporter's order.

    *id* is the token's, as :func:`list` and :func:`query` tell it. For those who see
    the token in :func:`list`.

    Raises :exc:`OSError`: ENOENT where the caller sees no such token.
    """
    return (_token_info(raw).socket for raw in _sockdup.list_sockets(check_id(id)))


def query(token: Bytes | int) -> TokenInfo:
    """Ask about a live token. It stays as it is.

    *token* is the bytes from :func:`share`, for the token's target and those who
    see it in :func:`list`; or its id, for the latter.

    Raises :exc:`OSError`: ENOENT where the caller sees no such token, EINVAL
    where the bytes are no protocol info, EPERM. Raises :exc:`ValueError` for
    bytes of a wrong length.
    """
    if isinstance(token, int):
        return _token_info(_sockdup.find_by_id(check_id(token)))
    return _token_info(_sockdup.find_by_info(token))


def stats(uid: int | None = None) -> Stats:
    """What the tokens of a user hold, by default of the caller's real user.

    Only privileged callers may name another user, and only they get counts.

    Raises :exc:`OSError`: EPERM; EINVAL where the caller's user namespace has no
    such user.
    """
    user, held, size, counted, *counts = _sockdup.stats(
        None if uid is None else check_uid(uid)
    )
    return Stats(user, held, Counts(*counts) if counted else None, size)
