"""Which column is what: headings in Lithuanian and English are known, blind to case, diacritics and punctuation.

A column that nobody knows is never guessed at; it is listed, and `--mapping` names it. Two columns for one thing of
which a patient has only one are refused, not chosen between.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

import msgspec

from seifas.errors import Invalid
from seifas.names.folding import fold
from seifas.tables.table import Table

IGNORE = "ignore"


class Field(msgspec.Struct, frozen=True):
    """One thing that a column can hold. `many`: several columns may hold it. `visit`: it belongs to a visit."""

    name: str
    headings: str
    many: bool = False
    visit: bool = False


_ALL = (
    Field("family", "pavardė; paciento pavardė; kliento pavardė; surname; last name; family name; family; lastname; "
                    "dabartinė pavardė; patient surname"),
    Field("given", "vardas; vardai; paciento vardas; kliento vardas; first name; given name; given names; firstname; "
                   "forename; given; name first; patient first name"),
    Field("given_family", "vardas pavardė; vardas ir pavardė; paciento vardas pavardė; paciento vardas ir pavardė; "
                          "kliento vardas pavardė; first and last name; first name last name; name surname; "
                          "name and surname"),
    Field("family_given", "pavardė vardas; pavardė ir vardas; paciento pavardė vardas; paciento pavardė ir vardas; "
                          "surname name; surname and name; last name first name; surname first name"),
    Field("maiden", "mergautinė pavardė; mergautinė; ankstesnė pavardė; buvusi pavardė; maiden name; former surname; "
                    "previous surname; birth name"),
    Field("birth_date", "gimimo data; gim data; gimimo d; gimimo diena; gimęs; gimusi; gimė; date of birth; "
                        "birth date; birthdate; dob; birthday; born"),
    Field("sex", "lytis; sex; gender"),
    Field("personal_code", "asmens kodas; asm kodas; a k; ak; asmenskodas; asmens k; paciento asmens kodas; "
                           "personal code; national id; personal id; personal number; personal identification number"),
    Field("other_code", "paso nr; paso numeris; pasas; asmens dokumentas; asmens dokumento nr; dokumento nr; "
                        "dokumento numeris; passport; passport no; passport number; document number; esi nr",
          many=True),
    Field("card_number", "kortelės nr; kortelės numeris; kortelė; kort nr; ambulatorinės kortelės nr; "
                         "asmens sveikatos istorijos nr; paciento nr; paciento numeris; paciento id; kliento nr; "
                         "kliento id; card no; card nr; card number; chart number; chart no; patient id; patient no; "
                         "patient number; mrn; medical record number"),
    Field("phone", "telefonas; tel; tel nr; telefono nr; telefono numeris; telefonai; mobilus telefonas; mobilus; "
                   "mob; mob tel; mob nr; mob telefonas; namų telefonas; tel numeris; kontaktinis telefonas; phone; "
                   "phone number; phone no; telephone; mobile; mobile phone; cell; cell phone; home phone; tel 1; "
                   "tel 2; telefonas 1; telefonas 2; phone 1; phone 2", many=True),
    Field("email", "el paštas; el p; elpaštas; el pašto adresas; elektroninis paštas; paštas el; email; e mail; "
                   "mail; email address; e mail address", many=True),
    Field("address", "adresas; gyvenamoji vieta; gyvenamosios vietos adresas; namų adresas; paciento adresas; address; "
                     "home address"),
    Field("street", "gatvė; gatvė namas butas; street; street address; address line; address line 1"),
    Field("city", "miestas; gyvenvietė; miestas gyvenvietė; city; town"),
    Field("postal_code", "pašto kodas; pašto indeksas; indeksas; postal code; postcode; post code; zip; zip code"),
    Field("country", "šalis; valstybė; country"),
    Field("guardian", "globėjas; atstovas; tėvai; vienas iš tėvų; kontaktinis asmuo; guardian; parent; "
                      "contact person; emergency contact"),
    Field("guardian_phone", "globėjo telefonas; atstovo telefonas; kontaktinio asmens telefonas; tėvų telefonas; "
                            "guardian phone; parent phone; emergency phone; contact person phone"),
    Field("allergy", "alergija; alergijos; alerginės reakcijos; allergy; allergies", many=True),
    Field("patient_note", "pastabos apie pacientą; paciento pastabos; pastaba apie pacientą; patient notes; "
                          "patient note", many=True),
    Field("visit_date", "data; vizito data; apsilankymo data; apsilankymas; vizitas; procedūros data; "
                        "konsultacijos data; priėmimo data; date; visit date; date of visit; appointment date; visit; "
                        "procedure date", visit=True),
    Field("visit_time", "laikas; vizito laikas; valanda; time; visit time", visit=True),
    Field("doctor", "gydytojas; gydytoja; gyd; gydantis gydytojas; specialistas; daktaras; doctor; physician; "
                    "provider; practitioner; specialist", visit=True),
    Field("complaint", "nusiskundimas; nusiskundimai; skundai; paciento nusiskundimai; kreipimosi priežastis; "
                       "vizito priežastis; complaint; complaints; chief complaint; reason for visit; reason",
          many=True, visit=True),
    Field("diagnosis", "diagnozė; diagnozės; pagrindinė diagnozė; klinikinė diagnozė; diagnosis; diagnoses",
          many=True, visit=True),
    Field("diagnosis_code", "diagnozės kodas; tlk; tlk 10; tlk 10 am kodas; tlk 10 am; tlk kodas; tlk 10 kodas; "
                            "ligos kodas; icd; icd 10; icd code; icd 10 code; diagnosis code", visit=True),
    Field("procedure", "procedūra; procedūros; atlikta procedūra; atliktos procedūros; paslauga; paslaugos; "
                       "suteikta paslauga; procedure; procedures; treatment done; service; services",
          many=True, visit=True),
    Field("note", "pastabos; pastaba; komentaras; komentarai; aprašymas; apžiūra; objektyviai; anamnezė; gydymas; "
                  "rekomendacijos; paskyrimai; eiga; notes; note; comment; comments; remarks; description; findings; "
                  "examination; history; treatment; recommendations; plan", many=True, visit=True),
    Field("height", "ūgis; ūgis cm; ūgis m; height; height cm; height m", visit=True),
    Field("weight", "svoris; svoris kg; weight; weight kg", visit=True),
)  # fmt: skip
FIELDS = {field.name: field for field in _ALL}

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_POSITION = re.compile(r"#([1-9]\d{0,3})", re.ASCII)


class Mapped(msgspec.Struct, frozen=True):
    """One column that is read as a field. `index` counts from 0; `label` is how messages call it."""

    index: int
    label: str
    field: str


class Mapping(msgspec.Struct, frozen=True):
    """`columns` in their order; `unmapped` those that nobody knows and that have a cell filled in some row;
    `ignored` those that the mapping leaves out on purpose."""

    columns: tuple[Mapped, ...]
    unmapped: tuple[Mapped, ...]
    ignored: tuple[Mapped, ...]
    by_field: dict[str, tuple[Mapped, ...]]

    def of(self, field: str) -> tuple[Mapped, ...]:
        return self.by_field.get(field, ())

    def has(self, *fields: str) -> bool:
        return any(field in self.by_field for field in fields)


@lru_cache(maxsize=1)
def _by_heading() -> dict[str, str]:
    known: dict[str, str] = {}
    for field in _ALL:
        for heading in field.headings.split(";"):
            name = fold(heading)
            assert known.setdefault(name, field.name) == field.name, name
    return known


def field_of(heading: str) -> str:
    """The field that a heading names, or "". What stands in brackets (units, forms of dates) does not count."""
    if len(heading) > 200:
        return ""
    known = _by_heading()
    return known.get(fold(heading)) or known.get(fold(_BRACKETS.sub(" ", heading)), "")


def known_in(cells: list[str]) -> int:
    """How many different fields these headings name: how a row of headings is told from other rows."""
    return len({field for cell in cells if (field := field_of(cell))})


def label_of(heading: str, index: int) -> str:
    """How messages call a column: by its heading, unless that may be a patient's data (a table without headings)."""
    heading = " ".join(heading.split())
    digits = sum(char.isdigit() for char in heading)
    if heading and len(heading) <= 60 and digits <= 4 and "@" not in heading and heading.isprintable():
        return heading
    return f"column {index + 1}"


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping file: `[columns]` heading (or "#5", the fifth) -> field or "ignore"; `headings = false` for a table
    that has none, whose columns are then named by their places."""

    columns: dict[str, str] = {}
    headings: bool = True


def read_mapping(raw: bytes) -> Asked:
    """A mapping file in TOML. Raises Invalid naming the line or the field."""
    try:
        asked = msgspec.convert(tomllib.loads(raw.decode("utf-8-sig")), Asked)
    except UnicodeDecodeError as error:
        raise Invalid("the mapping file is not UTF-8", where="--mapping") from error
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"the mapping file is not TOML: {error}", where="--mapping") from error
    except msgspec.ValidationError as error:
        raise Invalid(
            f"the mapping file has a table [columns] and before it may say headings = false, no more: {error}",
            where="--mapping",
        ) from error
    for field in asked.columns.values():
        if field != IGNORE and field not in FIELDS:
            raise Invalid(f"there is no such field; there are: {', '.join(FIELDS)}, {IGNORE}", where="--mapping")
    return asked


def map_columns(table: Table, asked: dict[str, str]) -> Mapping:
    """What each column is, by the mapping file first, by its heading else. Raises Invalid where it is not certain."""
    wanted = _positions(table, asked)
    columns: list[Mapped] = []
    rest: list[Mapped] = []
    ignored: list[Mapped] = []
    for index, heading in enumerate(table.headings):
        field = wanted.get(index) or field_of(heading)
        mapped = Mapped(index, label_of(heading, index), field)
        (ignored if field == IGNORE else columns if field else rest).append(mapped)
    if not columns:
        raise Invalid(
            "no heading of this table is known, so it may have no headings at all. Put headings above the columns, or "
            "say with --mapping what they are",
            where=f"row {table.heading_row}",
        )
    for one in FIELDS.values():
        holders = [column.label for column in columns if column.field == one.name]
        if len(holders) > 1 and not one.many:
            raise Invalid(
                f"{len(holders)} columns are read as {one.name}; say with --mapping which it is "
                '("#3" names the third column, "ignore" leaves one out)',
                where=", ".join(holders),
            )
    by_field = {name: held for name in FIELDS if (held := tuple(one for one in columns if one.field == name))}
    mapping = Mapping(tuple(columns), (), tuple(ignored), by_field)
    _require_name(mapping, table)
    return msgspec.structs.replace(mapping, unmapped=_filled(table, rest))


def _positions(table: Table, asked: dict[str, str]) -> dict[int, str]:
    """Index of the column -> field, as the mapping file says."""
    folded = [" ".join(heading.split()).casefold() for heading in table.headings]
    wanted: dict[int, str] = {}
    for name, field in asked.items():
        if place := _POSITION.fullmatch(name.strip()):
            found = [int(place[1]) - 1] if int(place[1]) <= len(folded) else []
        else:
            key = " ".join(name.split()).casefold()
            found = [index for index, heading in enumerate(folded) if heading == key]
        if not found:
            raise Invalid("the mapping names a column that the table does not have", where=name)
        if len(found) > 1:
            raise Invalid('several columns have this heading; name one by its place, like "#3"', where=name)
        if found[0] in wanted:
            raise Invalid("the mapping names a column twice", where=name)
        wanted[found[0]] = field
    return wanted


def _require_name(mapping: Mapping, table: Table) -> None:
    whole = mapping.has("given_family", "family_given")
    if whole and mapping.has("family", "given"):
        raise Invalid("the name stands in one column and in columns of its own; leave one out with --mapping",
                      where=f"row {table.heading_row}")
    if mapping.has("given_family") and mapping.has("family_given"):
        raise Invalid("two columns hold the whole name; leave one out with --mapping", where=f"row {table.heading_row}")
    if not whole and not mapping.has("family"):
        raise Invalid(
            "no column is known to hold the surname; say with --mapping which one does (fields: family and given, or "
            "given_family or family_given where one column holds both)",
            where=f"row {table.heading_row}",
        )


def _filled(table: Table, columns: list[Mapped]) -> tuple[Mapped, ...]:
    """Those of the columns that have a filled cell in some row."""
    open_ones = dict(enumerate(columns))
    for _, cells in table:
        if not open_ones:
            break
        for key in [key for key, column in open_ones.items() if cells[column.index].strip()]:
            del open_ones[key]
    return tuple(column for key, column in enumerate(columns) if key not in open_ones)
