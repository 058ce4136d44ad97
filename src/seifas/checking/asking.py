"""Asks a listener as a stranger would: one request, and hellos of old TLS versions. No certificate is believed or
refused here; what was shown is what is looked at."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
import ssl
import struct
import time
from typing import Final

import msgspec

from seifas.checking.listeners import host_of

_PATIENCE_S: Final = 15.0
_MOST: Final = 1 << 16
_HANDSHAKE, _SERVER_HELLO = 22, 2
TLS_1_0, TLS_1_1 = 0x0301, 0x0302
_SUITES: Final = (0xC009, 0xC00A, 0xC013, 0xC014, 0x002F, 0x0035, 0x000A)  # AES and 3DES with SHA-1, of TLS 1.0
_GROUPS: Final = (23, 24, 29)


class Answer(msgspec.Struct, frozen=True):
    """`headers`: names in small letters, in the order they came. `certificate`: DER, b"" without TLS."""

    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    certificate: bytes = b""

    def of(self, name: str) -> str:
        """All values of one header, joined; "" where there is none."""
        return ", ".join(value for key, value in self.headers if key == name)


def reach(listener: str) -> tuple[str, int]:
    """The address of this machine where a listener is reached: its own, or loopback for all of them."""
    host, port = host_of(listener), int(listener.rpartition(":")[2])
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared with


def ask(listener: str, path: str, host: str, *, tls: bool) -> Answer:
    """Raises OSError, http.client.HTTPException."""
    address, port = reach(listener)
    plain = socket.create_connection((address, port), _PATIENCE_S)
    with contextlib.closing(_wrapped(plain, host) if tls else plain) as connection:
        shown = connection.getpeercert(True) if isinstance(connection, ssl.SSLSocket) else b""
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host or address}:{port}\r\nUser-Agent: seifas-check\r\n"
            "Accept: text/html\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        status, headers = _head(connection)
        return Answer(path, status, headers, shown or b"")


def _head(connection: socket.socket) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Status and headers; the body is not waited for. Whoever listens there may be anybody, and may drip."""
    give_up = time.monotonic() + _PATIENCE_S
    raw = b""
    while b"\r\n\r\n" not in raw:
        left = give_up - time.monotonic()
        if left <= 0 or len(raw) > _MOST:
            raise TimeoutError("no whole head in time")
        connection.settimeout(left)
        part = connection.recv(4096)
        if not part:
            raise http.client.BadStatusLine("the head was cut")
        raw += part
    file = io.BytesIO(raw)
    words = file.readline(_MOST).split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise http.client.BadStatusLine("no HTTP")
    return int(words[1]), tuple((name.lower(), value) for name, value in http.client.parse_headers(file).items())


def _wrapped(plain: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host or None)


def takes_old_tls(listener: str, host: str, version: int) -> bool:
    """Whether a hello of TLS 1.0 or 1.1 is answered by one. Raises OSError where nobody answers at all.

    Made by hand: the TLS library here may refuse to speak it.
    """
    with socket.create_connection(reach(listener), _PATIENCE_S) as connection:
        connection.sendall(_hello(host, version))
        try:
            head = _exactly(connection, 6)
        except (EOFError, ConnectionResetError, TimeoutError):
            return False
        return head[0] == _HANDSHAKE and head[5] == _SERVER_HELLO


def _hello(host: str, version: int) -> bytes:
    """A ClientHello (RFC 4346, 7.4.1.2) with the name asked for (RFC 6066)."""
    suites = struct.pack(f">{len(_SUITES)}H", *_SUITES)
    groups = struct.pack(f">{len(_GROUPS)}H", *_GROUPS)
    extensions = _extension(10, struct.pack(">H", len(groups)) + groups) + _extension(11, b"\x01\x00")
    if host:
        name = host.encode("idna")
        entry = b"\x00" + struct.pack(">H", len(name)) + name
        extensions += _extension(0, struct.pack(">H", len(entry)) + entry)
    body = struct.pack(">H", version) + os.urandom(32) + b"\x00" + struct.pack(">H", len(suites)) + suites + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return bytes([_HANDSHAKE]) + struct.pack(">HH", TLS_1_0, len(message)) + message


def _extension(number: int, body: bytes) -> bytes:
    return struct.pack(">HH", number, len(body)) + body


def _exactly(connection: socket.socket, size: int) -> bytes:
    """Raises EOFError, TimeoutError."""
    give_up = time.monotonic() + _PATIENCE_S
    found = b""
    while len(found) < size:
        connection.settimeout(max(0.001, give_up - time.monotonic()))
        part = connection.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return found
