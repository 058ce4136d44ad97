"""Attacks by what a request says: two readings of one request, headers of ours from outside, addresses made up."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator

import pytest
from front_rig import FrontRig, front_rig, haproxies

HEAD = b"Host: clinic.example\r\n"
BINARIES = pytest.mark.parametrize("binary", haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")


@pytest.fixture(scope="module", params=haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    with front_rig(tmp_path_factory.mktemp("front"), request.param) as made:
        yield made


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 6\r\nContent-Length: 5\r\n",
        b"Content-Length: +6\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 0x6\r\n",
        b"Content-Length: \r\n",
        b"Content-Length: 6 6\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"X-A: a\rGET /smuggled HTTP/1.1\r\n",
        b"X-A: a\0b\r\n",
        b"Seifas_Address: 9.9.9.9\r\n",
        b"Host: other.example\r\n",
        b"X: " + b"a" * 17_000 + b"\r\n",
        b"".join(b"X-%d: 1\r\n" % n for n in range(90)),
    ],
)
def test_a_head_that_two_could_read_in_two_ways_reaches_nobody(rig: FrontRig, head: bytes) -> None:
    before = len(rig.apps["public"].asked)
    answer = rig.raw(b"POST /a HTTP/1.1\r\n" + HEAD + head + b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", wait_s=30)
    assert answer.split(b" ")[1] in (b"400", b"403"), answer[:200]
    assert len(rig.apps["public"].asked) == before


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /a HTTP/1.1\r\n" + HEAD + b"Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.0\r\n" + HEAD + b"Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;x=\"\r\n\"\r\na\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\n" + b"Host: clinic.example\nContent-Length: 0\n\n",
    ],
)
def test_what_goes_on_has_one_length_only(rig: FrontRig, sent: bytes) -> None:
    app = rig.apps["public"]
    before = len(app.asked)
    rig.raw(sent + b"GET /smuggled HTTP/1.1\r\n" + HEAD + b"\r\n", wait_s=0.7)
    for _, path, headers, body in app.asked[before:]:
        assert not {"content-length", "transfer-encoding"} <= set(headers)
        # The second is a request of its own to everybody, and never part of a body.
        assert path in ("/a", "/smuggled")
        assert b"smuggled" not in body


def test_what_only_the_front_may_say_is_said_by_nobody_else(rig: FrontRig) -> None:
    said = (
        b"X-Forwarded-For: 9.9.9.9", b"x-FORWARDED-Proto: gopher", b"Forwarded: for=9.9.9.9", b"X-Real-IP: 9.9.9.9",
        b"Seifas-Address: 9.9.9.9", b"sEIFAS-lane: staff", b"Seifas-Token: t", b"Proxy: http://evil",
        b"Connection: close, seifas-address, cookie", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__",
    )  # fmt: skip
    rig.raw(b"GET /x HTTP/1.1\r\n" + HEAD + b"\r\n".join(said) + b"\r\n\r\n", source="127.3.3.3", wait_s=30)
    _, _, headers, _ = rig.apps["public"].asked[-1]
    assert headers["seifas-address"] == "127.3.3.3"
    assert headers["x-forwarded-proto"] == "http"
    assert set(headers) == {"host", "seifas-address", "x-forwarded-proto"}
    assert rig.apps["public"].raw[-1].lower().count("seifas-address") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/%6dy", "//my", "/./my", "/x/../my", "/my/../my", "/%2e%2e/my", "/.shield//solve", "/my%2frecord",
        "/my%5crecord", "/my\\record", "/a%00", "/a%", "/a%4", "/a%zz", "/%2Fmy", "/lt/..", "/lt/.", "*",
        "/%c4%85\u0161", "/a%25b", "/" + "a" * 3000, "/static/../my",
    ],
)  # fmt: skip
def test_a_path_with_two_readings_is_refused(rig: FrontRig, path: str) -> None:
    before = sum(len(app.asked) for app in rig.apps.values())
    answer = rig.raw(b"GET " + path.encode() + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n", wait_s=30)
    assert answer.split(b" ")[1] == b"400", answer[:100]
    assert sum(len(app.asked) for app in rig.apps.values()) == before


@pytest.mark.parametrize(
    ("target", "app"),
    [("/my", "portal"), ("/my/", "portal"), ("/my?x=/lt", "portal"), ("/auth/x", "portal"), ("/myself", "public"),
     ("/MY", "public"), ("/my;x", "public"), ("/lt?/my/", "public"), ("http://clinic.example/my", "portal"),
     ("/%C5%A1", "public")],
)  # fmt: skip
def test_a_path_leads_where_its_only_reading_says(rig: FrontRig, target: str, app: str) -> None:
    before = {name: len(made.asked) for name, made in rig.apps.items()}
    rig.raw(b"GET " + target.encode() + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n", wait_s=30)
    assert [name for name, made in rig.apps.items() if len(made.asked) > before[name]] == [app]
    assert rig.apps[app].asked[-1][1].startswith("/")


def test_in_a_siege_no_path_that_only_looks_exempt_gets_through(rig: FrontRig) -> None:
    rig.mode(2)
    before = sum(len(app.asked) for app in rig.apps.values())
    try:
        for n, path in enumerate((
            "/health/", "/health/x", "/Health", "/health%20", "/x?/health", "/.well-known/acme-challenge/x",
            "/.shield/x", "/.shield", "/.shield/solve.js/x", "/auth/token",
        )):  # fmt: skip
            assert rig.ask(path, source=f"127.3.4.{n + 1}").status in (400, 403, 404), path
        last = b"GET /lt/ HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n"
        raw = rig.raw(b"GET /health HTTP/1.1\r\n" + HEAD + b"\r\n" + last, wait_s=30)
        assert raw.count(b"HTTP/1.1 200") == 1  # the second of one connection is asked for itself
        assert raw.count(b"HTTP/1.1 403") == 1
    finally:
        rig.mode(0)
    assert sum(len(app.asked) for app in rig.apps.values()) == before + 1


def test_a_cookie_counts_for_its_own_request_of_a_connection_only(rig: FrontRig) -> None:
    lane = rig.signed_in("patient")
    rig.mode(2)
    try:
        with_it = b"GET /lt/ HTTP/1.1\r\n" + HEAD + b"Cookie: seifas_lane=" + lane.encode() + b"\r\n"
        last = with_it + b"Connection: close\r\n\r\n"
        answers = rig.raw(with_it + b"\r\nGET /lt/ HTTP/1.1\r\n" + HEAD + b"\r\n" + last, wait_s=30)
        assert re.findall(rb"HTTP/1.1 (\d+) ", answers) == [b"200", b"403", b"200"]
    finally:
        rig.mode(0)


@pytest.mark.parametrize(
    "line",
    [b"PROXY TCP4 9.9.9.9 8.8.8.8 1 2\r\n", b"PROXY UNKNOWN\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12)],
)
def test_nobody_says_where_he_comes_from_by_the_proxy_protocol(rig: FrontRig, line: bytes) -> None:
    before = len(rig.apps["public"].asked)
    rig.raw(line + b"GET /a HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n", source="127.3.5.1", wait_s=0.7)
    for *_, headers, _ in rig.apps["public"].asked[before:]:
        assert headers["seifas-address"] == "127.3.5.1"


@BINARIES
def test_a_trusted_proxy_says_it_and_only_rightly(binary: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with front_rig(tmp_path_factory.mktemp("proxied"), binary, proxies=("127.3.6.0/24",)) as rig:
        get = b"GET /a HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n"
        v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack(">H", 12)
        v2 += socket.inet_aton("9.9.9.8") + bytes(4) + b"\0\1\0\2"
        for line, seen in ((b"PROXY TCP4 9.9.9.9 8.8.8.8 1 2\r\n", "9.9.9.9"), (v2, "9.9.9.8")):
            assert b" 200 " in rig.raw(line + get, source="127.3.6.1", wait_s=30)[:20]
            assert rig.apps["public"].asked[-1][2]["seifas-address"] == seen
        before = len(rig.apps["public"].asked)
        for bad in (
            b"PROXY TCP4 9.9.9.9\r\n", b"PROXY TCP4 localhost 8.8.8.8 1 2\r\n", b"PROXY " + b"x" * 200 + b"\r\n",
            b"", v2[:-5], v2[:12] + b"\xff\xff\xff\xff",
        ):  # fmt: skip
            assert b" 200 " not in rig.raw(bad + get, source="127.3.6.1", wait_s=0.4)[:20], bad
        assert len(rig.apps["public"].asked) == before
        assert b" 200 " in rig.raw(get, source="127.3.7.1", wait_s=30)[:20]  # everybody else speaks plainly
        rig.raw(b"PROXY TCP4 9.9.9.7 8.8.8.8 1 2\r\n" + get, source="127.3.7.1", wait_s=0.4)
        assert "9.9.9.7" not in {asked[2]["seifas-address"] for asked in rig.apps["public"].asked}
        # Lanes and rates go by the visitor, not by the proxy.
        rig.mode(2)
        for n in range(60):
            rig.raw(b"PROXY TCP4 9.9.1.1 8.8.8.8 1 %d\r\n" % n + get, source="127.3.6.1", wait_s=0.05)
        fine = rig.raw(b"PROXY TCP4 9.9.2.2 8.8.8.8 1 2\r\n" + get, source="127.3.6.1", wait_s=30)
        assert b" 403 " in fine[:20]
