"""The searcher finds what is there, wherever and however it is written, and nothing else."""

import base64
import gzip
import os
import quopri
import random
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seifas.drill import pictures, planting, unwrapping
from seifas.drill.disk_search import (
    SHORTEST,
    Needles,
    expected_by_chance,
    forms_of,
    look_through,
    names_of,
    search,
)
from seifas.errors import Invalid

NAME = "Žukauskienė"
WORDS = (("name", NAME), ("code", "48002031234"), ("telephone", "+37061234567"), ("e-mail", "ona.z@example.com"))


@pytest.fixture(scope="module")
def needles() -> Needles:
    return Needles(WORDS)


def kinds(data: bytes, needles: Needles) -> set[str]:
    return {one.kind for one in look_through(data, needles).found}


@settings(max_examples=150)
@given(
    word=st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=7, max_size=30),
    before=st.binary(max_size=40), after=st.binary(max_size=40),
    form=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
)
@example(word="A" * 7, before=b"A", after=b"A", form="utf-8")
@example(word="ŽŽŽŽŽŽŽ", before=b"\x00", after=b"", form="utf-16-be")
def test_any_word_is_found_at_any_offset(word: str, before: bytes, after: bytes, form: str) -> None:
    found = look_through(before + word.encode(form) + after, Needles([("word", word)])).found
    assert (len(before), 0) in {(one.offset, one.needle) for one in found if not one.through}


@settings(max_examples=60)
@given(seed=st.integers(0, 2**60))
def test_random_bytes_hold_nothing(seed: int) -> None:
    assert not look_through(random.Random(seed).randbytes(20_000), Needles(WORDS)).found


@pytest.mark.parametrize("beside", [b"=\r", b"=\n", b"==", b"=", b"=4", b"=\r\r", b" \n", b"=zz"])
def test_no_byte_that_stands_beside_it_by_chance_hides_quoted_printable(beside: bytes, needles: Needles) -> None:
    written = beside + b"\x80\xff" + quopri.encodestring(NAME.encode()) + beside
    assert kinds(written, needles) == {"name"}
    assert unwrapping._quoted(quopri.encodestring(NAME.encode() * 20)) == NAME.encode() * 20


@pytest.mark.parametrize("way", planting.WAYS)
def test_every_way_of_writing_is_seen(way: str, needles: Needles) -> None:
    seen = 0
    for number, (_, text) in enumerate(WORDS):
        written = planting.WAYS[way](text, random.Random(1))
        if written is not None:
            data = os.urandom(501) + written + os.urandom(203)
            assert number in {one.needle for one in look_through(data, needles).found}, text
            seen += 1
    assert seen


@pytest.mark.parametrize("wrap", planting.WRAPS)
@pytest.mark.parametrize("kind", pictures.PLAIN)
def test_every_picture_is_seen(kind: str, wrap: str, needles: Needles) -> None:
    data = os.urandom(501) + planting.WRAPS[wrap](pictures.PLAIN[kind] + os.urandom(64)) + os.urandom(99)
    assert ("picture", kind) in {(one.kind, one.form) for one in look_through(data, needles).found}


def test_three_wrappings_are_opened_and_named(needles: Needles) -> None:
    page = (f"seen again: {NAME}, " * 40 + "and so on, " * 400).encode()
    data = base64.b64encode(gzip.compress(zlib.compress(page)))
    assert {one.through for one in look_through(data, needles).found} == {"zlib in gzip in base64"}


def test_mixed_case_and_lost_diacritics_are_seen(needles: Needles) -> None:
    for written in ("zukauskiene", "ZUKAUSKIENE", "Zukauskiene", "ŽUKAUSKIENĖ", "žukauskienė", "ŽukAusKienė"):
        assert kinds(b"-" + written.encode() + b"-", needles) == {"name"}, written


def test_a_telephone_is_seen_without_its_plus(needles: Needles) -> None:
    assert kinds(b"tel 37061234567", needles) == {"telephone"}


def test_words_across_the_edges_of_what_is_read_at_once_are_seen(tmp_path, needles: Needles) -> None:
    span = 4 * 1024 * 1024
    data = bytearray(os.urandom(2 * span + 100))
    for at in (span - 5, 2 * span - 3, len(data) - 11):
        data[at : at + 11] = b"48002031234"
    file = tmp_path / "large"
    file.write_bytes(data)
    for workers in (1, 2):
        found = search([tmp_path], needles, workers=workers)
        assert {hit.offset for hit in found.hits} == {span - 5, 2 * span - 3, len(data) - 11}
    assert found.bytes == len(data)
    assert found.files == 1


def test_two_words_that_begin_alike_are_told_apart() -> None:
    both = Needles([("name", "Petrauskas"), ("name", "Petrauskienė"), ("name", "Petrauskaitė")])
    assert {one.needle for one in look_through(b"xx petrauskaite xx", both).found} == {2}


def test_short_words_are_left_out_and_forms_have_seven_bytes() -> None:
    assert Needles([("name", "Ona")]).forms == 0
    assert all(len(pattern) >= SHORTEST for _, pattern in forms_of("Jūratė"))
    assert look_through("Jūratė".encode(), Needles([("name", "Jūratė")])).found


def test_chance_is_expected_for_what_it_is() -> None:
    eight = expected_by_chance(Needles([("x", "\x80\x81\x82\x83")]), 2**30)
    assert eight == pytest.approx(2**30 * 2.0**-64 * 3, rel=0.5)  # UTF-8 and both UTF-16


def test_reports_never_hold_the_word(tmp_path, needles: Needles) -> None:
    (tmp_path / "note.txt").write_bytes(NAME.encode())
    lines = names_of(search([tmp_path], needles).hits)
    assert lines == ["name as UTF-8: note.txt at 0"]


def test_unreadable_and_missing_files_are_named(tmp_path, needles: Needles) -> None:
    with pytest.raises(Invalid):
        search([tmp_path / "nothing"], needles)
    (tmp_path / "empty").touch()
    assert search([tmp_path], needles).files == 1


@settings(max_examples=150)
@given(st.binary(max_size=3000))
@example(b"\x1f\x8b\x08" * 50)
@example(b"\x78\x9c" * 90 + b"PK\x03\x04" * 40)
@example(b"\x28\xb5\x2f\xfd" * 60)
@example(b"%zz%" + b"=\n" * 99 + b"\\u12" + b"&#99999999;&#xD800;&#0;")
@example(b"\\ud800\\udfff%c5")
@example(b"A" * 3000)
def test_whatever_looks_wrapped_is_survived(data: bytes) -> None:
    for _, _, inner in unwrapping.unwrapped(data):
        assert len(inner) <= 64 * 1024 * 1024 + 2**20


def test_a_bomb_is_opened_only_so_far() -> None:
    bomb = zlib.compress(bytes(300_000_000), 9)
    sizes = [len(inner) for _, name, inner in unwrapping.unwrapped(bomb) if name == "zlib"]
    assert 64 * 1024 * 1024 <= max(sizes) <= 129 * 1024 * 1024


def test_an_empty_buffer_and_no_words_are_fine() -> None:
    assert look_through(b"", Needles([])).found == []
    assert look_through(os.urandom(1000), Needles([])).found == []
