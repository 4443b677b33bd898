# SPDX-License-Identifier: LGPL-2.1-or-later
"""The name of an AF_UNIX socket in a file system, kept from being lost."""

from . import _sockdup
from ._types import Descriptor, descriptor
from ._waiting import Closing, wait_readable


class UnixPath(Closing):
    """The name of an AF_UNIX socket that is kept, from :func:`take_path`.

    Use it in a ``with`` statement, or close it: otherwise a second link of the
    socket's file is left in the directory if the process is killed.

    A loop waits until :meth:`fileno` is readable, and then calls :meth:`restore`:
    :mod:`selectors` and asyncio's ``add_reader()`` take this object as it is. Call
    :meth:`restore` once after that, as the descriptor does not tell what happened
    before.
    """

    def __init__(self, path: "_sockdup.UnixPath") -> None:
        self._path = path
        self._watched = False

    def fileno(self) -> int:
        """The descriptor to wait on, -1 once this is closed. Do not close it.

        It is readable when a link of the socket's file was removed, renamed or made,
        until :meth:`restore` is called.

        Raises :exc:`OSError`: EACCES where the caller may not read the socket's file,
        EMFILE or ENOSPC where the user has as many watches as allowed. Then call
        :meth:`restore` from time to time.
        """
        fd = self._path.fileno()
        self._watched = True
        return fd

    def wait(self, timeout: float | None = None) -> bool:
        """Wait in this thread until the name may be gone; False after *timeout* seconds.

        The first call does not wait: nobody has watched the name before. Raises what
        :meth:`fileno` does.
        """
        watched = self._watched
        fd = self.fileno()
        return not watched or wait_readable(fd, timeout)

    def restore(self) -> bool:
        """Put the name back where it is gone, and return whether it was.

        Call this only while a process has the socket open; otherwise the path leads
        to a file that refuses connections.

        Raises :exc:`OSError`: EEXIST where another file has the name, which it keeps;
        ESTALE where somebody has removed the second link; EACCES or EPERM where the
        caller may not write to the directory or link the file; ENOENT where the
        directory was removed. Raises :exc:`ValueError` once this is closed.
        """
        return self._path.restore()

    def close(self) -> None:
        """Keep the name no longer: remove the second link. The name stays as it is.

        Raises :exc:`OSError` where the caller may not do so any more.
        """
        self._path.close()


def take_path(sock: Descriptor) -> UnixPath | None:
    """Keep the name of an AF_UNIX socket that was taken over.

    Many servers unlink the path of their socket when they end, and then nobody can
    connect to the new server. This makes a second hard link of the socket's file in
    the same directory, from which :meth:`UnixPath.restore` links the path again. Call
    it while the path still leads to the socket. *sock* listens, or is bound and not
    connected, or is one of datagrams.

    Returns None where the name is abstract: nobody can unlink it.

    It needs no module and no device. Raises :exc:`OSError`: EAFNOSUPPORT for a socket
    of another family, EINVAL for one that is not bound, EISCONN for a connection;
    ENOENT or ESTALE where the path leads nowhere, or to another file; EACCES or EPERM
    where the caller may not write to the directory or link the file; EXDEV where the
    path is a mount point; EOPNOTSUPP where the kernel does not tell which file the
    socket is bound to, for which it needs ``unix_diag``.
    """
    path = _sockdup.unix_path_take(descriptor(sock))
    return None if path is None else UnixPath(path)
