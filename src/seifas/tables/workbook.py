"""A workbook (XLSX, ECMA-376) without its sheets: which sheets there are, shared texts, and what styles say of numbers.

Read with zipfile and expat alone. Formulas are never worked out: the value that was saved is taken.
"""

from __future__ import annotations

import posixpath
import re

import msgspec

from seifas.errors import Invalid, TooLarge
from seifas.tables.table import MAX_CELL, MAX_TEXT, TOO_LONG, spoilt
from seifas.tables.xml_events import feed
from seifas.tables.zipped import Container

# Built-in number formats that are dates (14-17, 22, 27-36, 50-58) and times of day (18-21, 45, 47); 46 is a duration.
_DATES = frozenset((14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)))
_TIMES = frozenset((18, 19, 20, 21, 45, 47))
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DURATION = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_MOST_STYLES = 70_000  # a workbook has at most 65,490


class Sheet(msgspec.Struct, frozen=True):
    """One worksheet: its name, the part that holds it, whether it is hidden."""

    name: str
    part: str
    hidden: bool


class Book(msgspec.Struct, frozen=True):
    """`styles[n]` is what style n says of a number: "date", "time", "0005" (filled with zeros to 5) or ""."""

    sheets: tuple[Sheet, ...]
    texts: tuple[str, ...]
    styles: tuple[str, ...]
    epoch_1904: bool


def unescaped(text: str) -> str:
    """`_x000D_` and the like as the characters they stand for; what XML would not allow stays as it is."""
    return _ESCAPE.sub(_escaped, text) if "_x" in text else text


def _escaped(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    allowed = code in (9, 10, 13, 11, 12) or (code >= 32 and not 0xD800 <= code <= 0xDFFF and code < 0xFFFE)
    return chr(code) if allowed else found[0]


def read(container: Container) -> Book:
    """Everything but the rows. Raises Invalid for what is no workbook."""
    main = _relations(container, "_rels/.rels").of("officeDocument") or ["xl/workbook.xml"]
    part = main[0]
    if not container.has(part):
        raise Invalid("this is no workbook: it lacks its main part")
    folder = posixpath.dirname(part)
    links = _relations(container, f"{folder}/_rels/{posixpath.basename(part)}.rels", folder)
    listing = _Listing()
    _run(container, part, listing)
    worksheets = set(links.of("worksheet"))
    sheets = tuple(
        Sheet(name, target, hidden)
        for name, link, hidden in listing.sheets
        if (target := links.targets.get(link, "")) in worksheets
    )
    if not sheets:
        raise Invalid("the workbook has no sheet with cells")
    texts, styles = _Texts(), _Styles()
    for kind, handler in (("sharedStrings", texts), ("styles", styles)):
        for target in links.of(kind)[:1]:
            _run(container, target, handler)
    return Book(sheets, tuple(texts.all), tuple(styles.meaning()), listing.epoch_1904)


def _run(container: Container, part: str, handler: _Relations | _Listing | _Texts | _Styles) -> None:
    for _ in feed(container.pieces(part), handler, part=posixpath.basename(part)[:40]):
        pass


def _relations(container: Container, part: str, folder: str = "") -> _Relations:
    found = _Relations(folder)
    if container.has(part):
        _run(container, part, found)
    return found


class _Quiet:
    """A handler that looks at the beginnings of elements only."""

    def end(self, name: str) -> None:
        return

    def text(self, text: str) -> None:
        return


class _Relations(_Quiet):
    """Which parts belong together, and as what."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.targets: dict[str, str] = {}
        self._kinds: dict[str, list[str]] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship" or attributes.get("TargetMode") == "External":
            return
        target = attributes.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.join(self._folder, target)
        path = posixpath.normpath(path)
        self.targets[attributes.get("Id", "")] = path
        self._kinds.setdefault(attributes.get("Type", "").rpartition("/")[2], []).append(path)

    def of(self, kind: str) -> list[str]:
        return self._kinds.get(kind, [])


class _Listing(_Quiet):
    """The sheets in their order."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.epoch_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), attributes.get("id", ""), hidden))
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904", "0").lower() in ("1", "true")


class TextOf:
    """Gathers the text of `<t>` elements, the reading aids of Asian texts (rPh) aside, and stops at the limit."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0
        self._inside = False
        self._aside = 0

    def start(self, name: str) -> None:
        if name == "rPh":
            self._aside += 1
        self._inside = name == "t" and not self._aside

    def end(self, name: str) -> None:
        if name == "rPh":
            self._aside -= 1
        self._inside = False

    def text(self, text: str) -> None:
        if self._inside:
            self.size += len(text)
            if self.size <= MAX_CELL:
                self.parts.append(text)

    def take(self) -> str:
        """The text so far, and begin anew."""
        whole = unescaped("".join(self.parts))
        if self.size > MAX_CELL:
            whole = spoilt(TOO_LONG)
        self.parts.clear()
        self.size = 0
        return whole


class _Texts:
    """The table of texts that cells refer to by number."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._text = TextOf()
        self._size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._text.start(name)

    def end(self, name: str) -> None:
        self._text.end(name)
        if name == "si":
            text = self._text.take()
            self._size += len(text) + 50  # a Python string's own overhead, so that empty texts are no free ride
            if self._size > MAX_TEXT:
                raise TooLarge(f"the workbook holds more than {MAX_TEXT // 2**20} MiB of text; split it")
            self.all.append(text)

    def text(self, text: str) -> None:
        self._text.text(text)


class _Styles(_Quiet):
    """Number formats by style number."""

    def __init__(self) -> None:
        self._formats: dict[int, str] = {}
        self._styles: list[int] = []
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self._formats[_whole(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")[:500]
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._styles.append(_whole(attributes.get("numFmtId", "")))
            if len(self._styles) > _MOST_STYLES:
                raise TooLarge("the workbook has more styles than a workbook can have")

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False

    def meaning(self) -> list[str]:
        return [_meaning(number, self._formats.get(number)) for number in self._styles]


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _meaning(number: int, code: str | None) -> str:
    if code is None:
        return "date" if number in _DATES else "time" if number in _TIMES else ""
    first = code.split(";", 1)[0]
    if first and len(first) <= 40 and not first.strip("0"):
        return "0" * 3 + str(len(first)) if len(first) > 1 else ""
    if _DURATION.search(first):
        return ""
    plain = _LITERAL.sub("", first).lower()
    if plain == "general":
        return ""
    if "y" in plain or "d" in plain:
        return "date"
    if "h" in plain or "s" in plain:
        return "time"
    return "date" if "m" in plain else ""
