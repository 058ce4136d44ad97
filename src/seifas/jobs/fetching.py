"""Fetches one page of a stranger's: by HTTP, or through a SOCKS proxy such as Tor's, within bounds of size and time.

No cookies, no scripts, no other files of the page; redirects are followed within one host only. Without a proxy an
address inside the clinic (private, loopback, link-local) is refused: an officer's session that was stolen is no way
into the house's own network. Through a proxy names are resolved by the proxy, so that no name server of ours is asked;
an address inside the clinic is refused there, too.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from python_socks import ProxyError
from python_socks.sync import Proxy

from seifas.settings import Watching

MOST: Final = 4 * 1024 * 1024
_PATIENCE_S: Final = 60.0
_WHOLE_S: Final = 180.0
_MOST_REDIRECTS: Final = 3
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
"""The commonest there is: who is watched need not learn by whom."""


class Fetched(NamedTuple):
    """`status` 0 and the word for why (`trouble`) where nothing came."""

    status: int
    body: bytes
    charset: str
    trouble: str


def fetch(url: str, settings: Watching) -> Fetched:
    """One page. Never raises for what the network or the other side does, and takes no longer than `_WHOLE_S`."""
    until = time.monotonic() + _WHOLE_S
    found = _fetched(url, settings, until)
    # A connection that was cut reads like one that ended.
    return found if time.monotonic() < until else Fetched(0, b"", "", "too-slow")


def _fetched(url: str, settings: Watching, until: float) -> Fetched:
    try:
        for _ in range(_MOST_REDIRECTS + 1):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                return Fetched(0, b"", "", "address")
            status, headers, body = _asked(parts, settings, until)
            target = headers.get("Location", "")
            if status not in (301, 302, 303, 307, 308) or not target:
                return Fetched(status, body, headers.get_content_charset() or "", "")
            url = urljoin(url, target)
            if urlsplit(url).hostname != parts.hostname:
                return Fetched(0, b"", "", "moved-elsewhere")
        return Fetched(0, b"", "", "redirects")
    except _Refused as error:
        return Fetched(0, b"", "", str(error))
    except ssl.SSLError:
        return Fetched(0, b"", "", "certificate")
    except TimeoutError:
        return Fetched(0, b"", "", "too-slow")
    except (OSError, ProxyError, http.client.HTTPException, ValueError):
        return Fetched(0, b"", "", "no-answer")


class _Refused(Exception):
    pass


def _asked(parts: SplitResult, settings: Watching, until: float) -> tuple[int, http.client.HTTPMessage, bytes]:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    connection.sock = _connected(host, port, settings)
    try:
        with _cut_at(connection.sock, until):
            if parts.scheme == "https":
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"User-Agent": _AGENT, "Accept": "text/html,*/*;q=0.5",
                                                     "Host": parts.netloc, "Accept-Encoding": "identity"})
            answer = connection.getresponse()
            return answer.status, answer.headers, _body(answer)
    finally:
        connection.close()


@contextlib.contextmanager
def _cut_at(connected: socket.socket, until: float) -> Iterator[None]:
    """Ends the connection at that moment, whatever is going on: a byte a minute keeps any patience of one read, and
    there is no end to header lines and to answers that say that one will come."""
    other = socket.socket(fileno=os.dup(connected.fileno()))
    timer = threading.Timer(max(0.0, until - time.monotonic()), _cut, (other,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        other.close()


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _body(answer: http.client.HTTPResponse) -> bytes:
    body = bytearray()
    while part := answer.read1(65536):
        body += part
        if len(body) > MOST:
            raise _Refused("too-large")
    if answer.length:  # it ended before what it said: half a page is no change
        raise http.client.IncompleteRead(bytes(body))
    return bytes(body)


def _connected(host: str, port: int, settings: Watching) -> socket.socket:
    host = host.rstrip(".")
    if settings.proxy:
        if not settings.own_network and (_is_inside(host) or host == "localhost" or host.endswith(".localhost")):
            raise _Refused("own-network")
        found: socket.socket = Proxy.from_url(settings.proxy, rdns=True).connect(host, port, timeout=_PATIENCE_S)
        found.settimeout(_PATIENCE_S)
        return found
    if host.endswith(".onion"):
        raise _Refused("needs-proxy")
    places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not settings.own_network and any(_is_inside(str(one[4][0])) for one in places):
        raise _Refused("own-network")
    # Connected to an address that was looked at: asked again, a name might lead elsewhere.
    family, kind, protocol, _, place = places[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.settimeout(_PATIENCE_S)
        made.connect(place)
    except BaseException:
        made.close()
        raise
    return made


def _is_inside(text: str) -> bool:
    """Whether this is an address that does not lead out into the internet; False for a name.

    IPv6 addresses that stand for an IPv4 one (mapped, 6to4, Teredo, NAT64 of RFC 6052) lead where that one does.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(text))  # 127.1, 0x7f000001 and other short forms
        except (OSError, ValueError):
            return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.is_site_local or address in _LOCAL_NAT64:
            return True
        within = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64 or address in _COMPATIBLE:
            within.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(one is not None for one in within):
            return any(_is_inside(str(one)) for one in within if one is not None)
    return not address.is_global or address.is_multicast or address.is_reserved


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
