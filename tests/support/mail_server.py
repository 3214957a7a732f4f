"""A mail server on loopback: STARTTLS with a certificate of its own authority, and whatever goes wrong on demand."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_HOST: Final = "127.0.0.1"


@dataclass
class MailServer:
    """``replies`` are given instead of the usual ones, by command; ``hangs_up_at`` ends the talk without a word."""

    port: int = 0
    ca_file: Path = Path()
    replies: dict[str, str] = field(default_factory=dict)
    hangs_up_at: str | None = None
    offers_tls: bool = True
    received: list[bytes] = field(default_factory=list)
    talked: int = 0
    said_in_clear: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        self.talked += 1
        secure = False
        _say(writer, self.replies.get("GREETING", "220 mail.test ESMTP"))
        while line := (await reader.readline()).decode().strip():
            command = line.split(" ")[0].upper()
            if not secure and command not in {"EHLO", "STARTTLS", "QUIT"}:
                self.said_in_clear.append(command)
            if command == self.hangs_up_at:
                break
            if command in self.replies:
                _say(writer, self.replies[command])
            elif command == "EHLO":
                offers = "STARTTLS" if self.offers_tls and not secure else "AUTH PLAIN LOGIN"
                _say(writer, f"250-mail.test\r\n250 {offers}")
            elif command == "STARTTLS":
                _say(writer, "220 go ahead")
                await writer.drain()
                await writer.start_tls(context)
                secure = True
            elif command == "DATA":
                _say(writer, "354 go ahead")
                if not await self._take(reader, writer):
                    break
            else:
                _say(writer, {"AUTH": "235 welcome", "QUIT": "221 bye"}.get(command, "250 ok"))

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        body = await reader.readuntil(b"\r\n.\r\n")
        if "BODY" in self.replies:
            _say(writer, self.replies["BODY"])
            return True
        self.received.append(body)
        if self.hangs_up_at == "BODY":
            return False
        _say(writer, "250 taken")
        return True


def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())


@asynccontextmanager
async def mail_server(folder: Path) -> AsyncIterator[MailServer]:
    """Run a server that answers on a free port."""
    server = MailServer(ca_file=folder / "ca.pem")
    context = _certified(folder)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await server.serve(reader, writer, context)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, _HOST, 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


def _certified(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context
