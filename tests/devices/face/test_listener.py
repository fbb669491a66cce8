"""Addresses and sockets."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from devices.errors import DeviceFault
from devices.face.listener import SOCKET_MODE, TcpAddress, UnixAddress, open_socket, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/run/posd/face.sock", UnixAddress(Path("/run/posd/face.sock"))),
        ("127.0.0.1:8766", TcpAddress("127.0.0.1", 8766)),
        ("localhost:8766", TcpAddress("127.0.0.1", 8766)),
        ("[::1]:8766", TcpAddress("::1", 8766)),
        ("127.0.0.1:0", TcpAddress("127.0.0.1", 0)),
    ],
)
def test_addresses(text: str, address: UnixAddress | TcpAddress) -> None:
    """A path, or a loopback address with a port; shown as written."""
    assert address == parse_address(text)
    assert address == parse_address(str(address))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0:8766",
        "192.168.1.5:8766",
        "[::]:8766",
        "example.com:80",
        "8766",
        "127.0.0.1:",
        "::1:x",
        "",
        "127.0.0.1:65536",
    ],
)
def test_others_can_reach_no_bridge(text: str) -> None:
    """Anything that is not of this machine alone is refused."""
    with pytest.raises(ValueError, match=r"HOST:PORT|machine alone"):
        parse_address(text)


def test_a_socket_is_for_the_group(tmp_path: Path) -> None:
    """Its mode is 0660 whatever the umask, before anybody can connect."""
    path = tmp_path / "face.sock"
    with open_socket(UnixAddress(path)), socket.socket(socket.AF_UNIX) as client:
        assert SOCKET_MODE == stat.S_IMODE(path.stat().st_mode) == 0o660
        with pytest.raises(ConnectionRefusedError):
            client.connect(str(path))


def test_a_stale_socket_is_replaced_and_a_used_one_is_not(tmp_path: Path) -> None:
    """A crash leaves the file; another program that listens keeps it."""
    address = UnixAddress(tmp_path / "face.sock")
    open_socket(address).close()
    with open_socket(address) as server:
        server.listen(0)
        for _ in range(3):  # also when its queue is full
            with pytest.raises(DeviceFault, match="in use by another program"):
                open_socket(address)
        assert address.path.is_socket()


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    """Somebody's data under that path is not ours to remove."""
    path = tmp_path / "face.sock"
    path.write_text("mine")
    with pytest.raises(DeviceFault, match="no socket"):
        open_socket(UnixAddress(path))
    assert "mine" == path.read_text()


def test_what_cannot_be_bound_says_so(tmp_path: Path) -> None:
    """A folder that is missing, a port that is taken."""
    with pytest.raises(DeviceFault, match="cannot listen"):
        open_socket(UnixAddress(tmp_path / "missing" / "face.sock"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(DeviceFault, match="cannot listen"):
        open_socket(TcpAddress("127.0.0.1", taken.getsockname()[1]))
