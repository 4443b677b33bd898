# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hand a socket to another process as plain bytes.

The source exports a socket to one process. The bytes travel by any means. The
target imports them and has one more descriptor of the same open socket::

    data = sockdup.share(sock, pid)     # in the source
    sock = sockdup.fromshare(data)      # in the target

Functions raise :exc:`OSError` with the library's errno, and so its subclasses:
:exc:`ProcessLookupError` for ESRCH, :exc:`PermissionError` for EPERM,
:exc:`FileNotFoundError` for ENOENT. ENODEV means that the kernel module is not
loaded, or that there is no ``/dev/sockdup`` here.

Times are in seconds. A socket can be given as an object with ``fileno()`` or as
a descriptor. Any thread may call any function.
"""

from ._handle import Feature, Info, info, open, release, use
from ._handover import (
    decode,
    encode,
    fromshare,
    fromshare_with_source,
    install,
    revoke,
    share,
)
from ._inbox import Binding, Inbox, Post
from ._monitor import Happening, Monitor, Notification, monitor
from ._outcome import Outcome, OutcomeKind, Outcomes, outcomes, token_id
from ._registration import (
    NetworkEvent,
    NetworkEvents,
    Registration,
    RegistrationInfo,
    register,
    registration_of,
)
from ._set import SharedSet, fromshare_set, share_set
from ._token import (
    Counts,
    Identity,
    SocketInfo,
    Stats,
    TokenInfo,
    list,
    query,
    sockets,
    stats,
)
from ._unix_path import UnixPath, take_path

__all__ = [
    "Binding",
    "Counts",
    "Feature",
    "Happening",
    "Identity",
    "Inbox",
    "Info",
    "Monitor",
    "NetworkEvent",
    "NetworkEvents",
    "Notification",
    "Outcome",
    "OutcomeKind",
    "Outcomes",
    "Post",
    "Registration",
    "RegistrationInfo",
    "SharedSet",
    "SocketInfo",
    "Stats",
    "TokenInfo",
    "UnixPath",
    "decode",
    "encode",
    "fromshare",
    "fromshare_set",
    "fromshare_with_source",
    "info",
    "install",
    "list",
    "monitor",
    "open",
    "outcomes",
    "query",
    "register",
    "registration_of",
    "release",
    "revoke",
    "share",
    "share_set",
    "sockets",
    "stats",
    "take_path",
    "token_id",
    "use",
]

# Pickles and tracebacks then name the package, not the file that defines the name.
for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
