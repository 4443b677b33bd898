# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pickles whose sockets go to one process.

To receive a socket, :mod:`multiprocessing` connects to the sending process by
AF_UNIX. Where it cannot, as in a manager over TCP or in another container, a
pickle can carry the bytes of a token in place of the socket. The program must
ask for this, as it must know the receiver's pid::

    connection.send_bytes(sockdup.pickling.dumps(thing, pid))
    thing = connection.recv()                 # in the process pid

Calls that pickle by themselves, such as those of a manager's proxies, do so
where they are made within :func:`target`::

    with sockdup.pickling.target(pid):
        proxy.serve(sock)

Limits: a pickle can be loaded once, in that process, before the life of its
tokens is over. It is a secret, as the tokens are. A process between the two
must pass it on as bytes: if it loads the pickle, the sockets are its own. Only
:class:`socket.socket` itself is carried, not its subclasses: what an
:class:`ssl.SSLSocket` knows lies in the memory of its process. The timeout
comes back as :func:`sockdup.fromshare` gives it.
"""

import io
import pickle
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing.reduction import ForkingPickler
from typing import IO, Any, TypeAlias

from ._handover import fromshare, revoke, share

__all__ = ["Pickler", "dumps", "target"]

_Reduced: TypeAlias = tuple[Callable[..., socket.socket], tuple[Any, ...]]


class Pickler(pickle.Pickler):
    """A :class:`pickle.Pickler` whose sockets go to the process *pid*.

    *life* is that of their tokens, in seconds, as for :func:`sockdup.share`.
    Any :class:`pickle.Unpickler` loads what it writes.
    """

    def __init__(
        self,
        file: IO[bytes],
        pid: int,
        protocol: int | None = None,
        *,
        life: float | None = None,
    ) -> None:
        super().__init__(file, protocol)
        self._pid = pid
        self._life = life
        self._tokens: list[bytes] = []

    def reducer_override(self, thing: Any) -> Any:
        if type(thing) is not socket.socket:
            return NotImplemented
        self._tokens.append(share(thing, self._pid, life=self._life))
        return fromshare, (self._tokens[-1],)

    def revoke(self) -> None:
        """Revoke the tokens of what was pickled, as far as they are live.

        Call this if you cannot send the pickle. Otherwise its sockets stay open
        until the tokens' deadline.
        """
        while self._tokens:
            try:
                revoke(self._tokens.pop())
            except OSError:
                pass  # It has ended, or does so with the import under way.


def dumps(
    thing: Any, pid: int, protocol: int | None = None, *, life: float | None = None
) -> bytes:
    """Pickle an object for the process *pid*, which loads it as usual.

    A failure leaves no token behind.

    Raises what :func:`sockdup.share` does for a socket, and
    :exc:`pickle.PicklingError` or :exc:`TypeError` for what cannot be pickled.
    """
    file = io.BytesIO()
    pickler = Pickler(file, pid, protocol, life=life)
    try:
        pickler.dump(thing)
    except BaseException:
        pickler.revoke()
        raise
    return file.getvalue()


_target: ContextVar[tuple[int, float | None] | None] = ContextVar(
    "sockdup.pickling.target", default=None
)


def _usual_reducer() -> Callable[[socket.socket], Any]:
    """What multiprocessing does with a socket."""
    table = ForkingPickler(io.BytesIO()).dispatch_table
    found: Callable[[socket.socket], Any] = table[socket.socket]
    return found


_usual = _usual_reducer()


def _reduce(sock: socket.socket) -> Any:
    chosen = _target.get()
    if chosen is None:
        return _usual(sock)
    pid, life = chosen
    return fromshare, (share(sock, pid, life=life),)


@contextmanager
def target(pid: int, *, life: float | None = None) -> Iterator[None]:
    """Have :mod:`multiprocessing` send sockets to the process *pid*.

    It holds for what this thread or this asyncio task pickles within the
    ``with`` statement: ``Connection.send()``, the calls of a manager's proxies,
    the arguments of a process that is spawned. It does not hold for
    ``multiprocessing.Queue.put()``, which pickles in a thread of its own: put
    :func:`dumps` there.

    If a send fails, tokens that were made for it live until the end of their
    life.
    """
    ForkingPickler.register(socket.socket, _reduce)
    before = _target.set((pid, life))
    try:
        yield
    finally:
        _target.reset(before)
