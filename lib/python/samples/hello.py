# SPDX-License-Identifier: LGPL-2.1-or-later
"""A WSGI application that says which release of it answers."""

import os
from collections.abc import Callable, Iterable


def application(
    environ: dict[str, object],
    start_response: Callable[[str, list[tuple[str, str]]], object],
) -> Iterable[bytes]:
    body = os.environ["RELEASE"].encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
