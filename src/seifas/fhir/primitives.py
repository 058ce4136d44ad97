"""The forms of FHIR primitive values (R4, datatypes): each check returns what is wrong, or None.

Dates are real calendar dates. Values are never echoed.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from typing import Any

from seifas.fhir.json_text import Number

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\Z", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d{1,9})?\Z", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60))(\.\d{1,9})?"
    r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)\Z",
    re.ASCII,
)
_MOST_DIGITS = 400
_CODE = re.compile(r"\S+(?: \S+)*\Z")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+\Z", re.ASCII)
_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_BASE64 = re.compile(r"[0-9A-Za-z+/=\s]+\Z")
_TAG = re.compile(r"<\s*/?\s*([A-Za-z][A-Za-z0-9]*)|<!--|<[!?]")
_ACTIVE = re.compile(r"[\s\"'/]on[a-z]+\s*=|(?:java|vb)script\s*:|[\s\"'/]srcdoc\s*=", re.IGNORECASE)
# Narrative may hold the formatting elements of HTML 4.0 chapters 7-11 (but forms and scripts) and 15 (R4, narrative).
_FORMATTING = (
    "a abbr acronym address b big blockquote br caption center cite code col colgroup dd del dfn dir div dl dt em font "
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th "
    "thead tr tt u ul var"
)
_NARRATIVE = frozenset(_FORMATTING.split())


def _string(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a string is needed"
    return None if value and not value.isspace() else "an empty string is not allowed: leave the element out"


def _matching(pattern: re.Pattern[str], meaning: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "a string is needed"
        return None if pattern.match(value) else meaning

    return check


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false is needed, without quotes"


def _whole(low: int, meaning: str) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= 2**31 - 1:
            return None
        return meaning

    return check


def _decimal(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return None
    if not isinstance(value, Number):
        return "a number is needed, without quotes"
    # Beyond a double, other programs could not read it back.
    if len(value.text) > _MOST_DIGITS or math.isinf(float(value.text)):
        return f"a number of at most {_MOST_DIGITS} characters, between -1.7e308 and 1.7e308, is needed"
    return None


def _uri(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a string is needed"
    return None if value.split() == [value] else "an address without spaces is needed"


def _real_date(text: str) -> bool:
    match = _DATE.match(text)
    if match is None:
        return False
    try:
        datetime.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return False
    return True


def _date(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a string is needed"
    if not _DATE.match(value):
        return "a date is needed: YYYY, YYYY-MM or YYYY-MM-DD"
    return None if _real_date(value) else "there is no such day in the calendar"


def _instant(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a string is needed"
    match = _MOMENT.match(value)
    if match is None:
        return "a moment with seconds and time zone is needed: 2026-11-21T10:15:00+02:00"
    return None if _real_date(match[1]) else "there is no such day in the calendar"


def _date_time(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a string is needed"
    if "T" in value:
        return _instant(value)
    return _date(value)


def _xhtml(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a string is needed"
    text = value.strip()
    if not text.startswith("<div") or not text.endswith("</div>"):
        return "the narrative must be one <div>"
    for match in _TAG.finditer(text):
        if match[0] != "<!--" and (match[1] is None or match[1].lower() not in _NARRATIVE):
            return "the narrative may hold formatting only: no scripts, forms, frames or declarations"
    return "the narrative may not hold scripts" if _ACTIVE.search(text) else None


CHECKS: dict[str, Callable[[Any], str | None]] = {
    "base64Binary": _matching(_BASE64, "base64 is needed"),
    "boolean": _boolean,
    "canonical": _uri,
    "code": _matching(_CODE, "a code is needed: no spaces at its ends, none doubled"),
    "date": _date,
    "dateTime": _date_time,
    "decimal": _decimal,
    "id": _matching(_ID, "an id is 1 to 64 letters, digits, '-' and '.'"),
    "instant": _instant,
    "integer": _whole(-(2**31), "a whole number of 32 bits is needed"),
    "markdown": _string,
    "oid": _matching(_OID, "an OID is needed: urn:oid:1.2.3"),
    "positiveInt": _whole(1, "a whole number from 1 is needed"),
    "string": _string,
    "time": _matching(_TIME, "a time is needed: 10:15:00"),
    "unsignedInt": _whole(0, "a whole number from 0 is needed"),
    "uri": _uri,
    "url": _uri,
    "uuid": _matching(_UUID, "a UUID is needed: urn:uuid:..."),
    "xhtml": _xhtml,
}


def after(start: str, end: str) -> bool:
    """Whether `start` is certainly later than `end` (two valid dateTime values of any precision)."""
    if "T" in start and "T" in end:
        return _moment(start) > _moment(end)
    length = min(len(start.partition("T")[0]), len(end.partition("T")[0]))
    return start[:length] > end[:length]


def _moment(text: str) -> datetime.datetime:
    match = _MOMENT.match(text)
    assert match is not None
    fraction = (match[3] or ".0")[1:7].ljust(6, "0")
    zone = "+00:00" if match[4] == "Z" else match[4]
    # A leap second is taken as the second before it: only the order matters here.
    clock = match[2][:-2] + "59" if match[2].endswith("60") else match[2]
    moment = datetime.datetime.fromisoformat(f"{match[1]}T{clock}.{fraction}{zone}")
    # Comparing near year 1 or 9999 must not overflow in the conversion to UTC.
    return moment.replace(year=min(max(moment.year, 2), 9998))
