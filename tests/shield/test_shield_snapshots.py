"""The pages that HAProxy holds: what is taken, what stays out, and what a broken directory does."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_site import html, small_site

from seifas.errors import Invalid
from seifas.shield import crawling, snapshots

PUBLIC = {"Cache_Control": "public, max-age=60"}
LONG = "žodis " * 300


def taken(answers: dict[str, crawling.Answered | tuple], directory: Path, languages: tuple[str, ...] = ()) -> dict:
    with small_site(answers) as site:
        changed = snapshots.take(crawling.over(site.url), ("/",), directory, url=site.url, languages=languages)
        again = snapshots.take(crawling.over(site.url), ("/",), directory, url=site.url, languages=languages)
    assert not again, "nothing has changed"
    shots = snapshots.read(directory)
    assert changed == bool(shots)
    return {(shot.path, shot.language): shot for shot in shots}


def test_public_pages_and_what_they_load_are_taken(tmp_path: Path) -> None:
    answers = {
        "/": html(f'<a href="/kaina">x</a><link rel=stylesheet href="/s.css?v=1">{LONG}', **PUBLIC),
        "/kaina": html('<img src="/a.png?2"><a href="/list?page=2">more</a>', **PUBLIC, Content_Language="lt"),
        "/s.css?v=1": (200, {"Content-Type": "text/css"}, b"body { background: url('/b.svg') }" + b" " * 900),
        "/a.png?2": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        "/b.svg": (200, {"Content-Type": "image/svg+xml"}, b"<svg/>"),
        "/list?page=2": html("pages without end", **PUBLIC),
    }
    shots = taken(answers, tmp_path / "snapshot")
    assert {path for path, _ in shots} == {"/", "/kaina", "/s.css", "/a.png", "/b.svg"}
    assert ("content-language", "lt") in shots["/kaina", ""].headers
    first = shots["/", ""]
    packed = (tmp_path / "snapshot" / first.packed).read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "snapshot" / first.file).read_bytes() == answers["/"][2]
    assert not shots["/a.png", ""].packed


def test_what_is_not_for_everybody_stays_out(tmp_path: Path) -> None:
    led = ("/form", "/mine", "/cookie", "/gone", "/moved", "/away", "/zip")
    links = "".join(f'<a href="{path}">x</a>' for path in led)
    answers = {
        "/": html(links, **PUBLIC),
        "/form": html("form", Cache_Control="no-store"),
        "/mine": html("mine", Cache_Control="private, max-age=60"),
        "/cookie": html("cookie", Set_Cookie="a=b"),
        "/moved": (302, {"Location": "/kaina"}, b""),
        "/away": (302, {"Location": "https://elsewhere.example/"}, b""),
        "/zip": (200, {"Content-Type": "application/zip"}, b"PK"),
        "/kaina": html("kaina", **PUBLIC),
    }
    shots = taken(answers, tmp_path / "s")
    assert {path for path, _ in shots} == {"/", "/moved", "/kaina"}
    assert shots["/moved", ""].kind == "text/plain", "HAProxy takes no empty one"


def test_what_does_not_fit_is_left_to_the_cache_and_what_fits_packed_is_taken_packed(tmp_path: Path) -> None:
    answers = {
        "/": html('<a href="/long">x</a><img src="/big.png">', **PUBLIC),
        "/long": html("labas " * 20_000, **PUBLIC),
        "/big.png": (200, {"Content-Type": "image/png"}, bytes(60_000)),
    }
    shots = taken(answers, tmp_path / "s")
    assert {path for path, _ in shots} == {"/", "/long"}
    assert not shots["/long", ""].file
    assert (tmp_path / "s" / shots["/long", ""].packed).stat().st_size <= snapshots.MOST_BYTES


def test_the_first_page_is_each_languages_own(tmp_path: Path) -> None:
    answers = {
        "/": (303, {"Location": "/lt/", "Set-Cookie": "x=1"}, b""),
        "/lt/": html("sveiki", **PUBLIC),
        "/en/": html("hello", **PUBLIC),
    }
    shots = taken(answers, tmp_path / "s", languages=("lt", "en"))
    assert set(shots) == {("/", "lt"), ("/", "en"), ("/lt/", "")}


def test_a_site_that_is_down_keeps_its_last_pages(tmp_path: Path) -> None:
    place = tmp_path / "s"
    taken({"/": html("here", **PUBLIC)}, place)
    down = (503, {"Content-Type": "text/html"}, b"down")
    for broken in ({}, {"/": down}, {"/": html("x", Cache_Control="no-store")}):
        with small_site(broken) as site:
            assert not snapshots.take(crawling.over(site.url), ("/",), place, url=site.url)
    assert not snapshots.take(crawling.over("http://127.0.0.1:1"), ("/",), place, url="http://127.0.0.1:1")
    assert [shot.path for shot in snapshots.read(place)] == ["/"]


@pytest.mark.parametrize("index", [b"", b"{", b"\xff\xfe", b'[{"path": 1}]'])
def test_an_index_that_is_none_is_refused(tmp_path: Path, index: bytes) -> None:
    (tmp_path / snapshots.INDEX).write_bytes(index)
    with pytest.raises(Invalid, match="take it anew"):
        snapshots.read(tmp_path)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "missing"])
def test_an_index_leads_to_no_file_outside(tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "secret").write_bytes(b"x")
    shot = snapshots.Shot("/", 200, name, "", "text/html", "", ())
    (tmp_path / snapshots.INDEX).write_bytes(msgspec.json.encode([shot]))
    with pytest.raises(Invalid, match="no file"):
        snapshots.read(tmp_path)
    assert snapshots.read(tmp_path / "never") == ()


def test_a_page_has_bounds(tmp_path: Path) -> None:
    endless = {f"/{n}": html(f'<a href="/{n + 1}">x</a>' * 50, **PUBLIC) for n in range(200)}
    with small_site({**endless, "/": endless["/0"]}) as site:
        got = list(crawling.walk(crawling.over(site.url), ("/",), url=site.url, bounds=crawling.Bounds(answers=20)))
        assert len(got) == 20
        huge = crawling.over(site.url, bounds=crawling.Bounds(each=100))
        assert huge("/1") is None


@given(st.text(max_size=300), st.sampled_from(["/", "/a/b", "/lt/index.html"]))
def test_no_link_leads_out_of_the_site(link: str, at: str) -> None:
    found = crawling.inside(link, at, "https://clinic.example")
    assert found == "" or (found.startswith("/") and all(0x20 < ord(letter) < 0x7F for letter in found))


@pytest.mark.parametrize(
    "link", ["//evil.example/x", "https://clinic.example.evil/", "http://clinic.example:81/", "javascript:alert(1)",
             "data:text/html,x", "mailto:a@b", "https://[", "http://clinic.example@evil.example/"],
)
def test_a_link_elsewhere_is_not_followed(link: str) -> None:
    assert crawling.inside(link, "/", "http://clinic.example") == ""


KINDS = ["text/html", "text/css", "text/html; charset=nonsense", "text/html; charset=utf-16"]


@given(st.binary(max_size=400), st.sampled_from(KINDS))
def test_any_page_is_read(body: bytes, kind: str) -> None:
    answer = crawling.Answered("/", 200, (("content-type", kind),), body)
    assert len(list(crawling.walk(lambda path: answer, ("/",), url="http://a", bounds=crawling.Bounds(answers=2)))) <= 2
