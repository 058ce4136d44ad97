"""Honest visitors who come for the first time while a listener is flooded: how long until they have their page?

They do what a browser does, and nothing more. With a script the challenge of the cookie is worked out as solve.js does
and handed in; without one, the page's own refresh is waited for. Each has an address of its own on loopback.
"""

from __future__ import annotations

import hashlib
import http.client
import http.cookies
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Final

import msgspec

from seifas.drill.flood_plan import address
from seifas.errors import Unavailable

_REFRESH: Final = re.compile(rb'http-equiv="refresh" content="(\d+)')
_ASK: Final = "seifas_ask"
_AGAIN_S: Final = 0.5
_CHALLENGED: Final = 403


class Newcomer(msgspec.Struct, frozen=True):
    """One visit. `reached`: the wanted page came in time. `seconds`: until then, or until he gave up. `asked`: whether
    there was a challenge. `cookie`: what he has at the end, as a request's header."""

    source: str
    script: bool
    reached: bool
    seconds: float
    asked: bool
    requests: int
    status: int
    cookie: str


def visit(
    host: str, port: int, path: str, wanted: bytes, *, source: str = "127.0.0.1", script: bool = True,
    patience_s: float = 5.0, name: str = "",
) -> Newcomer:  # fmt: skip
    """One newcomer's visit; `wanted` is part of the page. `name`: what he calls the site (Host)."""
    began = time.monotonic()
    jar: dict[str, str] = {}
    asked = False
    status = 0
    for requests in count(1):
        left = began + patience_s - time.monotonic()
        if left <= 0:
            return Newcomer(source, script, False, time.monotonic() - began, asked, requests - 1, status, _sent(jar))
        try:
            status, body = _get(host, port, path, jar, source, name, left)
            if wanted in body:
                taken = time.monotonic() - began
                return Newcomer(source, script, taken <= patience_s, taken, asked, requests, status, _sent(jar))
            challenge = next((value for key, value in jar.items() if key.endswith(_ASK)), "")
            if challenge and script and status == _CHALLENGED:
                asked = True
                _get(host, port, f"/.shield/solve?n={solved(challenge)}", jar, source, name, left)
                continue
            asked = asked or status == _CHALLENGED
        except (OSError, http.client.HTTPException):
            body = b""
        refresh = _REFRESH.search(body)
        pause = float(refresh[1]) if refresh else _AGAIN_S
        time.sleep(max(0.0, min(pause, began + patience_s - time.monotonic())))
    raise AssertionError


def newcomers(
    host: str, port: int, path: str, wanted: bytes, *, number: int, per_second: float, first: str,
    script: bool = True, patience_s: float = 5.0, name: str = "", apart: int = 256,
) -> tuple[Newcomer, ...]:  # fmt: skip
    """So many visits, begun evenly, each from an address `apart` places after the one before."""

    def one(place: int) -> Newcomer:
        time.sleep(max(0.0, began + place / per_second - time.monotonic()))
        source = address(first, place * apart)
        return visit(host, port, path, wanted, source=source, script=script, patience_s=patience_s, name=name)

    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=min(64, max(1, int(per_second * (patience_s + 1)) + 1))) as pool:
        return tuple(pool.map(one, range(number)))


def reached_share(visits: Sequence[Newcomer]) -> float:
    """0 to 1."""
    return sum(one.reached for one in visits) / len(visits) if visits else 1.0


def solved(challenge: str) -> int:
    """The number that answers a challenge: `sha256("<challenge>:<number>")` begins below the target it names. Raises
    Unavailable for a challenge of another form, or one for which a browser would need minutes."""
    try:
        target = int(challenge.split(".")[3])
    except (IndexError, ValueError):
        raise Unavailable("the challenge has another form than the front's own", where="challenge") from None
    base = hashlib.sha256(f"{challenge}:".encode())
    for number in _numbers(target):
        tried = base.copy()
        tried.update(b"%d" % number)
        if int.from_bytes(tried.digest()[:4], "big") < target:
            return number
    raise Unavailable("no answer within what a browser would try", where="challenge")


def _numbers(target: int) -> Iterator[int]:
    # One honest visitor in a million needs more than 14 times what is expected: e to the minus 14.
    return iter(range(int(14 * 2**32 / max(1, target)) if target > 2**8 else 0))


def _sent(jar: dict[str, str]) -> str:
    return "; ".join(f"{key}={value}" for key, value in jar.items())


def _get(
    host: str, port: int, path: str, jar: dict[str, str], source: str, name: str, timeout: float
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=max(0.1, timeout), source_address=(source, 0))
    try:
        headers = {"Connection": "close", "Accept": "text/html"}
        if jar:
            headers["Cookie"] = _sent(jar)
        if name:
            headers["Host"] = name
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        for line in answer.headers.get_all("set-cookie") or ():
            for key, morsel in http.cookies.SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    jar.pop(key, None)
                else:
                    jar[key] = morsel.value
    finally:
        connection.close()
    return answer.status, body
