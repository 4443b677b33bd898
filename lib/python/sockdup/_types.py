# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the other modules take."""

import os
from typing import Protocol, TypeAlias

Bytes: TypeAlias = bytes | bytearray | memoryview


class HasFileno(Protocol):
    def fileno(self) -> int: ...


Descriptor: TypeAlias = int | HasFileno
Directory: TypeAlias = str | os.PathLike[str] | Descriptor


def descriptor(thing: Descriptor) -> int:
    """The number; that of a closed object is -1, which the kernel refuses."""
    return thing if isinstance(thing, int) else thing.fileno()
