"""Every kind of leaked file that is read, and what of it comes out."""

import base64
import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile

import leaked_files as made
import pytest
import typst
from made_pictures import jpeg, picture
from PIL import Image
from reading_rig import pieces_of, rows_of, text_of, unread

from seifas.leaks.reading import json_records, unpacking
from seifas.leaks.reading.pieces import Picture, Prose, Table
from seifas.leaks.reading.streams import Budget, of_pieces

SAMPLE = made.people(12)
CELLS = made.table(SAMPLE, headed=False, delimiter="\t").splitlines()
ROWS = [line.split("\t") for line in CELLS]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_tables_as_text_in_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    (table,) = pieces_of(made.table(SAMPLE, delimiter=delimiter).encode(encoding))
    assert isinstance(table, Table)
    assert table.header == made.HEADINGS
    assert (table.rows, table.first) == (ROWS, 2), "rows are counted as a spreadsheet counts"


@pytest.mark.parametrize("encoding", ["windows-1257", "iso-8859-13", "cp775"])
def test_old_lithuanian_encodings_are_told_from_the_bytes(encoding: str) -> None:
    lithuanian = [row for row in ROWS if all(cell.isascii() or cell.encode("cp775", "ignore").decode("cp775") == cell
                                             for cell in row)]  # fmt: skip
    text = "\r\n".join(";".join(row) for row in lithuanian)
    assert rows_of(pieces_of(text.encode(encoding))) == lithuanian


def test_a_file_of_two_encodings_and_one_that_was_decoded_wrongly_before() -> None:
    mixed = "Šimkus;Rūta;x\n".encode() + "Žukauskienė;Šarūnė;y\nČepas;Ąžuolas;z\n".encode("windows-1257")
    assert rows_of(pieces_of(mixed * 3))[:3] == [["Šimkus", "Rūta", "x"], ["Žukauskienė", "Šarūnė", "y"],
                                                 ["Čepas", "Ąžuolas", "z"]]  # fmt: skip
    twice = "Šimkus;Rūta;1\nŽukauskienė;Eglė;2\n".encode().decode("windows-1252").encode()
    assert rows_of(pieces_of(twice))[1] == ["Žukauskienė", "Eglė", "2"]


def test_a_declared_encoding_that_is_wrong_is_not_believed() -> None:
    page = '<html><head><meta charset="iso-8859-1"></head><body><p>Rūta Šimkienė, Žaliakalnis</p></body></html>'
    assert "Rūta Šimkienė, Žaliakalnis" in text_of(pieces_of(page))
    assert "Rūta Šimkienė, Žaliakalnis" in text_of(pieces_of(page.encode("windows-1257")))


def test_quotes_line_ends_in_cells_and_quotes_out_of_place() -> None:
    text = 'a;b;c\n1;"two\nlines ""here""";3\n4;it\'s 5" wide;6\n7;"never closed;9\n' + "x;y;z\n" * 5
    rows = rows_of(pieces_of(text))
    assert ["1", 'two\nlines "here"', "3"] in rows
    assert ["7", "never closed", "9"] in rows
    assert rows.count(["x", "y", "z"]) == 5


@pytest.mark.parametrize("name", ["list.csv", "windows.csv", "wide.txt", "list.xlsx", "dump.sql", "lite.sql"])
def test_the_same_rows_come_out_of_every_table(name: str) -> None:
    rows = rows_of(pieces_of(made.FORMS[name](SAMPLE), name))
    for row, wanted in zip(rows, ROWS, strict=True):
        assert all(cell in row for cell in wanted if cell.isascii() or name != "windows.csv")


def test_json_in_its_shapes() -> None:
    records = made.records(SAMPLE)
    for text in (json.dumps(records), made.json_array(SAMPLE), made.json_lines(SAMPLE),
                 json.dumps({str(at): one for at, one in enumerate(records)})):  # fmt: skip
        tables = [piece for piece in pieces_of(text) if isinstance(piece, Table)]
        assert len(tables[0].rows) == len(SAMPLE)
        at = tables[0].header.index("patient.name")
        assert [row[at] for row in tables[0].rows] == [f"{one.given} {one.family}" for one in SAMPLE]
    (one,) = pieces_of(json.dumps({"name": "Rūta Šimkienė", "visits": [{"date": "2024-01-02"}], "note": "labai"}))
    assert isinstance(one, Table)
    assert one.rows == [["Rūta Šimkienė", "2024-01-02", "labai"]]
    assert rows_of(pieces_of('[["a", 1], ["b", 2.0]]')) == [["a", "1"], ["b", "2"]]


def test_json_larger_than_is_parsed_at_once_and_json_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    records = json.dumps(made.records(SAMPLE) * 300).encode()
    for most in (2**24, 2**17):
        monkeypatch.setattr(json_records, "_WHOLE", most)
        assert len(rows_of(pieces_of(records))) == 12 * 300
        wrapped = b'{"made": "today", "count": 1, "patients": ' + records + b', "end": true}'
        assert len(rows_of(pieces_of(wrapped))) - 12 * 300 in (0, 1), "what stands around them may be a row"
    cut = pieces_of(made.json_array(SAMPLE)[:-200])
    assert len(rows_of(cut)) >= 10
    assert unread(cut) == [("f", "damaged")]


def test_sql_with_quotes_columns_and_copies() -> None:
    text = (
        "INSERT INTO `t` (`name`, `n`) VALUES ('O\\'Neil; \\\\ (x)', NULL), ('it''s', -1.5);\n"
        "COPY public.pat (id, name) FROM stdin;\n1\tJonas\\tB\n2\t\\N\n\\.\n"
        'INSERT OR IGNORE INTO "other" VALUES(3,\'z\');\n'
    )
    first, second, third = [piece for piece in pieces_of(text) if isinstance(piece, Table)]
    assert (first.source, first.header) == ("f#t", ("name", "n"))
    assert first.rows == [["O'Neil; \\ (x)", ""], ["it's", "-1.5"]]
    assert (second.header, second.rows) == (("id", "name"), [["1", "Jonas\tB"], ["2", ""]])
    assert third.rows == [["3", "z"]]
    many = "INSERT INTO t VALUES " + ",".join(f"({at},'Vardas {at}')" for at in range(50_000)) + ";"
    assert len(rows_of(pieces_of(many))) == 50_000


def test_a_page_gives_its_text_tables_and_pictures_and_no_script() -> None:
    page = made.post(SAMPLE)
    pieces = pieces_of(page)
    (table,) = [piece for piece in pieces if isinstance(piece, Table)]
    assert (table.header, len(table.rows)) == (("who", "when", "mail"), len(SAMPLE))
    text = text_of(pieces)
    assert "track(" not in text
    assert f"{SAMPLE[0].given} {SAMPLE[0].family}" in text
    data = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()
    found = pieces_of(f"<html><body><p>x</p><img src='{data}'></body></html>")
    assert any(isinstance(piece, Picture) for piece in found)


def test_mails_with_attachments_and_mailboxes() -> None:
    mail = made.mail(SAMPLE, attached=made.table(SAMPLE).encode("windows-1257", "replace"), name="sąrašas.csv")
    pieces = pieces_of(mail, "m.eml")
    assert "Jūsų klientų duomenys" in text_of(pieces)
    (table,) = [piece for piece in pieces if isinstance(piece, Table)]
    assert table.source == "m.eml/sąrašas.csv"
    box = b"From a@b Sun Nov 22 10:00:00 2026\n" + mail + b"\nFrom c@d Sun Nov 22 10:00:00 2026\n" + mail
    sources = {piece.source for piece in pieces_of(box, "box")}
    assert {"box#message-1", "box#message-2", "box#message-2/sąrašas.csv"} <= sources
    forwarded = made.mail(SAMPLE[:1], attached=mail, name="old.eml")
    assert any(piece.source == "f/old.eml/sąrašas.csv" for piece in pieces_of(forwarded))


def _word(body: str) -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return made.archive({
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {space}><w:body>{body}</w:body></w:document>",
        "word/vbaProject.bin": b"macro", "word/media/image1.jpeg": jpeg(),
    })  # fmt: skip


def test_word_and_open_documents() -> None:
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    row = f"<w:tr>{cell}{cell}</w:tr>"
    pieces = pieces_of(_word(
        "<w:p><w:r><w:t>Rūta </w:t></w:r><w:r><w:t>Šimkienė</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>1980-01-02</w:t></w:r></w:p>"
        f"<w:tbl>{row.format('a', 'b')}{row.format('c', 'd')}</w:tbl>"
    ), "d.docx")  # fmt: skip
    assert text_of(pieces) == "Rūta Šimkienė\n1980-01-02"
    assert rows_of(pieces) == [["a", "b"], ["c", "d"]]
    assert any(isinstance(piece, Picture) and piece.source == "d.docx/word/media/image1.jpeg" for piece in pieces)
    names = 'xmlns:o="urn:o" xmlns:t="urn:t" xmlns:x="urn:x"'
    sheet = (f'<o:doc {names}><t:table><t:table-row><t:table-cell><x:p>Rūta</x:p></t:table-cell><t:table-cell '
             'o:date-value="1980-01-02" t:number-columns-repeated="2"/></t:table-row></t:table><x:p>po <x:span>to'
             "</x:span></x:p></o:doc>")  # fmt: skip
    open_pieces = pieces_of(made.archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": sheet}))
    assert rows_of(open_pieces) == [["Rūta", "1980-01-02", "1980-01-02"]]
    assert text_of(open_pieces) == "po to"


def test_rich_text() -> None:
    text = rb"{\rtf1\ansi\ansicpg1257{\fonttbl{\f0 Arial;}}{\*\x hidden}\f0 R\u363?ta \'d0imkien\'eb\par gim. 1980}"
    assert text_of(pieces_of(text)) == "Rūta Šimkienė\ngim. 1980"


def test_pdfs_with_text_with_pictures_and_cut_off() -> None:
    pdf = made.pdf(SAMPLE)
    pieces = pieces_of(pdf, "r.pdf")
    assert pieces[0].source == "r.pdf#page-1"
    text = text_of(pieces)
    assert all(one.family.split("-")[0] in text for one in SAMPLE)
    cut = pieces_of(pdf[:-100], "r.pdf")
    assert unread(cut) == [("r.pdf", "truncated")]
    assert text_of(cut) == text
    for kind in ("JPEG", "PNG"):
        page = io.BytesIO()
        picture(300, 200).convert("RGB").save(page, "PDF") if kind == "JPEG" else Image.new(
            "1", (300, 200), 1).save(page, "PDF")  # fmt: skip
        scans = pieces_of(page.getvalue(), "s.pdf")
        assert [type(piece) for piece in scans] == [Picture]
        assert (scans[0].source, scans[0].pixels.shape) == ("s.pdf#page-1/picture-1", (200, 300, 3))
    pages = typst.compile(b"#for i in range(3) [Lapas #i #pagebreak()]")
    assert [piece.source for piece in pieces_of(pages, "p") if isinstance(piece, Prose)] == [
        "p#page-1", "p#page-2", "p#page-3"]  # fmt: skip


def test_archives_in_archives_and_their_names() -> None:
    table = made.table(SAMPLE).encode()
    inner = made.archive({"../../etc/list.csv": table, "C:\\x\\y.csv": table})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in (("a.zip", inner), ("b.csv.xz", lzma.compress(table)), ("c.csv.bz2", bz2.compress(table))):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("odd")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    pieces = pieces_of(packed.getvalue(), "all.tgz")
    assert [piece.source for piece in pieces if isinstance(piece, Table)] == [
        "all.tgz/all.tar/a.zip/etc/list.csv", "all.tgz/all.tar/a.zip/C:/x/y.csv", "all.tgz/all.tar/b.csv.xz/b.csv",
        "all.tgz/all.tar/c.csv.bz2/c.csv",
    ]  # fmt: skip
    assert unread(pieces) == [("all.tgz/all.tar/odd", "link")] * 4
    assert rows_of(pieces_of(gzip.compress(table[:900]) + gzip.compress(table[900:]))) == ROWS, "one after the other"


def test_a_zip_too_large_to_be_held_is_read_as_it_comes() -> None:
    table = made.table(SAMPLE).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr(zipfile.ZipInfo("plain.csv"), table)
        with target.open("deep.csv", "w", force_zip64=True) as part:
            part.write(table)
        target.writestr("dir/", b"")
        target.writestr("small.csv", table, zipfile.ZIP_DEFLATED)
    streamed = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return streamed.write(bytes(data))  # type: ignore[call-overload]

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as target:  # cannot seek: sizes follow the files
        target.writestr("one.csv", table)
        target.writestr("two.csv", table)
    for raw, names in ((packed.getvalue(), ["plain.csv", "deep.csv", "small.csv"]),
                       (streamed.getvalue(), ["one.csv", "two.csv"])):  # fmt: skip
        budget = Budget()
        budget.taken = len(raw)
        pieces = (raw[at : at + 97] for at in range(0, len(raw), 97))
        found = {}
        for name, part in unpacking.zip_forward("z", of_pieces(pieces), budget):
            found[name] = part.rest() if not isinstance(part, str) else b""
        assert list(found) == [f"z/{name}" for name in names]
        assert set(found.values()) == {table}


def test_pictures_of_every_kind_that_is_read_and_those_that_are_listed() -> None:
    (piece,) = pieces_of(jpeg(), "a.jpg")
    assert isinstance(piece, Picture)
    assert piece.pixels.shape == (piece.height, piece.width, 3)
    assert unread(pieces_of(b"GIF89a" + bytes(100))) == [("f", "unsupported")]
    assert unread(pieces_of(jpeg()[:2000])) == [("f", "truncated")]


def test_what_is_not_read_is_named() -> None:
    for raw, word in ((b"", "empty"), (b"7z\xbc\xaf\x27\x1c" + bytes(50), "archive-kind"),
                      (b"Rar!\x1a\x07\x00" + bytes(50), "archive-kind"),
                      (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old-office"), (bytes(5000), "unknown-kind"),
                      (b"\x7fELF" + bytes(100), "unknown-kind")):  # fmt: skip
        assert unread(pieces_of(raw)) == [("f", word)]


def test_forms_and_chats_are_prose() -> None:
    form = "".join(f"Name: {one.given} {one.family}\nDOB: {one.birth}\nPhone: {one.phone}\n\n" for one in SAMPLE)
    for text in (form, form.replace(": ", "\t"), form.replace(": ", ";"), form[: form.index("\n\n")] + "\nx: y\nz: u\n",
                 "[2025-03-04 10:30] jonas: labas\n[2025-03-04 10:31] ona: ir tau\n"):  # fmt: skip
        pieces = pieces_of(text)
        assert [type(piece) for piece in pieces] == [Prose]
        assert text_of(pieces).split() == text.split()
    combination = "".join(f"{one.email or 'x@y.lt'}:{one.phone}\n" for one in SAMPLE)
    assert len(rows_of(pieces_of(combination))) == len(SAMPLE)


def test_prose_keeps_its_lines() -> None:
    text = "Vakar kalbėjau su Jonu. Sakė, kad viskas gerai.\n\nAntra pastraipa, ir trečia; o gal ketvirta?\n"
    (prose,) = pieces_of(text)
    assert isinstance(prose, Prose)
    assert prose.lines == text.splitlines()
    lines = [f"Eilutė {at}, kurioje nieko nėra." for at in range(9_000)]
    found = [piece for piece in pieces_of("\n".join(lines)) if isinstance(piece, Prose)]
    assert [line for piece in found for line in piece.lines] == lines
    assert [piece.first for piece in found] == [1 + at * 2_000 for at in range(5)]
