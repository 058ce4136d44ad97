"""What the front tells of a request: thirteen fields, no secret, no credential, no body."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator

import pytest
from front_rig import FrontRig, front_rig, haproxies

from seifas.shield.front.description import Limits

TOKEN = "Zm9yZXN0cy1hcmUtZ3JlZW4tYW5kLXNlYXMtYXJlLWJsdWU"


@pytest.fixture(scope="module", params=haproxies()[-1:], ids=lambda path: "wheel" if "ray" in path else "system")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    limits = Limits(threads=1, connections=2000, sample=1)  # every head is sampled here
    with front_rig(tmp_path_factory.mktemp("front"), request.param, limits=limits) as made:
        yield made


def test_a_head_is_told_without_what_is_secret_in_it(rig: FrontRig) -> None:
    before = len(rig.lines)
    rig.raw(
        f"POST /lt/tip/{TOKEN}/x?code={TOKEN} HTTP/1.1\r\nHost: clinic.example\r\nUser-Agent: told\r\n"
        f"AUTHORIZATION: Basic {TOKEN}\r\nProxy-Authorization: x{TOKEN}\r\nX-Api-Key: short\r\nX-CSRF-Token: brief\r\n"
        f"Referer: http://clinic.example/my?secret=tiny\r\nX-Other: {TOKEN} and {'ab' * 20}\r\nContent-Length: 4\r\n"
        "Connection: close\r\n\r\nBODY".encode(), wait_s=1,
    )  # fmt: skip
    line = rig.logged(before + 1)[before]
    assert len(line) == 13
    assert line[11] == "/lt/tip/*/x"
    head = urllib.parse.unquote_plus(line[12])
    assert "user-agent: told" in head.lower()
    for secret in (TOKEN, "short", "brief", "tiny", "BODY", "abab", "Basic"):
        assert secret not in head, (secret, head)


def test_a_cookie_is_never_told(rig: FrontRig) -> None:
    before = len(rig.lines)
    rig.ask("/", cookies={"anything": "tiny"})
    rig.ask("/", cookies={"seifas_lane": rig.signed_in("patient")})
    lines = rig.logged(before + 3)[before:]
    assert "tiny" not in lines[0][12]
    assert "cookie" in lines[0][12].lower()  # its name is part of the signature
    assert lines[2][4:5] + lines[2][12:] == ["patient", "-"]


@pytest.mark.parametrize("path", ["/a%20b", "/" + "x" * 1500, "/%C5%A1", "/a|b", "/a\"b'c", "/a%0d%0ab"])
def test_no_path_makes_more_fields_or_lines(rig: FrontRig, path: str) -> None:
    before = len(rig.lines)
    rig.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-A: a b\tc\r\nConnection: close\r\n\r\n".encode(), wait_s=1)
    lines = rig.logged(before + 1)[before:]
    assert len(lines) == 1
    assert len(lines[0]) == 13
    assert len(lines[0][11]) <= 128
    assert "\n" not in lines[0][12]


def test_the_signature_is_of_the_headers_names_and_order(rig: FrontRig) -> None:
    before = len(rig.lines)
    for head in ("A: 1\r\nB: 2", "A: 3\r\nB: 4", "B: 1\r\nA: 2"):
        rig.raw(f"GET / HTTP/1.1\r\nHost: x\r\n{head}\r\nConnection: close\r\n\r\n".encode(), wait_s=1)
    one, same, other = (line[10] for line in rig.logged(before + 3)[before : before + 3])
    assert one == same != other
    assert len(one) == 16


def test_a_queue_that_gave_up_is_told_as_shed(rig: FrontRig) -> None:
    app = rig.apps["portal"]
    before = len(rig.lines)
    app.shutdown()
    app.server_close()
    assert rig.ask("/my").status == 503
    line = rig.logged(before + 1)[before]
    assert line[5:7] == ["shed", "503"]
