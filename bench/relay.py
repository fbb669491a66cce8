"""The least that must happen between a scanner and a gateway: read a line, (append and sync it,) send.

python -m bench.relay PTY PORT [FILE]
"""

from __future__ import annotations

import os
import socket
import sys
import tty

LINE_LIMIT = 64
RECORD = b"x" * 4096 * 3
"""As much as one commit of posd's journal writes: see figure 6."""
REQUEST = b"POST /pay HTTP/1.1\r\nHost: x\r\nContent-Length: 600\r\n\r\n" + b"x" * 600


def main() -> None:
    """Until the scanner is pulled out."""
    scanner = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
    tty.setraw(scanner)
    journal = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND) if len(sys.argv) > 3 else -1
    with socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as gateway:
        gateway.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print("ready", flush=True)
        line = b""
        while data := os.read(scanner, LINE_LIMIT):
            line += data
            if not line.endswith(b"\r"):
                continue
            line = b""
            if journal >= 0:
                os.write(journal, RECORD)
                os.fdatasync(journal)
            gateway.sendall(REQUEST)


if __name__ == "__main__":
    main()
