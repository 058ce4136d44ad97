"""Searches: for patients (masked, at most 20, no totals), and inside one patient or the clinic's own resources.

A clinical search over all patients is refused: nothing on disk could answer it, and nobody who treats one patient
needs it.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from typing import Any

import msgspec

from seifas.errors import Missing
from seifas.fhir import filters
from seifas.fhir.negotiation import parameters
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.resources import CLINIC, NEVER_STORED, STORED_ID, belongs_to_patient
from seifas.fhir.results import entry, masked_patient, searchset
from seifas.keeper.client import KeeperClient

HITS = 20
PAGE = 100
MOST_PAGE = 1000
_SEX = {"male": "m", "female": "f", "other": "o", "unknown": "u"}
_DIRECT = frozenset({"family", "given", "name", "phone", "email"})
_CRITERIA = _DIRECT | {"identifier", "birthdate", "telecom"}
_IGNORED = frozenset({"_format", "_pretty", "_total"})
TOO_COSTLY = (
    "A search over all patients is not answered. Name one patient (patient=<id>), find the patient first (POST "
    "Patient/_search), or ask for Patient/<id>/$everything; for many patients there are worklists."
)

Pairs = list[tuple[str, str]]


def _split(pairs: Pairs) -> tuple[Pairs, str]:
    """Parameters without those that only shape the answer, and the format asked for."""
    asked = next((value for name, value in pairs if name == "_format"), "")
    return [(name, value) for name, value in pairs if name not in _IGNORED], asked


def asked_format(pairs: Pairs) -> str:
    """The value of `_format`, or ""."""
    return _split(pairs)[1]


def _number(text: str, name: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotSupported(f"{name} must be a whole number.", issue="value")
    return min(int(text), most)


class Searches:
    """The searches of one listener. At most `slots` run at once, so that a flood of them leaves the rest their turn."""

    def __init__(self, client: KeeperClient, base: str, *, slots: int = 32) -> None:
        self._client = client
        self._base = base
        self._slots = asyncio.Semaphore(slots)

    async def run(self, session: str, kind: str, pairs: Pairs, reason: str) -> bytes:
        """The searchset Bundle for `kind` with these parameters."""
        async with self._slots:
            pairs, _ = _split(pairs)
            by_id = [value for name, value in pairs if name == "_id"]
            whose = [value for name, value in pairs if name in ("patient", "subject")]
            if kind in NEVER_STORED:
                raise NotSupported(f"{kind} is not stored here.", issue="not-supported")
            if kind == "Patient":
                if by_id:
                    return await self._by_id(session, kind, by_id, pairs, reason)
                return await self._patients(session, pairs)
            if by_id and not whose:
                return await self._by_id(session, kind, by_id, pairs, reason)
            if not whose and belongs_to_patient(kind):
                raise NotSupported(TOO_COSTLY, status=403, issue="too-costly")
            return await self._inside(session, kind, pairs, whose, reason)

    async def _by_id(self, session: str, kind: str, wanted: list[str], pairs: Pairs, reason: str) -> bytes:
        if len(wanted) > 1 or any(name not in ("_id", "_count") for name, _ in pairs):
            raise NotSupported("_id is answered alone, one id at a time.")
        found = []
        if STORED_ID.match(wanted[0]):
            try:
                record = await self._client.call(
                    "record.read", session=session, type=kind, id=bytes.fromhex(wanted[0]), reason=reason
                )
                found = [entry(self._base, kind, wanted[0], record["body"])]
            except Missing:
                found = []
        else:
            await self._client.call("session.who", session=session)
        return searchset(found, [("self", f"{self._base}/{kind}")])

    async def _patients(self, session: str, pairs: Pairs) -> bytes:
        asked: dict[str, str] = {}
        count, sex = HITS, ""
        for name, value in pairs:
            if not value.strip():
                continue
            if name == "_count":
                count = _number(value, "_count", HITS)
                if count == 0:
                    raise NotSupported("Patients are found, not counted.", status=403, issue="too-costly")
            elif name == "gender":
                if value not in _SEX:
                    raise NotSupported("gender is male, female, other or unknown.", issue="code-invalid")
                sex = _SEX[value]
            elif name in _CRITERIA:
                self._criterion(asked, name, value)
            else:
                known = ", ".join(sorted(_CRITERIA | {"gender"}))
                raise NotSupported(
                    f"{name[:40]!r} is not taken: patients are found by _id or {known}, without modifiers."
                )
        if not asked:
            raise NotSupported(
                "A search for patients needs a name, number, birth date or identifier.", status=403, issue="too-costly"
            )
        hits = await self._client.call("patient.search", session=session, count=count, **asked)
        found = [
            entry(self._base, "Patient", hit["patient"].hex(), masked_patient(hit))
            for hit in hits
            if not sex or hit["sex"] == sex
        ]
        # The link says where, never what: names stay out of addresses.
        return searchset(found, [("self", f"{self._base}/Patient")])

    @staticmethod
    def _criterion(asked: dict[str, str], name: str, value: str) -> None:
        if name == "telecom":
            name = "email" if "@" in value else "phone"
        elif name == "birthdate":
            value = value.removeprefix("eq")
            if not value[:1].isdigit():
                raise NotSupported("birthdate is taken as a whole date, month or year, without a prefix.")
        if name in asked:
            raise NotSupported(f"{name} is taken once.")
        if "," in value:
            raise NotSupported(f"{name} takes one value: search once for each.")
        asked[name] = value

    async def _inside(self, session: str, kind: str, pairs: Pairs, whose: list[str], reason: str) -> bytes:
        patient = CLINIC
        if whose:
            named = {value.removeprefix(f"{self._base}/").removeprefix("Patient/") for value in whose}
            if len(named) != 1:
                raise NotSupported("One patient a search.", status=403, issue="too-costly")
            only = named.pop()
            if not STORED_ID.match(only):
                await self._client.call("session.who", session=session)
                raise Missing("there is no such record")
            patient = bytes.fromhex(only)
        tests: list[filters.Test] = []
        times = []
        page, start, order = PAGE, 0, ""
        for name, value in pairs:
            if name == "_count":
                page = _number(value, "_count", MOST_PAGE)
            elif name == "_offset":
                start = _number(value, "_offset", 10**8)
            elif name == "_lastUpdated":
                times.append(filters.updated_test(value))
            elif name == "_sort":
                order = self._order(value)
            elif name == "_id":
                tests.append(_has_id(frozenset(value.split(","))))
            elif name not in ("patient", "subject"):
                tests.append(filters.test_of(name, value))
        try:
            rows = await self._client.call("record.list", session=session, patient=patient, types=[kind], reason=reason)
        except Missing:
            if patient != CLINIC:
                raise
            rows = []  # the clinic has stored nothing of its own yet
        kept = [row for row in rows if all(test(row["updated_ms"]) for test in times)]
        if tests:
            decode = msgspec.json.decode
            kept = [row for row in kept if _passes(decode(row["body"]), tests)]
        kept.sort(key=lambda row: (row["updated_ms"], row["id"]), reverse=order == "-_lastUpdated")
        shown = kept[start : start + page]
        again = [(name, value) for name, value in pairs if name != "_offset"]
        links = [("self", self._link(kind, [*again, ("_offset", str(start))] if start else again))]
        if start + page < len(kept) and page:
            links.append(("next", self._link(kind, [*again, ("_offset", str(start + page))])))
        found = [entry(self._base, kind, row["id"].hex(), row["body"]) for row in shown]
        return searchset(found, links, total=len(kept))

    @staticmethod
    def _order(value: str) -> str:
        if value not in ("_lastUpdated", "-_lastUpdated"):
            raise NotSupported("_sort is taken by _lastUpdated or -_lastUpdated.")
        return value

    def _link(self, kind: str, pairs: Pairs) -> str:
        # Ids and codes only: inside one patient nothing is asked by name. The clinic's own may be (a doctor's name).
        kept = [(name, value) for name, value in pairs if name.partition(":")[0] not in filters.STRINGS]
        return f"{self._base}/{kind}?{urllib.parse.urlencode(kept)}" if kept else f"{self._base}/{kind}"

    async def everything(self, session: str, id_hex: str, raw_query: bytes, reason: str) -> bytes:
        """$everything of one patient: the Patient first, then all else; `_count` pages it, `_type` narrows it."""
        page, start = 0, 0
        types: list[str] = []
        for name, value in _split(parameters(raw_query))[0]:
            if name == "_count":
                page = _number(value, "_count", MOST_PAGE)
            elif name == "_offset":
                start = _number(value, "_offset", 10**8)
            elif name == "_type":
                types += [one for one in value.split(",") if one]
            else:
                raise NotSupported("$everything takes _count and _type.")
        if not STORED_ID.match(id_hex) or bytes.fromhex(id_hex) == CLINIC:
            await self._client.call("session.who", session=session)
            raise Missing("there is no such record")
        async with self._slots:
            rows: list[dict[str, Any]] = await self._client.call(
                "record.list", session=session, patient=bytes.fromhex(id_hex), types=types, reason=reason
            )
        rows.sort(key=lambda row: (row["type"] != "Patient", row["type"], row["updated_ms"], row["id"]))
        shown = rows[start : start + page] if page else rows[start:]
        where = f"{self._base}/Patient/{id_hex}/$everything"
        again = [("_count", str(page))] if page else []
        again += [("_type", ",".join(types))] if types else []
        links = [("self", f"{where}?{urllib.parse.urlencode(again)}" if again else where)]
        if page and start + page < len(rows):
            links.append(("next", f"{where}?{urllib.parse.urlencode([*again, ('_offset', str(start + page))])}"))
        found = [entry(self._base, row["type"], row["id"].hex(), row["body"]) for row in shown]
        return searchset(found, links, total=len(rows))


def _has_id(ids: frozenset[str]) -> filters.Test:
    return lambda resource: resource.get("id") in ids


def _passes(resource: dict[str, Any], tests: list[filters.Test]) -> bool:
    return all(test(resource) for test in tests)
