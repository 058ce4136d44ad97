"""Files made to break, fill or fool their reader: nothing comes out of them but pieces and words of why not."""

import base64
import gzip
import io
import json
import random
import struct
import tarfile
import time
import zipfile
import zlib

import leaked_files as made
import pytest
from example_counts import of_whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_pictures import jpeg
from reading_rig import pieces_of, rows_of, text_of, unread

from seifas.leaks.reading import delimited, json_records, recognising, sql_dumps
from seifas.leaks.reading.opening import opened
from seifas.leaks.reading.pieces import (
    LONGEST_SOURCE,
    MOST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    WORDS,
    Piece,
    Prose,
    Table,
    Unread,
    inside,
)
from seifas.leaks.reading.streams import Budget, of_bytes, of_pieces

SAMPLE = made.people(6)
FILES = {name: make(SAMPLE) for name, make in made.FORMS.items()}
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
FEW = settings(max_examples=of_whole(60), deadline=None, suppress_health_check=_SLOW)


def _believable(pieces: list[Piece]) -> None:
    for piece in pieces:
        assert len(piece.source) <= LONGEST_SOURCE
        assert piece.source.isprintable()
        if isinstance(piece, Unread):
            assert piece.word in WORDS
        elif isinstance(piece, Table):
            assert len(piece.header) <= MOST_COLUMNS
            assert 0 < len(piece.rows) <= 2 * MOST_ROWS
            assert piece.first >= 1
            assert all(len(row) <= MOST_COLUMNS and all(len(cell) <= MOST_CELL for cell in row) for row in piece.rows)
        elif isinstance(piece, Prose):
            assert all(len(line) <= MOST_CELL for line in piece.lines)


@FEW
@given(st.binary(max_size=3_000))
def test_any_bytes(raw: bytes) -> None:
    _believable(pieces_of(raw))


STARTS = (
    b"%PDF-1.7\n", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00", b"\xff\xd8\xff", b"<html>", b"[{",
    b"INSERT INTO t VALUES (", b"COPY t FROM stdin;\n", b"From a@b x\nTo: b\nSubject: c\n\n", b"{\\rtf1 ", b'{"a":',
    b"To: a\nFrom: b\nSubject: c\nContent-Type: multipart/mixed; boundary=x\n\n--x\n", b"\xff\xfe", b"a;b;c\n1;2;3\n",
    b"CREATE TABLE t (\n",
)  # fmt: skip


@FEW
@given(st.sampled_from(STARTS), st.binary(max_size=2_000))
def test_the_beginning_of_a_kind_and_then_anything(start: bytes, rest: bytes) -> None:
    _believable(pieces_of(start + rest))


ALPHABET = "ab'\"\\,;()[]{}<>/=-:\n\t &*#0123456789ąŠ\x00\x1b"


@FEW
@given(st.text(ALPHABET, max_size=400))
@pytest.mark.parametrize("parser", [delimited.read, json_records.read, sql_dumps.read])
def test_parsers_of_text_never_fail(parser: object, text: str) -> None:
    found = list(parser("f", of_bytes(("INSERT INTO t VALUES (" + text).encode())))  # type: ignore[operator]
    _believable(found)
    assert unread(found) in ([], [("f", "damaged")])
    _believable(list(parser("f", of_bytes(text.encode()))))  # type: ignore[operator]


@pytest.mark.parametrize("name", list(FILES))
def test_files_cut_anywhere_and_changed_anywhere(name: str) -> None:
    rng = random.Random(name)
    data = FILES[name]
    for _ in range(12):
        _believable(pieces_of(data[: rng.randrange(len(data))], name))
        broken = bytearray(data)
        for _ in range(rng.randint(1, 30)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        _believable(pieces_of(bytes(broken), name))


@pytest.mark.parametrize("name", list(FILES))
def test_it_does_not_matter_in_what_pieces_a_file_comes(name: str) -> None:
    data = FILES[name]
    budget = Budget()
    budget.taken = len(data)
    found = list(opened(name, of_pieces(data[at : at + 61] for at in range(0, len(data), 61)), budget))
    assert found == pieces_of(data, name)


def test_bombs_are_refused_by_ratio_whatever_they_are_packed_in() -> None:
    zeros = bytes(80 * 2**20)
    flat = gzip.compress(zeros, 9)
    started = time.process_time()
    rows = (b"a" * 9_000 + b";b;c\n") * 16_000
    assert ("f", "unpacks-too-large") in unread(pieces_of(gzip.compress(rows)))
    assert "unpacks-too-large" in {word for _, word in unread(pieces_of(made.archive({"a.csv": rows})))}
    nested = flat
    for _ in range(3):
        nested = gzip.compress(nested)
    assert len(pieces_of(nested)) >= 1
    assert time.process_time() - started < 20


def test_one_file_of_an_archive_many_times_over() -> None:
    """The directory of a zip may name the same packed bytes a thousand times."""
    raw = made.archive({"a.csv": (b"x" * 9_000 + b";y;z\n") * 266})
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        info = packed.infolist()[0]
    end = raw.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", raw[end + 16 : end + 20])[0]
    entry = raw[start:end]
    assert entry.startswith(b"PK\x01\x02")
    count = 3_000
    many = raw[:start] + entry * count + raw[end : end + 8] + struct.pack(
        "<HHII", count, count, len(entry) * count, start) + b"\x00\x00"
    assert info.file_size > 2_000_000
    words = [word for _, word in unread(pieces_of(many))]
    assert words
    assert set(words) <= {"unpacks-too-large", "damaged"}


def test_archives_deeper_than_four_are_not_opened() -> None:
    raw = b"a;b;c\n1;2;3\n"
    for depth in range(1, 7):
        raw = made.archive({"x": raw})
        words = [word for _, word in unread(pieces_of(raw))]
        assert words == ([] if depth <= 4 else ["too-deep"])


def test_an_archive_of_too_many_files_ends_at_the_limit() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for at in range(20_010):
            tar.addfile(tarfile.TarInfo(f"{at}"))
    words = [word for _, word in unread(pieces_of(packed.getvalue()))]
    assert words.count("empty") == 20_000
    assert words[-1] == "too-many-files"


def test_encrypted_files_are_named_and_the_rest_is_read() -> None:
    raw = bytearray(made.archive({"a.csv": made.table(SAMPLE), "b.csv": made.table(SAMPLE)}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + place] |= 1
    pieces = pieces_of(bytes(raw), "z")
    assert unread(pieces) == [("z/a.csv", "encrypted")]
    assert len(rows_of(pieces)) == len(SAMPLE)


@pytest.mark.parametrize("declared", [
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
])  # fmt: skip
@pytest.mark.parametrize("part", ["word/document.xml", "content.xml"])
def test_documents_that_declare_entities_are_not_read(declared: str, part: str) -> None:
    raw = made.archive({"[Content_Types].xml": "<T/>", "mimetype": "x", part: f"{declared}<x><p><t>&a;&b;</t></p></x>"})
    pieces = pieces_of(raw)
    assert [word for _, word in unread(pieces)] == ["damaged"]
    assert text_of(pieces) == ""


def test_depth_that_would_exhaust_a_stack() -> None:
    for raw in (b"[" * 200_000, b'{"a":' * 100_000, b"<div>" * 100_000, b"(" * 100_000, b"{\\rtf1" + b"{" * 100_000,
                b"INSERT INTO t VALUES " + b"(" * 100_000):  # fmt: skip
        _believable(pieces_of(raw))
    deep: object = "x"
    for _ in range(900):
        deep = [deep]
    _believable(pieces_of(json.dumps(deep)))


def test_lines_cells_and_rows_without_end() -> None:
    started = time.process_time()
    for raw in (b"a" * 5_000_000, b"a," * 2_000_000, b'"' * 1_000_001, b";" * 3_000_000, b"<a " * 500_000,
                b"'" * 500_000, b"INSERT INTO t VALUES ('" + b"x" * 9_000_000, b"{" + b'"a":1,' * 300_000,
                b"CREATE TABLE t (" * 2_000, b"=?utf-8?b?" * 50_000, b"To: a\nFrom: b\n" + b" c\n" * 300_000,
                b"%PDF-1.4\n" + b"1 0 obj\n<<" * 20_000):  # fmt: skip
        _believable(pieces_of(raw))
    assert time.process_time() - started < 40


def test_broken_and_endless_pdfs() -> None:
    def pdf(*objects: str) -> bytes:
        made_, places = b"%PDF-1.4\n", []
        for number, one in enumerate(objects, 1):
            places.append(len(made_))
            made_ += f"{number} 0 obj\n{one}\nendobj\n".encode()
        table = "".join(f"{place:010} 00000 n \n" for place in places)
        return made_ + (f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Root 1 0 R /Size "
                        f"{len(objects) + 1} >>\nstartxref\n{len(made_)}\n%%EOF").encode()  # fmt: skip

    loop = pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000 >>")
    form = pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /Resources << /XObject << /A 4 0 R >> >> /Contents 4 0 R >>",
               "<< /Type /XObject /Subtype /Form /Resources << /XObject << /A 4 0 R >> >> /Length 8 >>\nstream\n"
               "/A Do /A\nendstream")  # fmt: skip
    wide = pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /Resources << /XObject << /A 4 0 R >> >> >>",
               "<< /Type /XObject /Subtype /Image /Width 90000 /Height 90000 /BitsPerComponent 8 "
               "/ColorSpace /DeviceRGB /Length 3 >>\nstream\nabc\nendstream")  # fmt: skip
    packed = base64.b64encode(zlib.compress(b"BT (x) Tj ET " * 5_000_000)).decode()
    bomb = pdf("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
               f"<< /Filter [/ASCII85Decode /FlateDecode] /Length {len(packed)} >>\nstream\n{packed}\nendstream")
    started = time.process_time()
    for raw in (loop, form, wide, bomb):
        found = pieces_of(raw)
        _believable(found)
        assert unread(found)
    assert time.process_time() - started < 30


def test_names_that_want_to_be_paths_or_pages_of_text() -> None:
    assert inside("a.zip", "../../etc/passwd") == "a.zip/etc/passwd"
    assert inside("a.zip", "/etc/shadow") == "a.zip/etc/shadow"
    assert inside("a.zip", "..\\..\\x\x00\n\u202e.csv").startswith("a.zip/x")
    assert inside("a.zip", "") == "a.zip/unnamed"
    assert len(inside("x" * 5_000, "y" * 5_000)) <= LONGEST_SOURCE
    long = made.archive({"n" * 60_000: "a;b;c\n1;2;3\n"})
    _believable(pieces_of(long))


def test_a_picture_inside_an_archive_breaks_nothing_else() -> None:
    raw = made.archive({"a.jpg": jpeg()[:500], "b.csv": made.table(SAMPLE), "c.png": b"\x89PNG\r\n\x1a\n" + bytes(99)})
    pieces = pieces_of(raw, "z")
    assert len(rows_of(pieces)) == len(SAMPLE)
    assert {source for source, _ in unread(pieces)} == {"z/a.jpg", "z/c.png"}


@FEW
@given(st.binary(max_size=600))
def test_recognising_never_fails(raw: bytes) -> None:
    assert recognising.recognised(raw)
