"""A copy of a site as files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_site import html, small_site

from seifas.errors import Invalid
from seifas.shield.crawling import Answered, Bounds
from seifas.shield.mirroring import file_of, mirror


def test_a_site_becomes_files_that_lead_to_each_other(tmp_path: Path) -> None:
    with small_site({}) as site:
        site.answers |= {
            "/": html(f'<a href="{site.url}/kaina/">x</a><a href="{site.url}">y</a><link rel=stylesheet href=s.css>'),
            "/kaina/": html('<img src="../a%20b.png"><a href="/missing">x</a>'),
            "/s.css": (200, {"Content-Type": "text/css"}, f"@import '{site.url}/t.css';".encode()),
            "/t.css": (200, {"Content-Type": "text/css"}, b""),
            "/a%20b.png": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        }
        done = mirror(site.url, tmp_path / "copy")
    assert (done.files, done.missing, done.whole) == (5, (("/missing", 404),), True)
    first = (tmp_path / "copy" / "index.html").read_text()
    assert first == '<a href="/kaina/">x</a><a href="/">y</a><link rel=stylesheet href=s.css>'
    assert (tmp_path / "copy" / "a b.png").read_bytes() == b"\x89PNG"
    for line in (tmp_path / "copy" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ", 1)
        assert hashlib.sha256((tmp_path / "copy" / name).read_bytes()).hexdigest() == digest


def test_a_copy_goes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with small_site({"/": html("x")}) as site:
        with pytest.raises(Invalid, match="empty"):
            mirror(site.url, tmp_path)
        assert site.asked == []
    for url in ("ftp://a/", "nonsense", "http:///x", "http://127.0.0.1:1/"):
        with pytest.raises(Invalid):
            mirror(url, tmp_path / "new")


def test_a_bound_is_told(tmp_path: Path) -> None:
    with small_site({f"/{n}": html(f'<a href="/{n + 1}">x</a>') for n in range(30)}) as site:
        done = mirror(f"{site.url}/0", tmp_path / "copy", bounds=Bounds(answers=10))
    assert (done.files, done.whole) == (10, False)


def test_text_in_another_encoding_stays_as_it_is(tmp_path: Path) -> None:
    body = "ąčę".encode("windows-1257")
    with small_site({"/": (200, {"Content-Type": "text/html; charset=windows-1257"}, body)}) as site:
        mirror(site.url, tmp_path / "copy")
    assert (tmp_path / "copy" / "index.html").read_bytes() == body


@given(st.text(max_size=400), st.sampled_from(["text/html", "image/png", ""]))
def test_no_name_leads_out_of_the_directory(path: str, kind: str) -> None:
    place = file_of(Answered("/" + path, 200, (("content-type", kind),), b""))
    assert not place.is_absolute()
    assert all(part not in ("", ".", "..") and not part.startswith(".") and len(part) < 200 for part in place.parts)
