"""What is in a cell: taken out of what spreadsheets wrap around it, and read as telephone, address, sex or number.

A cell that holds something and cannot be read is refused, never left out: the row is then not imported. Reasons are
fixed words without content.
"""

from __future__ import annotations

import re
from unicodedata import category, normalize

from seifas.names.contacts import email_form, phone_digits
from seifas.names.folding import PARTICLES, fold
from seifas.tables.encodings import misread
from seifas.tables.personal_code import is_rounded
from seifas.tables.table import BadCell, spoilt_reason

_AS_FORMULA = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
_PROTECTED = re.compile(r"'[-+=@0-9(]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060\ufeff]")
_BREAKS = str.maketrans({"\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\x1f": "", "\u2028": "\n", "\u2029": "\n"})
_NOTHING = frozenset(("", "-", "--", "–", "—", "nera", "n a", "na", "null", "none", "nan", "nezinoma", "unknown"))
_DASHES = frozenset(("-", "--", "---", "–", "—"))
_PHONE_ONLY = re.compile(r"\+?[0-9\s()./\-–]{5,40}", re.ASCII)
_PHONES_APART = re.compile(r"[;,\n|]|\s/\s|\s(?=\+)")
_EMAILS_APART = re.compile(r"[;,\s|]+")
_DECIMAL = re.compile(r"(\d{1,4})(?:[.,](\d{1,4}))?\s*(?:cm|m|kg)?\.?", re.ASCII | re.IGNORECASE)
_LOST_LETTER = re.compile(r"[^\W\d_]\?|\?[^\W\d_]")

_MEN = frozenset(("v", "vyr", "vyras", "vyriska", "male", "man", "boy", "berniukas"))
_WOMEN = frozenset(("mot", "moteris", "moteriska", "f", "female", "woman", "girl", "mergaite", "z"))


def clean(cell: str) -> str:
    """The text of a cell without what a spreadsheet adds (`="..."`, a protecting apostrophe). Raises BadCell.

    A formula such as `=cmd|...` is text like any other: nothing here or later works it out.
    """
    if not cell:
        return ""
    if reason := spoilt_reason(cell):
        raise BadCell(reason)
    if cell.isascii() and cell.isalnum():
        return cell
    text = _INVISIBLE.sub("", cell.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)).strip()
    if found := _AS_FORMULA.fullmatch(text):
        text = found[1].replace('""', '"').strip()
    elif _PROTECTED.match(text):
        text = text[1:]
    if _CONTROLS.search(text):
        raise BadCell("holds a control character, which no text has")
    if not text.isascii():
        if misread(text):
            raise BadCell("holds letters that were spoilt when the text was saved in the wrong encoding before")
        text = normalize("NFC", text)
    return text


def plain(text: str) -> str:
    """The text of a field that is a datum, not a description: "" for what only says that there is none."""
    if len(text) <= 10 and (text in _DASHES or fold(text) in _NOTHING):
        return ""
    return text


def prose(text: str) -> str:
    """The text of a description as it stands; a lone dash says nothing. "None" may be an answer, so it stays."""
    return "" if text in _DASHES else text


def name(text: str) -> str:
    """A name on one line. Raises BadCell for what cannot be one."""
    text = " ".join(text.split())
    if not text:
        return ""
    if len(text) > 200:
        raise BadCell("is too long for a name")
    if _LOST_LETTER.search(text):
        raise BadCell("has a question mark in a name: a letter was lost when the file was saved")
    if not any(category(char).startswith("L") for char in text):
        raise BadCell("has no letter in a name")
    return text


def split_name(text: str, *, family_first: bool) -> tuple[str, str]:
    """(family, given) of a whole name in one cell; "Family, Given" in either case. Raises BadCell for one word."""
    before, comma, after = text.partition(",")
    if comma:
        if not before.strip() or not after.strip() or "," in after:
            raise BadCell("does not hold a surname and a given name")
        return before.strip(), after.strip()
    words = text.split()
    if len(words) < 2:
        raise BadCell("holds one word where a surname and a given name are needed")
    lead = [fold(word) in PARTICLES for word in words]
    if family_first:
        end = next((index for index, particle in enumerate(lead) if not particle), 0) + 1
        end = min(end, len(words) - 1)
        return " ".join(words[:end]), " ".join(words[end:])
    start = len(words) - 1
    while start > 1 and lead[start - 1]:
        start -= 1
    return " ".join(words[start:]), " ".join(words[:start])


def phones(text: str) -> list[str]:
    """Telephone numbers as they are kept: +37061234567 where the country is certain, else as written.

    Raises BadCell.
    """
    found = []
    for part in _phone_parts(text):
        if is_rounded(part):
            raise BadCell(
                "is a telephone number that the spreadsheet rounded (like 3,7E+10): its last digits are not in the "
                "file. Format the column as text where the full numbers are, and export again"
            )
        digits = phone_digits(part)
        if len(digits) < 5:
            raise BadCell("holds no telephone number of 5 to 15 digits")
        known = part[0] == "+" or (digits.startswith("370") and len(digits) == 11)
        found.append(f"+{digits}" if known and _PHONE_ONLY.fullmatch(part) else part)
    return list(dict.fromkeys(found))


def _phone_parts(text: str) -> list[str]:
    parts = [part.strip() for part in _PHONES_APART.split(text) if part.strip()]
    # "861234567, mama" is one number with a remark; only whole numbers stand apart.
    return parts if all(len(phone_digits(part)) >= 5 or is_rounded(part) for part in parts) else [text]


def emails(text: str) -> list[str]:
    """E-mail addresses as written. Raises BadCell for a part that is none."""
    found = []
    for part in _EMAILS_APART.split(text):
        if not part:
            continue
        if not email_form(part):
            raise BadCell("holds something that is no whole e-mail address")
        found.append(part.removeprefix("mailto:"))
    return list(dict.fromkeys(found))


def decimal(text: str) -> str:
    """A number with a decimal comma or point as FHIR writes it. Raises BadCell."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise BadCell("holds no number of a known form (172 or 1,72)")
    return f"{int(found[1])}.{found[2]}" if found[2] else str(int(found[1]))


class SexColumn:
    """M is a man in English and a woman (moteris) in Lithuanian: the column's other letters decide, or the codes."""

    def __init__(self) -> None:
        self._english = self._lithuanian = False
        self._by_code = {"male": 0, "female": 0}
        self._m_is = ""
        self.seen_m = False

    def see(self, text: str, by_code: str = "") -> None:
        """Count one value in; `by_code` is the sex that the row's personal code gives, or ""."""
        word = fold(text)
        if word == "m":
            self.seen_m = True
            if by_code:
                self._by_code[by_code] += 1
        elif word in ("f", "female"):
            self._english = True
        elif word in ("v", "vyr", "vyras"):
            self._lithuanian = True

    def decide(self) -> str:
        """What M means here, in words; "" where no M is. Leaves it open where nothing decides: then M is refused."""
        if not self.seen_m:
            return ""
        if self._english != self._lithuanian:
            self._m_is = "male" if self._english else "female"
            return f"M is {'a man, as in M and F' if self._english else 'a woman, as in V and M'}"
        men, women = self._by_code["male"], self._by_code["female"]
        if men + women and not self._english and min(men, women) * 20 <= max(men, women):
            self._m_is = "male" if men > women else "female"
            return f"M is a {'man' if men > women else 'woman'}, as the personal codes say"
        return ""

    def read(self, text: str) -> str:
        """ "male", "female", or "" for an empty cell. Raises BadCell."""
        word = fold(text)
        if not plain(text) or word in ("nezinoma", "nenurodyta", "unknown", "u"):
            return ""
        if word in _MEN:
            return "male"
        if word in _WOMEN:
            return "female"
        if word == "m":
            if self._m_is:
                return self._m_is
            raise BadCell(
                "holds a letter that is a man in English and a woman in Lithuanian; nothing in the column decides"
            )
        if word in ("other", "kita"):
            return "other"
        raise BadCell("holds no sex of a known form (V/M, vyras/moteris, M/F, male/female)")
