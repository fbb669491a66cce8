"""Where the bridge connects to: a Unix socket, or a port of this machine and of no other."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devices.errors import DeviceFault

# Who may talk to the socket: us and its group, in which the bridge is.
SOCKET_MODE = 0o660

# One bridge, one that replaces it, and some that are refused.
BACKLOG = 8


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A socket file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A loopback address and a port; port 0 is any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Address = UnixAddress | TcpAddress


def parse_address(text: str) -> Address:
    """`/run/posd/face.sock` or `127.0.0.1:8766`; raises `ValueError`, also for an address others can reach."""
    if "/" in text:
        return UnixAddress(Path(text))
    host, _, port = text.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError(f"{text!r} is neither a path nor HOST:PORT")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(f"{text!r} is not of this machine alone: take 127.0.0.1 or [::1]")
    return TcpAddress(host, int(port))


def open_socket(address: Address) -> socket.socket:
    """A socket that is bound and does not listen yet; raises `DeviceFault` where that cannot be.

    A socket file nobody listens on is replaced; one that is in use is not.
    """
    try:
        match address:
            case UnixAddress(path):
                return _unix_socket(path)
            case TcpAddress(host, port):
                return _tcp_socket(host, port)
    except OSError as error:
        raise DeviceFault(f"cannot listen on {address} ({error.strerror}): correct the address or its owner") from error


def _tcp_socket(host: str, port: int) -> socket.socket:
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    with _closed_on_error(server):
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
    return server


def _unix_socket(path: Path) -> socket.socket:
    _remove_stale(path)
    server = socket.socket(socket.AF_UNIX)
    with _closed_on_error(server):
        server.bind(str(path))
        # Nobody gets in between: until somebody listens, connecting is refused.
        path.chmod(SOCKET_MODE)
    return server


def _remove_stale(path: Path) -> None:
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise DeviceFault(f"{path} is there and is no socket: take another path for the face bridge")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass  # it is there, and busy
    raise DeviceFault(f"{path} is in use by another program: stop that one")


@contextlib.contextmanager
def _closed_on_error(server: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        server.close()
        raise
