"""Slow connections and TLS handshakes: what holds a server without asking it anything.

8,000 connections that send a header line a second and never end the head; as many as are closed come again. And
ClientHellos of strangers, each of which costs a server without a bound a signature, while visitors shake hands.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.figures import Bar, Figure, alone
from bench.flood import native
from bench.flood.ours import Ours, OursTls, client_context
from bench.flood.servers import FIRST_VISITOR, FLOOD_CPU, VISITORS, HaproxyCookie, Plain, Server
from seifas.drill.flooding import Plan, Stream, address, flooding

SLOW = 8_000
_HELLOS = 3_000.0


def slow_connections(work: Path, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """Bar: every good visitor is served."""
    found: list[Figure] = []
    for kind in (Plain, HaproxyCookie, Ours):
        server: Server = kind(work)
        try:
            server.start()
            held = Stream(
                "slow", SLOW / 2.5, (b"GET / HTTP/1.1\r\nHost: clinic.example\r\n",), drip=b"X-Slow: 1\r\n", drip_s=1.0,
                at_once=SLOW,
            )  # fmt: skip
            good = Stream(
                "good", 20, server.visitors(), FIRST_VISITOR, VISITORS, spread=False, wanted=server.wanted, whole=True,
                begins_s=min(3.0, seconds / 2),
            )  # fmt: skip
            plan = Plan("127.0.0.1", server.port, seconds, (held, good), SLOW + 500)
            _been_here(server)
            with flooding(plan, native.command(work, FLOOD_CPU)) as running:
                tally = running.result()
        finally:
            server.stop()
        slow, one = tally.of("slow"), tally.of("good")
        closed = slow.answered + slow.lost
        say(f"{server.name:20} slow: good {one.good_share:.1%}, p99 {one.p99:.0f} ms, {closed:,}/{slow.sent:,} closed")
        found.append(
            alone(
                f"good visitors beside {SLOW:,} slow connections, {server.name}", "%", [100 * one.good_share],
                Bar(at_least=100, unit="%") if kind is Ours else None,
                f"{closed:,} of {slow.sent:,} slow connections closed in {seconds:.0f} s; p99 {one.p99:.0f} ms",
            )
        )
    return found


def _been_here(server: Server) -> None:
    """The visitors' first visits, in peace: a front may know a network by them before it reads the next one."""
    for number, head in enumerate(server.visitors()):
        with socket.create_connection(
            ("127.0.0.1", server.port), timeout=5, source_address=(address(FIRST_VISITOR, number), 0)
        ) as connection:
            connection.sendall(head)
            found = b""
            while server.wanted not in found and (part := connection.recv(65_536)):
                found += part


def handshakes(work: Path, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """Bar: 99 of 100 good handshakes succeed, and are answered."""
    server = OursTls(work)
    try:
        server.start()
        heads = server.visitors()
        hellos = Stream("hellos", _HELLOS, (client_hello(),), wanted=b"\x16\x03", timeout_s=2.0)
        plan = Plan("127.0.0.1", server.port, seconds, (hellos,))
        before = server.cpu()
        with flooding(plan, native.command(work, FLOOD_CPU)) as running:
            visits = tls_visits(server.port, heads, server.wanted, seconds - 1.0, server.authority)
            tally = running.result()
        cpu = server.cpu() - before
    finally:
        server.stop()
    count = tally.of("hellos")
    share = 100 * sum(taken is not None for taken in visits) / len(visits)
    times = sorted(taken for taken in visits if taken is not None)
    say(
        f"{server.name:20} TLS: good {share:.1f} %, strangers' handshakes begun {count.good:,} of {count.sent:,}, "
        f"turned away {count.lost + count.refused:,}, late {count.late:,}, {cpu:.1f} CPU-s"
    )
    return [
        alone(
            f"good TLS visits (new connection, full handshake) beside {_HELLOS:,.0f} handshakes/s", "%", [share],
            Bar(at_least=99, unit="%"),
            f"{len(visits)} visits, p99 {times[int(len(times) * 0.99)] if times else 0:.0f} ms; of {count.sent:,} "
            f"strangers {count.good:,} got a handshake, {count.lost + count.refused:,} were turned away before it",
        )
    ]


def client_hello() -> bytes:
    """The first flight of a TLS client, sent again and again: the server has to sign before it can know."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="clinic.example")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return out.read()
    raise AssertionError


def tls_visits(
    port: int, heads: Sequence[bytes], wanted: bytes, seconds: float, authority: Path, rate: float = 20.0
) -> list[float | None]:
    """Visits of known visitors, each with a whole handshake of its own; ms, or None for one that failed or took 2 s."""
    context = client_context(authority)
    began = time.monotonic()

    def one(number: int) -> float | None:
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        start = time.monotonic()
        place = number % len(heads)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=2.0, source_address=(address(FIRST_VISITOR, place), 0), context=context
        )
        try:
            cookie = next(line for line in heads[place].decode().splitlines() if line.startswith("Cookie: "))[8:]
            connection.request("GET", "/", headers={"Cookie": cookie, "Host": "clinic.example", "Connection": "close"})
            body = connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        taken = (time.monotonic() - start) * 1000
        return taken if wanted in body and taken <= 2000 else None

    with ThreadPoolExecutor(max_workers=32) as pool:
        return list(pool.map(one, range(int(seconds * rate))))


