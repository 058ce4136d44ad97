"""A sample of patients as thieves publish them: tables, JSON, prose in two languages, an e-mail, a PDF, a post.

Made from `Leaked` people, who may be anybody's: `people(count)` invents some, a test of a whole clinic gives its own.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from html import escape
from typing import NamedTuple

import typst

from seifas.demo.people import person
from seifas.demo.tables import rows


class Leaked(NamedTuple):
    """What a thief knows of one patient. `birth` and `date` are YYYY-MM-DD; any text may be ""."""

    family: str
    given: str
    birth: str
    code: str
    phone: str
    email: str
    city: str
    procedure: str
    procedure_english: str
    doctor: str
    date: str


HEADINGS = ("Pavardė", "Vardas", "Gimimo data", "Asmens kodas", "Telefonas", "El. paštas", "Miestas", "Procedūra",
            "Gydytojas", "Vizito data")  # fmt: skip
_DOCTORS = ("gyd. Rūta Vaitkutė", "gyd. Andrius Stonys", "gyd. Milda Grikštaitė")


def people(count: int, seed: int = 7) -> list[Leaked]:
    """Invented patients, no two alike."""
    rng = random.Random(seed)
    procedures = [row for row in rows("clinical", "procedures") if row[2] == "30" or row[3] == "y"]
    found = []
    for index in range(count):
        one = person(seed, index, 2026)
        done = rng.choice(procedures)
        found.append(Leaked(
            one.family, one.given[0], one.birth.isoformat(), one.code, one.phone, one.email, one.city, done[-2],
            done[-1], rng.choice(_DOCTORS), f"202{rng.randint(3, 6)}-{rng.randint(1, 9):02}-{rng.randint(1, 28):02}",
        ))  # fmt: skip
    return found


def _cells(one: Leaked) -> list[str]:
    return [one.family, one.given, one.birth, one.code, one.phone, one.email, one.city, one.procedure, one.doctor,
            one.date]  # fmt: skip


def table(sample: Sequence[Leaked], *, headed: bool = True, delimiter: str = ";") -> str:
    """CSV as text."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([*([HEADINGS] if headed else []), *map(_cells, sample)])
    return made.getvalue()


def odd_table(sample: Sequence[Leaked]) -> str:
    """CSV with headings that lie, a whole name in one column, other forms of dates and phones, no codes."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=",")
    writer.writerow(("col_a", "Miestas", "x1", "phone", "Pavardė"))
    for one in sample:
        year, month, day = one.birth.split("-")
        writer.writerow((one.procedure_english, f"{one.given} {one.family}".upper(), f"{day}.{month}.{year}",
                         one.phone.replace("+370", "8 "), one.city))
    return made.getvalue()


def workbook(sample: Sequence[Leaked]) -> bytes:
    """XLSX with texts in the cells themselves."""
    def row(number: int, cells: Sequence[str]) -> str:
        made = "".join(f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
                       for at, cell in enumerate(cells))
        return f'<row r="{number}">{made}</row>'

    lines = "".join(row(number, cells) for number, cells in enumerate([HEADINGS, *map(_cells, sample)], 1))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return archive({
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{links}/officeDocument" '
                       'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="Lapas" sheetId="1" '
                           'r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="a" '
                                      f'Type="{links}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    })


def archive(parts: dict[str, str | bytes]) -> bytes:
    """A zip of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return made.getvalue()


def records(sample: Sequence[Leaked]) -> list[dict[str, object]]:
    return [
        {"patient": {"name": f"{one.given} {one.family}", "dob": one.birth, "national_id": one.code},
         "contact": {"mobile": one.phone, "mail": one.email}, "visits": [{"when": one.date, "what": one.procedure}]}
        for one in sample
    ]  # fmt: skip


def json_array(sample: Sequence[Leaked]) -> str:
    return json.dumps({"source": "dump", "patients": records(sample)}, ensure_ascii=False, indent=1)


def json_lines(sample: Sequence[Leaked]) -> str:
    return "".join(json.dumps(one) + "\n" for one in records(sample))


def sql_dump(sample: Sequence[Leaked]) -> str:
    """As mysqldump writes it, several rows a statement."""
    quoted = [", ".join("'" + cell.replace("\\", "\\\\").replace("'", "\\'") + "'" for cell in _cells(one))
              for one in sample]  # fmt: skip
    tuples = ",".join(f"({at},{cells})" for at, cells in enumerate(quoted, 1))
    columns = ",\n".join(f"  `c{at}` varchar(200) DEFAULT NULL" for at in range(10))
    return ("-- MySQL dump 10.13\nDROP TABLE IF EXISTS `pacientai`;\nCREATE TABLE `pacientai` (\n  `id` int NOT NULL,\n"
            f"{columns},\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"
            f"INSERT INTO `pacientai` VALUES {tuples};\n")  # fmt: skip


def sqlite_dump(sample: Sequence[Leaked]) -> str:
    """As `.dump` of SQLite writes it, one row a statement."""
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE people (family, given, birth, code, phone, email, city, procedure, doctor, visited)")
    made.executemany("INSERT INTO people VALUES (?,?,?,?,?,?,?,?,?,?)", [_cells(one) for one in sample])
    return "\n".join(made.iterdump())


def lithuanian(sample: Sequence[Leaked]) -> str:
    """Prose, a paragraph each."""
    forms = (
        "{given} {family}, gim. {birth}, iš miesto {city}. {procedure}, atliko {doctor}, {date}. Tel. {phone}.",
        "Klientė ar klientas: {family} {given}.\nGimimo data {birth}, el. paštas {email}.\nProcedūra: {procedure}.",
        "Turime viską apie tokį žmogų kaip {given} {family} ({birth}). Štai kodas: {code}. Kainos teirautis.",
    )
    return "\n\n".join(forms[at % 3].format(**one._asdict()) for at, one in enumerate(sample)) + "\n"


def english(sample: Sequence[Leaked]) -> str:
    """Prose, with the letters that an English keyboard has."""
    forms = (
        "{given} {family}, born {birth}, had {procedure_english} on {date}. Phone {phone}.",
        "Patient {family}, {given}; DOB {birth}; mail {email}; {procedure_english}.",
    )
    made = "\n\n".join(forms[at % 2].format(**one._asdict()) for at, one in enumerate(sample)) + "\n"
    return made.translate(str.maketrans("ąčęėįšųūžĄČĘĖĮŠŲŪŽ", "aceeisuuzACEEISUUZ"))


def mail(sample: Sequence[Leaked], *, attached: bytes = b"", name: str = "list.csv") -> bytes:
    """An e-mail with the prose in it, and a file."""
    message = EmailMessage()
    message["From"], message["To"] = "seller@example.org", "clinic@example.org"
    message["Subject"] = "Jūsų klientų duomenys"
    message["Date"] = "Sun, 22 Nov 2026 10:00:00 +0200"
    message.set_content(lithuanian(sample))
    if attached:
        message.add_attachment(attached, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def pdf(sample: Sequence[Leaked]) -> bytes:
    """A PDF with text in it."""
    body = "\n\n".join(f"#text({json.dumps(part, ensure_ascii=False)})" for part in lithuanian(sample).split("\n\n"))
    return bytes(typst.compile(f"#set page(paper: \"a4\")\n#set text(size: 10pt)\n{body}".encode()))


def page(sample: Sequence[Leaked], *, ppi: float = 130) -> bytes:
    """A picture (PNG) of the prose, as a screenshot shows it."""
    body = "\n\n".join(f"#text({json.dumps(part, ensure_ascii=False)})" for part in lithuanian(sample).split("\n\n"))
    made = typst.compile(f"#set page(width: 500pt, height: auto)\n#set text(size: 11pt)\n{body}".encode(), format="png",
                         ppi=ppi)  # fmt: skip
    return bytes(made)


def post(sample: Sequence[Leaked]) -> str:
    """A page of a forum: a heading, a post for each, and a table of them all."""
    posts = "".join(
        f"<article class=post><h3>{escape(one.given)} {escape(one.family)}</h3><p>born {one.birth}<br>tel&nbsp;"
        f"{one.phone}<br>{escape(one.procedure)}</p></article>" for one in sample
    )
    cells = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in (f"{one.family} {one.given}", one.birth, one.email))
        + "</tr>" for one in sample
    )
    return (f"<!doctype html><html><head><meta charset=utf-8><title>LEAK</title><script>track('x')</script></head>"
            f"<body><h1>Clinic leaked</h1>{posts}<table><tr><th>who</th><th>when</th><th>mail</th></tr>{cells}</table>"
            "<footer>page 1 of 9</footer></body></html>")  # fmt: skip


FORMS: dict[str, Callable[[Sequence[Leaked]], bytes]] = {
    "list.csv": lambda sample: table(sample).encode(),
    "windows.csv": lambda sample: table(sample).encode("windows-1257", "replace"),
    "wide.txt": lambda sample: table(sample, delimiter="\t").encode("utf-16"),
    "bare.csv": lambda sample: table(sample, headed=False, delimiter=",").encode(),
    "odd.csv": lambda sample: odd_table(sample).encode("utf-8-sig"),
    "list.xlsx": workbook,
    "dump.json": lambda sample: json_array(sample).encode(),
    "dump.ndjson": lambda sample: json_lines(sample).encode(),
    "dump.sql": lambda sample: sql_dump(sample).encode(),
    "lite.sql": lambda sample: sqlite_dump(sample).encode(),
    "story.txt": lambda sample: lithuanian(sample).encode(),
    "story-en.txt": lambda sample: english(sample).encode(),
    "letter.eml": mail,
    "report.pdf": pdf,
    "post.html": lambda sample: post(sample).encode(),
    "all.zip": lambda sample: archive({"a/list.csv": table(sample), "b.zip": archive({"story.txt": english(sample)})}),
}
"""Every form by the name of a file: what it makes of a sample."""
