"""Which encoding a table's text is in: told by its marks, proven by its bytes, or asked for.

An 8-bit text fits many encodings, and a wrong guess spoils names for good, so Windows-1257 is taken only where the
bytes speak for Lithuanian; a text that reads the same in all candidates needs no decision; all else is asked.
"""

from __future__ import annotations

import codecs
import re
from itertools import pairwise

import msgspec

from seifas.errors import Invalid

ENCODINGS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1257", "windows-1252", "windows-1250", "windows-1251",
    "iso-8859-1", "iso-8859-2", "iso-8859-4", "iso-8859-13", "iso-8859-15", "cp775", "cp437", "cp850", "cp852", "cp866",
)  # fmt: skip
"""What --encoding takes."""

_ASK = "say which with --encoding, for example windows-1257 (Lithuanian Windows), windows-1252, windows-1251 or utf-8"
_ASCII = bytes(range(128))
_LITHUANIAN = frozenset("ąčęėįšųūžĄČĘĖĮŠŲŪŽ")
_COMMON = frozenset("äöüÄÖÜßéÉ")
_MARKS = frozenset("„“”‘’‚–—… °§«»·•€™®©№±²³½¼¾×´`")
_ENOUGH = 4  # Lithuanian letters, of two kinds at least, before bytes are taken to speak for Lithuanian
_SAMPLE = 4 * 2**20
_WESTERN = ("windows-1257", "windows-1252", "windows-1250")
_MARK_INSIDE = re.compile("[^\\W\\d_][„“”‚°§«»•€™®©][^\\W\\d_]")
_LETTER_AND_MARK = re.compile("[ąčęėįšųūžĄČĘĖĮŠŲŪŽ][„“”‘’‚–—\u00a0]")
# Lithuanian letters in UTF-8 begin with C4 or C5; read as Windows-1252 or 1257 those are Ä and Å, followed by these.
_TWICE = re.compile("[ÄÅ][\u0080-\u00a0…„™—–¨¯æ¡³«¾Œ˜®²ª½]")


class Encoding(msgspec.Struct, frozen=True):
    """`codec` is Python's name; `name` and `why` are for people."""

    codec: str
    name: str
    why: str


def detect(raw: bytes, asked: str = "") -> Encoding:
    """The encoding of a whole file. Raises Invalid where it is ambiguous or no text; messages hold no content."""
    if asked:
        return _asked(asked)
    if raw[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        raise Invalid("the text is UTF-32; save it as UTF-8")
    if raw.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8-sig", "utf-8", "by its byte order mark")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16", "utf-16", "by its byte order mark")
    if b"\x00" in raw:
        return _zeros(raw)
    high = raw.translate(None, _ASCII)
    if not high:
        return Encoding("utf-8", "utf-8", "plain ASCII")
    if _is_utf8(raw):
        return _utf8(raw)
    return _eight_bit(raw, high)


def _asked(asked: str) -> Encoding:
    name = asked.strip().lower().replace("_", "-")
    name = {"cp1257": "windows-1257", "cp1252": "windows-1252", "cp1250": "windows-1250", "cp1251": "windows-1251",
            "1257": "windows-1257", "utf8": "utf-8", "latin-1": "iso-8859-1", "latin1": "iso-8859-1"}.get(name, name)
    if name not in ENCODINGS:
        raise Invalid(f"--encoding takes one of: {', '.join(ENCODINGS)}", where="--encoding")
    return Encoding({"utf-8": "utf-8-sig"}.get(name, name), name, "as asked")


def _zeros(raw: bytes) -> Encoding:
    """UTF-16 without a mark has a zero in most pairs of bytes, always on the same side. Decoding proves it later."""
    sample = raw[: _SAMPLE & ~1]
    high, low = sample[1::2].count(0), sample[0::2].count(0)
    pairs = len(sample) // 2
    if high > pairs * 0.25 and low <= pairs * 0.01:
        return Encoding("utf-16-le", "utf-16-le", "by its zero bytes")
    if low > pairs * 0.25 and high <= pairs * 0.01:
        return Encoding("utf-16-be", "utf-16-be", "by its zero bytes")
    line = raw.count(b"\n", 0, raw.index(0)) + 1
    raise Invalid("there are NUL bytes in it: this is no text, or a damaged one", where=f"line {line}")


def _is_utf8(raw: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(raw)
    try:
        for start in range(0, len(raw), 2**20):
            decoder.decode(view[start : start + 2**20])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf8(raw: bytes) -> Encoding:
    """Valid UTF-8 is UTF-8, unless it is a few bytes that are as well a Lithuanian letter before a quotation mark."""
    sequences = [raw[found.start() : found.end()] for found in re.finditer(rb"[\x80-\xff]+", raw[:_SAMPLE])]
    if len(sequences) <= 8:
        try:
            read = [one.decode("windows-1257") for one in sequences]
        except UnicodeDecodeError:
            read = []
        if read and all(_LETTER_AND_MARK.fullmatch(one) for one in read):
            raise Invalid(f"the few letters with marks in it fit UTF-8 and Windows-1257 alike; {_ASK}")
    return Encoding("utf-8-sig", "utf-8", "all its bytes are valid UTF-8")


def _refuse_damaged_utf8(raw: bytes) -> None:
    """In an 8-bit text hardly any run of high bytes happens to be UTF-8; where half of them are, it was UTF-8."""
    valid = broken = 0
    line = 0
    for found in re.finditer(rb"[\x80-\xff]+", raw[:_SAMPLE]):
        try:
            found[0].decode("utf-8")
            valid += 1
        except UnicodeDecodeError:
            broken += 1
            line = line or raw.count(b"\n", 0, found.start()) + 1
    if valid >= max(broken, 1) or _TWICE.search(raw[:_SAMPLE].decode("windows-1257", "ignore")):
        raise Invalid("most of this text is UTF-8, and some bytes are not: the file is damaged, or two encodings are "
                      "mixed in it", where=f"line {line}" if line else "")


def _eight_bit(raw: bytes, high: bytes) -> Encoding:
    _refuse_damaged_utf8(raw)
    kinds = bytes(sorted(set(high)))
    readings = {codec: _reading(kinds, codec) for codec in _WESTERN}
    possible = [text for text in readings.values() if text is not None]
    same = len(possible) == len(_WESTERN) and len(set(possible)) == 1
    if same and set(possible[0]) <= _COMMON | _MARKS and _is_plausible(raw, "windows-1257"):
        return Encoding("windows-1257", "windows-1257", "it reads the same in Windows-1257, 1252 and 1250")
    baltic = readings["windows-1257"]
    if baltic is not None:
        by_byte = dict(zip(kinds, baltic, strict=True))
        letters = {char for char in baltic if char.isalpha()}
        lithuanian = sum(high.count(byte) for byte, char in by_byte.items() if char in _LITHUANIAN)
        # Letters that are the same in all three (ä ö ü é) speak neither for nor against.
        others = sum(
            high.count(byte) for byte, char in by_byte.items() if char.isalpha() and char not in _LITHUANIAN | _COMMON
        )
        marks_only = all(char.isalpha() or char in _MARKS for char in baltic)
        if (
            lithuanian >= _ENOUGH
            and len({char.lower() for char in letters & _LITHUANIAN}) >= 2
            and others * 9 <= lithuanian  # a tenth may be the names of foreigners
            and marks_only
            and _is_plausible(raw, "windows-1257")
        ):
            return Encoding("windows-1257", "windows-1257", f"{lithuanian} of its letters are Lithuanian in it")
    line = raw.count(b"\n", 0, re.search(rb"[\x80-\xff]", raw).start()) + 1  # type: ignore[union-attr]
    raise Invalid(f"the text is not UTF-8, and its bytes do not say which older encoding it is; {_ASK}",
                  where=f"line {line}")


def _reading(kinds: bytes, codec: str) -> str | None:
    try:
        return kinds.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_plausible(raw: bytes, codec: str) -> bool:
    """Whether letters beyond ASCII stand as in Lithuanian: among ASCII letters (Cyrillic ones stand in rows), without
    capitals or quotation marks inside words (which is what DOS encodings look like)."""
    text = raw[:_SAMPLE].decode(codec, "replace")
    marked = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    foreign = sum(1 for word in marked if sum(char.isascii() for char in word) * 2 < len(word))
    inside = len(_MARK_INSIDE.findall(text)) + sum(
        1 for word in marked for one, other in pairwise(word) if one.islower() and other.isupper() and other > "\x7f"
    )
    return foreign * 5 <= len(marked) and inside * 10 <= len(marked)


def misread(text: str) -> bool:
    """Whether a cell holds the traces of text that was decoded wrongly before it was saved (PavardÄ—, � )."""
    return not text.isascii() and ("\ufffd" in text or _TWICE.search(text) is not None)
