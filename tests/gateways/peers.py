"""Real servers that behave badly: raw TCP with a script for each connection, and certificates made for the test."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Peer:
    """A server as a test sees it."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    """Every request that arrived in whole, on whatever connection."""
    connections: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has closed a connection that a script still held."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request has arrived in whole."""

    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """Where it listens, in the clear."""
        return f"http://127.0.0.1:{self.port}"

    async def connected(self, connections: int) -> None:
        """Wait until so many connections have come."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.connections >= connections)


@dataclass
class Line:
    """One connection, as a script sees it."""

    peer: Peer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> bytes:
        """Read one request in whole, head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await self.reader.readexactly(int(lines[0].split(b":")[1]) if lines else 0)
        self.peer.requests.append(head + body)
        self.peer.arrived.set()
        return head + body

    async def say(self, text: bytes) -> None:
        """Send bytes."""
        self.writer.write(text)
        await self.writer.drain()

    async def hold(self) -> None:
        """Say nothing until the client goes."""
        while await self.reader.read(1024):
            pass
        self.peer.ended.set()

    def reset(self) -> None:
        """Break the connection as a crash does: the other side gets an error, not an end."""
        made = self.writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Line], Awaitable[None]]


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


@asynccontextmanager
async def peer(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Serve until the test leaves; every connection is closed and every script ended before it goes on."""
    running: set[asyncio.Task[None]] = set()
    served = Peer(0)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with served.changed:
            served.connections += 1
            served.changed.notify_all()
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await script(Line(served, reader, writer))
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", served.port, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()


async def echo(line: Line) -> None:
    """Answer every request on the connection."""
    while True:
        await line.request()
        await line.say(answer())


def closed_port() -> int:
    """A port of the loopback where nobody listens."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


# --- certificates -----------------------------------------------------------------------------------------------------

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own."""

    directory: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, directory: Path) -> Authority:
        """A new one; its certificate is ``ca.pem``."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        built = (
            _builder("Test authority", "Test authority", key, 2)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        certificate = built.sign(key, hashes.SHA256())
        (directory / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(directory, key, certificate)

    @property
    def file(self) -> str:
        """What ``ca_file`` names."""
        return str(self.directory / "ca.pem")

    def server(self, address: str = "127.0.0.1", days: int = 2) -> ssl.SSLContext:
        """A server that this authority vouches for, as ``address``, for so many days from yesterday on."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        built = _builder("Test authority", address, key, days).add_extension(alternative, critical=False)
        certificate = built.add_extension(issuer, critical=False).sign(self.key, hashes.SHA256())
        path = self.directory / f"{certificate.serial_number}.pem"
        form = serialization.PrivateFormat.PKCS8
        private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _builder(issuer: str, subject: str, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    start = dt.datetime.now(dt.UTC) - _DAY
    return x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]),
        key.public_key(),
        x509.random_serial_number(),
        start,
        start + _DAY * days,
    )
