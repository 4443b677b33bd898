# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server on a port of its own, or on the listening socket that it is given as descriptor 3."""

import os
import socket

if "LISTEN_FDS" in os.environ:
    listener = socket.socket(fileno=3)
else:
    listener = socket.create_server(("127.0.0.1", 8080))
while True:
    client, _ = listener.accept()
    client.recv(4096)
    client.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello from process %d\n" % os.getpid())
    client.close()
