# SPDX-License-Identifier: LGPL-2.1-or-later
# The extension: the library's functions with plain numbers, bytes and tuples.

import builtins
from typing import TypeAlias, final

_Buffer: TypeAlias = bytes | bytearray | memoryview
_Identity: TypeAlias = tuple[int, int, int]
_Socket: TypeAlias = tuple[
    int, int, int, str, bytes, bytes, bool, int, int, int, bytes
]
_Token: TypeAlias = tuple[
    int,
    int,
    int,
    int,
    int,
    int,
    int,
    int,
    _Socket,
    int | None,
    int,
    int | None,
    int,
]

SOCKDUP_EXPORT_TO_PIDFD: int
SOCKDUP_EXPORT_TO_PEER: int
SOCKDUP_EXPORT_TO_USER: int
SOCKDUP_EXPORT_TO_CGROUP: int
SOCKDUP_EXPORT_END_ON_CLOSE: int
SOCKDUP_EXPORT_REPORT: int
SOCKDUP_EXPORT_INVITE_TO_POST: int
SOCKDUP_EXPORT_INVITE_TO_ACCEPT: int
SOCKDUP_IMPORT_INHERITABLE: int
SOCKDUP_FEATURE_EVENTS: int
SOCKDUP_FEATURE_EVENT_ONCE: int
SOCKDUP_FEATURE_EXPORT_TO_PIDFD: int
SOCKDUP_FEATURE_EXPORT_TO_USER: int
SOCKDUP_FEATURE_EXPORT_TO_CGROUP: int
SOCKDUP_FEATURE_EXPORT_REPORT: int
SOCKDUP_FEATURE_SETS: int
SOCKDUP_FEATURE_INBOX: int
SOCKDUP_INBOX_ANYBODY: int
SOCKDUP_BIND_TO_PEER: int
SOCKDUP_BIND_TO_PIDFD: int
SOCKDUP_EVENT_ONCE: int
SOCKDUP_EVENT_KEEP_SET: int
SOCKDUP_FD_READ: int
SOCKDUP_FD_WRITE: int
SOCKDUP_FD_OOB: int
SOCKDUP_FD_ACCEPT: int
SOCKDUP_FD_CONNECT: int
SOCKDUP_FD_CLOSE: int
SOCKDUP_HAPPENING_EXPORTED: int
SOCKDUP_HAPPENING_IMPORTED: int
SOCKDUP_HAPPENING_REVOKED: int
SOCKDUP_HAPPENING_EXPIRED: int
SOCKDUP_HAPPENING_HANDLE_CLOSED: int
SOCKDUP_HAPPENING_TARGET_DIED: int
SOCKDUP_OUTCOME_IMPORTED: int
SOCKDUP_OUTCOME_REVOKED: int
SOCKDUP_OUTCOME_DECLINED: int
SOCKDUP_OUTCOME_EXPIRED: int
SOCKDUP_OUTCOME_TARGET_DIED: int

@final
class Subscription:
    def close(self) -> None: ...
    def fileno(self) -> int: ...
    def next(self) -> tuple[int, int, int, int | None, int | None] | None: ...

@final
class UnixPath:
    def close(self) -> None: ...
    def fileno(self) -> int: ...
    def restore(self) -> bool: ...

@final
class Handle:
    def detach(self) -> int: ...
    def fileno(self) -> int: ...
    def limits(self) -> tuple[int, int, int]: ...
    def accept(
        self,
    ) -> (
        tuple[
            builtins.list[tuple[int, int, int, int]], int, bytes, _Identity, int
        ]
        | None
    ): ...
    def post(
        self,
        sockets: builtins.list[int],
        cookie: int,
        message: _Buffer,
        ttl_ms: int,
        /,
    ) -> int | None: ...
    def revoke(self, id: int, /) -> None: ...
    def invite(self, target: int, flags: int, ttl_ms: int, /) -> bytes: ...

def inbox_open(
    slots: int,
    message_size: int,
    max_sockets: int,
    flags: int,
    users: builtins.list[int],
    /,
) -> Handle: ...
def inbox_join(data: _Buffer, /) -> Handle: ...
def inbox_bind(target: int, flags: int, /) -> Handle: ...
def inbox_bind_invited(data: _Buffer, /) -> Handle: ...
def export(
    fd: int, target: int, flags: int, ttl_ms: int, cgroup: int, /
) -> bytes: ...
def import_(data: _Buffer, flags: int, /) -> tuple[int, int, int, int, _Identity]: ...
def export_set(
    sockets: builtins.list[tuple[int, bytes]],
    payload: _Buffer,
    target: int,
    flags: int,
    ttl_ms: int,
    cgroup: int,
    /,
) -> bytes: ...
def import_set(
    data: _Buffer, flags: int, /
) -> tuple[builtins.list[tuple[int, int, int, int, bytes]], bytes, _Identity]: ...
def revoke(data: _Buffer, /) -> None: ...
def encode(data: _Buffer, /) -> str: ...
def decode(text: str, /) -> bytes: ...
def outcome_next() -> tuple[int, int, int, int, int] | bool: ...
def info_id(data: _Buffer, /) -> int: ...
def info() -> tuple[int, int, int, int, int, int]: ...
def open() -> int: ...
def use(fd: int, /) -> None: ...
def release() -> None: ...
def list(target: int, source: int, by_uid: bool, uid: int, /) -> builtins.list[_Token]: ...
def list_sockets(id: int, /) -> builtins.list[_Token]: ...
def find_by_info(data: _Buffer, /) -> _Token: ...
def find_by_id(id: int, /) -> _Token: ...
def revoke_id(id: int, /) -> None: ...
def stats(
    uid: int | None, /
) -> tuple[int, int, int, bool, int, int, int, int, int, int]: ...
def subscribe() -> Subscription: ...
def unix_path_take(fd: int, /) -> UnixPath | None: ...
def event_object() -> int: ...
def event_register(fd: int, event: int, mask: int, flags: int, /) -> None: ...
def event_enumerate(fd: int, flags: int, /) -> tuple[int, tuple[int, ...]]: ...
def event_rearm(fd: int, events: int, /) -> None: ...
def event_query(fd: int, /) -> tuple[int, bool, _Identity]: ...
