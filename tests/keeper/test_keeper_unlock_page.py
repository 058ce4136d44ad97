"""The keeper's own unlock page: a few lines of HTTP that hostile peers may do to what they like."""

from __future__ import annotations

import asyncio
import contextlib
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from seifas.drill.stage import free_port
from seifas.errors import Refused
from seifas.keeper import unlock_page
from seifas.keeper.unlock_page import UnlockPage

SECRET = "tikra slaptafrazė <&>"
PIN = "97531"


class Vault:
    def __init__(self) -> None:
        self.locked = True
        self.tried: list[str] = []
        self.pins: list[str] = []
        self.slow = 0.0
        self.fault: Exception | None = None

    async def unlock(self, passphrase: str, pin: str) -> None:
        self.tried.append(passphrase)
        self.pins.append(pin)
        await asyncio.sleep(self.slow)
        if self.fault is not None:
            raise self.fault
        if passphrase != SECRET and pin != PIN:
            raise Refused("that passphrase opens nothing here")
        self.locked = False


def _run(deed: Callable[[Vault, int], Awaitable[None]], *, with_token: bool = False) -> None:
    async def main() -> None:
        vault, port = Vault(), free_port()
        page = UnlockPage(
            locked=lambda: vault.locked, unlock=vault.unlock, clinic="Klinika <b>„Ąžuolas“</b>", with_token=with_token
        )
        await page.listen("127.0.0.1", port)
        try:
            await deed(vault, port)
        finally:
            page.close()
            await asyncio.sleep(0.05)

    asyncio.run(main())


async def _send(port: int, raw: bytes, *, wait: float = 60.0) -> bytes:
    """All that comes back until the page hangs up; empty for nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        return await asyncio.wait_for(reader.read(), wait)
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def _post(passphrase: str, pin: str = "", **headers: str) -> bytes:
    body = urllib.parse.urlencode({"passphrase": passphrase, **({"pin": pin} if pin else {})}).encode()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"POST /unlock HTTP/1.1\r\nHost: here\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def test_a_token_by_its_pin_alone_only_where_there_is_a_module() -> None:
    async def without(vault: Vault, port: int) -> None:
        assert b'name="pin"' not in await _send(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await _send(port, _post("", PIN))).startswith(b"HTTP/1.1 400")
        assert vault.tried == []

    async def with_one(vault: Vault, port: int) -> None:
        shown = await _send(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b'name="pin" type="password"' in shown
        assert (await _send(port, _post(""))).startswith(b"HTTP/1.1 400")
        assert (await _send(port, _post("netikra", "0000"))).startswith(b"HTTP/1.1 403")
        told = await _send(port, _post("", PIN))
        assert told.startswith(b"HTTP/1.1 200")
        assert PIN.encode() not in told
        assert (vault.tried, vault.pins) == (["netikra", ""], ["0000", PIN])

    _run(without)
    _run(with_one, with_token=True)


def test_the_form_and_the_way_in() -> None:
    async def deed(vault: Vault, port: int) -> None:
        shown = await _send(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert shown.startswith(b"HTTP/1.1 200")
        assert b"Klinika &lt;b&gt;" in shown
        assert b'type="password"' in shown
        for header in (b"Cache-Control: no-store", b"default-src 'none'", b"frame-ancestors 'none'", b"nosniff"):
            assert header in shown
        assert b"<script" not in shown
        assert b"Set-Cookie" not in shown
        wrong = await _send(port, _post("netikra"))
        assert wrong.startswith(b"HTTP/1.1 403")
        assert b"netikra" not in wrong, "what was typed is not shown"
        assert vault.locked
        right = await _send(port, _post(SECRET))
        assert right.startswith(b"HTTP/1.1 200")
        assert b"unlocked" in right
        assert SECRET.encode() not in right
        assert vault.tried == ["netikra", SECRET]
        assert b"password" not in await _send(port, b"GET /unlock?x=1 HTTP/1.0\r\n\r\n")

    _run(deed)


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n", b"GET\r\n\r\n", b"\x00\xff\xfe" * 50 + b"\r\n\r\n", b"GET / \r\n\r\n"[:4],
        b"POST /unlock HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /unlock HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /unlock HTTP/1.1\r\nContent-Length: 4097\r\n\r\n" + b"a" * 4097,
        b"POST /unlock HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /unlock HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /unlock HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-Much: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3000 + b"\r\n",
    ],
)
def test_what_is_no_small_request_is_hung_up_on(raw: bytes) -> None:
    async def deed(vault: Vault, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        writer.write_eof()
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()
        assert vault.tried == []
        assert (await _send(port, _post(SECRET))).startswith(b"HTTP/1.1 200")

    _run(deed)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /../../etc/passwd HTTP/1.1\r\n\r\n", 404), (b"GET /%2e%2e/x HTTP/1.1\r\n\r\n", 404),
        (b"GET \x00 HTTP/1.1\r\n\r\n", 404), (b"DELETE /unlock HTTP/1.1\r\n\r\n", 405),
        (b"POST /unlock HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400),
        (b"POST /unlock HTTP/1.1\r\nContent-Length: 11\r\n\r\npassphrase=", 400),
        (b"POST /unlock HTTP/1.1\r\nContent-Length: 9\r\n\r\n\xff\xfe=%ff%00&", 400),
    ],
)
def test_what_is_not_meant_is_answered_and_tries_nothing(raw: bytes, status: int) -> None:
    async def deed(vault: Vault, port: int) -> None:
        assert (await _send(port, raw)).startswith(b"HTTP/1.1 %d" % status)
        assert vault.tried == []

    _run(deed)


def test_more_fields_than_a_form_has_are_hung_up_on() -> None:
    async def deed(vault: Vault, port: int) -> None:
        body = b"&".join(b"passphrase=a" for _ in range(300))
        head = b"POST /unlock HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert await _send(port, head + body) == b""
        assert vault.tried == []

    _run(deed)


def test_a_form_from_another_page_is_refused() -> None:
    async def deed(vault: Vault, port: int) -> None:
        for origin in ("http://evil.example", "https://here.evil.example", "null", "http://here:81"):
            assert (await _send(port, _post(SECRET, Origin=origin))).startswith(b"HTTP/1.1 403")
        assert vault.tried == []
        assert (await _send(port, _post(SECRET, Origin="http://here"))).startswith(b"HTTP/1.1 200")

    _run(deed)


def test_one_attempt_at_a_time() -> None:
    async def deed(vault: Vault, port: int) -> None:
        vault.slow = 0.3
        answers = await asyncio.gather(*(_send(port, _post("netikra")) for _ in range(6)))
        assert sorted(answer[9:12] for answer in answers) == [b"403"] + [b"429"] * 5
        assert len(vault.tried) == 1

    _run(deed)


def test_a_defect_while_unlocking_shows_nothing_and_stops_nothing() -> None:
    async def deed(vault: Vault, port: int) -> None:
        loop = asyncio.get_running_loop()
        caught: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: caught.append(context))
        vault.fault = MemoryError("1 GiB")
        assert b"GiB" not in await _send(port, _post("x"))
        vault.fault = None
        assert (await _send(port, _post(SECRET))).startswith(b"HTTP/1.1 200")

    _run(deed)


def test_idle_and_slow_connections_do_not_shut_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlock_page, "_PATIENCE_S", 0.5)

    async def deed(vault: Vault, port: int) -> None:
        started = time.monotonic()
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
        for _, writer in idle[::2]:
            writer.write(b"POST /unlock HTTP/1.1\r\nContent-Length: 4000\r\n\r\npass")
        answer = b""
        while not answer and time.monotonic() - started < 60:
            answer = await _send(port, _post(SECRET))
        assert answer.startswith(b"HTTP/1.1 200")
        assert time.monotonic() - started < 8, "one after the other, they would hold it up for fifteen seconds"
        for reader, writer in idle:
            assert await asyncio.wait_for(reader.read(), 60) == b""
            writer.close()

    _run(deed)
