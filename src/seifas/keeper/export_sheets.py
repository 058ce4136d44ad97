"""The lines of an export: resources gathered by type, cut into files, and made-up records that look like the others.

Pure but for chance. A decoy of an export has what many here have: diagnoses, procedures, visits in shapes that at least
three of the looked-at patients share, on days of its own. So it can be told from no real patient by its codes, and
carries nobody's own words.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from seifas.keeper.inline_pictures import withheld

PIECE: Final = 8 * 1024 * 1024
"""Bytes of lines in one file, before sealing: each is opened in one piece."""

_BORNE_BY: Final = 3
_MOST_SHAPES: Final = 400
_CODED: Final = ("status", "class", "clinicalStatus", "verificationStatus", "category", "type", "code")
_DATES: Final = ("recordedDate", "onsetDateTime", "performedDateTime", "effectiveDateTime")
LIKENED: Final = frozenset({"Encounter", "Condition", "Procedure", "Observation"})
_YEARS: Final = 3
_TAIL: Final = re.compile(r"(?:\.000)?(?:Z|[+-]\d\d:\d\d)\Z")


class Sheets:
    """Lines by type, given out as files of at most PIECE bytes (a single longer resource is a file of its own)."""

    def __init__(self) -> None:
        self._lines: dict[str, list[bytes]] = {}
        self._sizes: Counter[str] = Counter()

    def add(self, kind: str, body: bytes) -> list[tuple[str, int, bytes]]:
        """One resource; the file (type, lines, bytes) that is full now, if one is."""
        line = bare(body)
        full = []
        if self._sizes[kind] and self._sizes[kind] + len(line) + 1 > PIECE:
            full.append(self._take(kind))
        self._lines.setdefault(kind, []).append(line)
        self._sizes[kind] += len(line) + 1
        if sum(self._sizes.values()) > 4 * PIECE:  # many types at once: the memory stays flat
            full.append(self._take(max(self._sizes, key=lambda one: self._sizes[one])))
        return full

    def rest(self) -> list[tuple[str, int, bytes]]:
        return [self._take(kind) for kind in sorted(self._lines)]

    def _take(self, kind: str) -> tuple[str, int, bytes]:
        lines = self._lines.pop(kind)
        del self._sizes[kind]
        return kind, len(lines), b"\n".join(lines) + b"\n"


def bare(body: bytes) -> bytes:
    """A resource as one line, without pictures that stand inside it: those are shown one by one, marked."""
    kept = withheld(body)
    if kept is not body:
        return kept
    return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body


class Shapes:
    """What records here look like: their coded parts and the form of their dates, counted over some patients."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._a_patient: list[int] = []
        self._times: list[int] = []

    def look(self, bodies: Iterable[bytes], times: Iterable[int] = ()) -> None:
        """One patient's records of the types LIKENED, and when records of theirs were stored (ms)."""
        self._times += times
        found = {shape for body in bodies if (shape := _shape(msgspec.json.decode(body)))}
        self._a_patient.append(len(found))
        for shape in found:
            if shape in self._seen or len(self._seen) < _MOST_SHAPES:
                self._seen[shape] += 1

    def moment(self, since_ms: int, now_ms: int) -> int:
        """When a made-up record was stored: between two neighbours among the looked-at, since a time when nobody else
        was written would tell it from them."""
        chance = random.SystemRandom()
        later = sorted(one for one in self._times if one > since_ms)
        if not later:
            return chance.randint(min(now_ms, max(since_ms + 1, now_ms - 30 * 86_400_000)), now_ms)
        first = chance.randrange(len(later))
        return chance.randint(later[first], later[min(first + 1, len(later) - 1)])

    def records(self, patient: str, today: date, since_ms: int, now_ms: int) -> list[tuple[str, str, bytes]]:
        """(type, id, body) of a made-up patient's records; none where nothing is common enough to be borrowed."""
        common = [(shape, count) for shape, count in self._seen.items() if count >= _BORNE_BY]
        if not common:
            return []
        chance = random.SystemRandom()
        many = min(max(1, chance.choice(self._a_patient)), 12, len(common))
        drawn = chance.choices([one for one, _ in common], [count for _, count in common], k=many)
        made = []
        for shape in dict.fromkeys(drawn):
            day = today - timedelta(days=chance.randrange(_YEARS * 365))
            updated = self.moment(since_ms, now_ms)
            ident = f"{chance.getrandbits(128):032x}"
            made.append((*_made(json.loads(shape), ident, patient, day, updated, chance), ident))
        return [(kind, ident, body) for kind, body, ident in made]


def _shape(resource: Any) -> str:
    """The coded parts of a resource as text; "" for one of another type, or that has no code of a system."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in LIKENED:
        return ""
    kept = {name: _codes(resource[name]) for name in _CODED if name in resource}
    if kind != "Encounter" and not (isinstance(kept.get("code"), dict) and kept["code"].get("coding")):
        return ""
    dates = {name: _form(resource[name]) for name in _DATES if isinstance(resource.get(name), str)}
    period = resource.get("period")
    start = period.get("start") if isinstance(period, dict) else None
    return json.dumps([kind, kept, dates, _form(start) if isinstance(start, str) else None], sort_keys=True)


def _form(text: str) -> tuple[int, str, bool]:
    """How a date is written: its letters, its zone, whether its seconds say something."""
    tail = _TAIL.search(text)
    return min(len(text), 32), tail[0] if tail else "", len(text) > 18 and text[17:19] != "00"


def _written(at: datetime, form: tuple[int, str, bool]) -> str:
    letters, tail, exact = form
    if letters <= len("2026-01-01"):
        return at.date().isoformat()[:letters]
    return f"{at if exact else at.replace(second=0):%Y-%m-%dT%H:%M:%S}{tail or '+00:00'}"


def _codes(value: Any) -> Any:
    """Codes without free words: a text may name somebody."""
    if isinstance(value, list):
        return [_codes(one) for one in value]
    if isinstance(value, dict):
        return {name: _codes(one) for name, one in value.items() if name in ("coding", "system", "code", "display")}
    return value if isinstance(value, str) and len(value) <= 120 else ""


def _made(
    shape: Any, ident: str, patient: str, day: date, updated_ms: int, chance: random.SystemRandom
) -> tuple[str, bytes]:
    kind, kept, dates, period = shape
    body: dict[str, Any] = {
        "resourceType": kind, "id": ident,
        "meta": {"versionId": "1", "lastUpdated": _instant(updated_ms)}, **kept,
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    exact = any(form[2] for form in [*dates.values(), *([period] if period else [])])
    minute = chance.randrange(60) if exact else 5 * chance.randrange(12)
    at = datetime(day.year, day.month, day.day, 8 + chance.randrange(9), minute, chance.randrange(60), tzinfo=UTC)
    for name, form in dates.items():
        body[name] = _written(at, form)
    if period:
        end = at + timedelta(minutes=15 * (1 + chance.randrange(4)))
        body["period"] = {"start": _written(at, period), "end": _written(end, period)}
    return kind, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def patient_body(ident: str, body: bytes, updated_ms: int) -> bytes:
    """A made-up Patient with the meta that stored ones have."""
    fields = msgspec.json.decode(body)
    head = {"resourceType": "Patient", "id": ident,
            "meta": {"versionId": "1", "lastUpdated": _instant(updated_ms)}}
    return json.dumps(head | {name: value for name, value in fields.items() if name not in head},
                      ensure_ascii=False, separators=(",", ":")).encode()


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
