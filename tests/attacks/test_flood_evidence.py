"""A stranger whose requests are weapons: through a real HAProxy into minutes, tables and papers, where they are words.

Nothing acts on who reads it, nothing lies about the reading direction, nothing of a cookie, a credential or a secret
address is in any of it, and a reader's spreadsheet finds no formula.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import flood_makers as makers
import pytest
from front_rig import FrontRig, front_rig, haproxies

from seifas.shield import addresses, counting, lines
from seifas.shield.evidence import book, chain, minute_forms, plain, summary
from seifas.shield.evidence.chain import Head, Kept
from seifas.shield.evidence.paper import About
from seifas.shield.front import configuring
from seifas.shield.model import Minute, Mode

SECRET = "5ecre7" * 6
EVERY = "rand(1000) -m int ge 0"
REQUESTS = [
    b"GET /%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /=HYPERLINK(1) HTTP/1.1\r\nHost: x\r\nUser-Agent: =cmd|' /C calc'!A0\r\n\r\n",
    b"GET /%E2%80%AEgpj.exe HTTP/1.1\r\nHost: x\r\nReferer: \xe2\x80\xaetxt\r\n\r\n",
    b"GET /%1B%5B2J%00%07 HTTP/1.1\r\nHost: x\r\nX-Clear: \x1b[2J\r\n\r\n",
    b"GET /%FF%FE%C0%AF HTTP/1.1\r\nHost: x\r\nX-Bytes: \xff\xfe\xc0\xaf\r\n\r\n",
    b"GET /#set%20page(paper:%22a0%22) HTTP/1.1\r\nHost: x\r\nX-Typst: #panic(1) $a$ @b <c>\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: x\r\nCookie: seifas_lane=" + SECRET.encode() + b"\r\nAuthorization: Bearer "
    + SECRET.encode() + b"\r\nProxy-Authorization: Basic " + SECRET.encode() + b"\r\n\r\n",
    b"GET /my/enter/" + SECRET.encode() + b"?key=" + SECRET.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Fold: a\r\n b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX R 127.0.0.1 1 p: 1\r\n\r\n",
    b"GET /\xd0\xb0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: a\r\nContent-Length: 40\r\n\r\npassword=" + SECRET.encode()[:31],
]  # fmt: skip


@pytest.fixture(scope="module", params=haproxies(), ids=lambda path: path.split("/")[1])
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    """A front that keeps a sample of every request, not of one in a thousand."""
    written = configuring.write

    def write(described: configuring.Front) -> Path:
        place = written(described)
        text = place.read_text()
        assert "rand(1000) -m int 0" in text
        place.write_text(text.replace("rand(1000) -m int 0", EVERY))
        return place

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configuring, "write", write)
        with front_rig(tmp_path_factory.mktemp("front"), request.param) as rig:
            for one in REQUESTS:
                rig.raw(one, wait_s=0.3)
            rig.logged(len(REQUESTS))
            yield rig


@pytest.fixture(scope="module")
def minute(front: FrontRig) -> Minute:
    read, unread = lines.parsed([one.encode("latin-1") for one in front.lines])
    assert unread == 0
    assert len(read) >= len(REQUESTS) - 1
    tally = counting.Tally("public")
    for portion in counting.portions(read):
        tally.add(portion, 0, time.monotonic())
    return tally.minute(
        begins_ms=makers.BEGAN, seconds=60.0, mode=Mode.SIEGE, connections=1, seen_requests=len(read), cpu=0.1,
        uplink={}, clock_offset_ms=None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def kept(minute: Minute) -> list[Kept]:
    link, head = chain.linked(Head.begin(makers.CHAIN), minute)
    return [Kept(7, head.before, link)]


def harmless(text: str) -> bool:
    return all(" " <= one <= "~" or "\u00a1" <= one <= "\u017f" or one in "„“”‚‘’–—…\n" for one in text)


def test_samples_were_taken(minute: Minute) -> None:
    assert len(minute.samples) >= 5
    heads = [line for one in minute.samples for line in plain.head_lines(one)]
    assert any("\\u{1b}[2J" in one for one in heads)
    assert any("cmd|" in one for one in heads)
    names = plain.header_names(minute.samples)
    assert names.keys() <= {signature for signature, _ in minute.signatures}
    assert "host, user-agent" in names.values()


def test_nothing_secret_is_kept(front: FrontRig, minute: Minute, kept: list[Kept]) -> None:
    told = ["\n".join(front.lines), kept[0].body[57:].decode("utf-8"), minute_forms.minutes_jsonl(kept).decode("ascii"),
            minute_forms.minutes_csv([minute]).decode("utf-8")]  # fmt: skip
    for text in told:
        assert SECRET not in text
        assert SECRET[:12] not in text
        assert "password" not in text
    assert any("*" in path for path, _ in minute.paths)


def test_a_minute_is_plain_ascii_whatever_was_sent(kept: list[Kept]) -> None:
    assert kept[0].body[57:].isascii()
    assert chain.checked(kept).problems == ()
    row = json.loads(minute_forms.minutes_jsonl(kept))
    assert not any(ord(one) < 32 for one in json.dumps(row))


def test_tables_have_no_formula(minute: Minute) -> None:
    text = minute_forms.minutes_csv([minute]).decode("utf-8")
    for row in csv.reader(io.StringIO(text)):
        for one in row:
            assert harmless(one)
            assert not one.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("language", ["lt", "en"])
def test_the_paper_shows_words(minute: Minute, language: str) -> None:
    about = About(clinic="Klinika", event="ab" * 16, made_ms=makers.BEGAN + 60_000)
    pdf = summary.summary(about, [minute], [], None, language)
    assert b"pdfaid:part" in pdf
    assert b"/JavaScript" not in pdf
    assert b"/URI" not in pdf
    text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, timeout=120, check=True).stdout
    said = text.decode("utf-8")
    assert "<script>alert(1)</script>" in said
    assert "\u202e" not in said
    assert "\x1b" not in said
    assert SECRET[:12] not in said


def test_the_book_of_them_is_read_again(front: FrontRig) -> None:
    read, _ = lines.parsed([one.encode("latin-1") for one in front.lines])
    (portion,) = counting.portions(read)
    told = addresses.Book(*portion.tables, True, addresses.np.empty(0, "u4"), addresses.np.empty(0, "u8"))
    found = book.joined(book.packed(told, chain=makers.CHAIN, made_ms=1, distinct=len(told)))
    assert len(found) == 1
    assert int(found.v4.requests[0]) == len(read)
