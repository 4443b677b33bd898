# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sets: several sockets under one token, with names, and a payload."""

import os
import socket
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import _sockdup
from ._handover import export_terms, import_flags, sockets_of
from ._token import Identity
from ._types import Bytes, Descriptor, Directory, descriptor


class SharedSet(NamedTuple):
    """What :func:`fromshare_set` imported.

    *sockets* are pairs of a name and a socket, in the exporter's order; a socket
    without a name has the empty one. *payload* are the bytes that came along.
    *source* is the exporter as the kernel recorded it.
    """

    sockets: list[tuple[str, socket.socket]]
    payload: bytes
    source: Identity


def share_set(
    sockets: Mapping[str, Descriptor] | Iterable[tuple[str, Descriptor]],
    pid: int | None = None,
    *,
    payload: Bytes = b"",
    pidfd: Descriptor | None = None,
    peer: Descriptor | None = None,
    uid: int | None = None,
    cgroup: Directory | None = None,
    life: float | None = None,
    end_on_close: bool = False,
    report: bool = False,
) -> bytes:
    """Export several sockets and a payload under one token.

    *sockets* is a mapping of names to sockets, or pairs of them. A name has up to
    63 bytes in the file system's encoding. There are up to 1024 sockets. *payload*
    has up to 64 KiB, which the kernel keeps for the importer. The target imports
    all or nothing, by :func:`fromshare_set`. Everything else is as for
    :func:`share`.

    Raises what :func:`share` raises, and :exc:`OSError`: EINVAL for no socket and
    for too many, EMSGSIZE for too large a payload, ENOBUFS where the user's tokens
    have as many bytes as the module's ``max_user_bytes``, E2BIG where the module has
    no sets. Raises :exc:`ValueError` for a name that is too long or has a NUL in it.
    """
    pairs = sockets.items() if isinstance(sockets, Mapping) else sockets
    named = [(descriptor(sock), os.fsencode(name)) for name, sock in pairs]
    terms = export_terms(pid, pidfd, peer, uid, cgroup, life, end_on_close, report)
    with terms as given:
        return _sockdup.export_set(named, payload, *given)


def fromshare_set(data: Bytes, *, inheritable: bool = False) -> SharedSet:
    """Import all sockets of a token, and its payload.

    *data* are the bytes that :func:`share_set` or :func:`share` returned. The
    sockets are as those of :func:`fromshare`.

    Raises what :func:`fromshare` raises. EMFILE means that the process cannot
    have as many more descriptors; the token lives on then.
    """
    raw, payload, source = _sockdup.import_set(data, import_flags(inheritable))
    sockets = sockets_of([raw_socket[:4] for raw_socket in raw])
    names = [os.fsdecode(name) for *_, name in raw]
    return SharedSet(list(zip(names, sockets)), payload, Identity(*source))
