# SPDX-License-Identifier: LGPL-2.1-or-later
"""The process's handle of the device, and what the module can do."""

import enum
from dataclasses import dataclass

from . import _sockdup
from ._waiting import Waiter

# The task that waits for an outcome, on the handle's descriptor: one of the process's.
outcome_waiter = Waiter()


class Feature(enum.IntFlag):
    """What the module can do beyond tokens.

    EVENTS: :func:`register`. EVENT_ONCE: :func:`register` with *once*.
    EXPORT_TO_USER: :func:`share` with *uid*. EXPORT_TO_CGROUP: with *cgroup*.
    EXPORT_REPORT: with *report*. SETS: :func:`share_set`. INBOX: :class:`Inbox`.
    """

    EVENTS = _sockdup.SOCKDUP_FEATURE_EVENTS
    EVENT_ONCE = _sockdup.SOCKDUP_FEATURE_EVENT_ONCE
    EXPORT_TO_PIDFD = _sockdup.SOCKDUP_FEATURE_EXPORT_TO_PIDFD
    EXPORT_TO_USER = _sockdup.SOCKDUP_FEATURE_EXPORT_TO_USER
    EXPORT_TO_CGROUP = _sockdup.SOCKDUP_FEATURE_EXPORT_TO_CGROUP
    EXPORT_REPORT = _sockdup.SOCKDUP_FEATURE_EXPORT_REPORT
    SETS = _sockdup.SOCKDUP_FEATURE_SETS
    INBOX = _sockdup.SOCKDUP_FEATURE_INBOX


@dataclass(frozen=True, slots=True)
class Info:
    """The kernel module's version, features and limits.

    *protocol_info_size* is in bytes, *default_life* and *max_life* are in
    seconds. A token holds up to *max_sockets* sockets.
    """

    abi_version: int
    protocol_info_size: int
    features: Feature
    default_life: float
    max_life: float
    max_sockets: int


def info() -> Info:
    """Ask for the module's version, features and limits."""
    abi, size, features, default_ms, max_ms, sockets = _sockdup.info()
    return Info(
        abi, size, Feature(features), default_ms / 1000, max_ms / 1000, sockets
    )


def open() -> int:
    """Open the process's handle of the device now, and return its descriptor.

    Other functions do this by themselves. Call it in a process that waits to be
    a target, as another user may then give it a token of more than the default
    life; and before the process loses the device, by :func:`os.chroot`, seccomp
    or a change of user. The descriptor remains the library's: do not close it.
    """
    return _sockdup.open()


def use(fd: int) -> None:
    """Use a handle that was inherited or received from another process.

    The library makes a descriptor of its own of *fd*. Children of
    :func:`os.fork` keep using it, so ``use(open())`` hands the process's own
    handle on to them.

    Raises :exc:`OSError`: EBADF; EINVAL where *fd* is not a handle; EMFILE.
    """
    outcome_waiter.stop()
    _sockdup.use(fd)


def release() -> None:
    """Close the handle.

    This ends registrations, and tokens that were shared with *end_on_close*. How
    tokens ended that were shared with *report* is not told any more. The next call
    opens the device again.
    """
    outcome_waiter.stop()
    _sockdup.release()
