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
from seifas.fhir.derived import Session
from seifas.fhir.inside import MOST_PAGE, WHOSE, Inside, understood, whole_number
from seifas.fhir.negotiation import parameters
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.parameters import parameters_of
from seifas.fhir.reading import one_of
from seifas.fhir.resources import CLINIC, NEVER_STORED, STORED_ID, belongs_to_patient, local, patient_of
from seifas.fhir.results import entry, masked_patient, searchset
from seifas.fhir.shaping import part_of, shaped
from seifas.keeper.client import KeeperClient

HITS = 20
_SEX = {"male": "m", "female": "f", "other": "o", "unknown": "u"}
_DIRECT = frozenset({"family", "given", "name", "phone", "email"})
_CRITERIA = _DIRECT | {"identifier", "birthdate", "telecom"}
# They say how the answer is written and counted, not what is searched; the last one is sent by fhirpy.
_IGNORED = frozenset({"_format", "_pretty", "_total", "_totalMethod"})
TOO_COSTLY = (
    "A search over all patients is not answered. Name one patient (patient=<id>), find the patient first (POST "
    "Patient/_search), or ask for Patient/<id>/$everything; what many patients have comes with a job that two people "
    "approve (Patient/$export?_type=...), whom to call with a worklist."
)

Pairs = list[tuple[str, str]]


def _split(pairs: Pairs) -> tuple[Pairs, str]:
    """Parameters without those that only shape the answer, and the format asked for."""
    asked = next((value for name, value in pairs if name == "_format"), "")
    return [(name, value) for name, value in pairs if name not in _IGNORED], asked


def asked_format(pairs: Pairs) -> str:
    """The value of `_format`, or ""."""
    return _split(pairs)[1]


class Searches:
    """The searches of one listener. At most `slots` run at once, so that a flood of them leaves the rest their turn."""

    def __init__(self, client: KeeperClient, base: str, *, slots: int = 32) -> None:
        self._client = client
        self._base = base
        self._slots = asyncio.Semaphore(slots)
        self._inside = Inside(client, base)

    async def run(self, session: Session, kind: str, pairs: Pairs) -> bytes:
        """The searchset Bundle for `kind` with these parameters."""
        async with self._slots:
            pairs, _ = _split(pairs)
            by_id = [value for name, value in pairs if name == "_id"]
            whose = [value for name, value in pairs if name in WHOSE]
            if kind in NEVER_STORED:
                raise NotSupported(f"{kind} is not stored here.", issue="not-supported")
            if by_id and (kind == "Patient" or not whose):
                return await self._by_id(session, kind, by_id, pairs)
            if kind == "Patient":
                return await self._patients(session, pairs)
            if not whose and belongs_to_patient(kind):
                return await self._around_record(session, kind, pairs)
            return await self._inside.search(session, kind, await self._one_patient(session, whose), pairs)

    async def _around_record(self, session: Session, kind: str, pairs: Pairs) -> bytes:
        """A search that names no patient, but a record of one (`encounter=Encounter/<id>`), is a search within theirs;
        the record is opened for it."""
        known = parameters_of(kind)
        for name, value in pairs:
            base, _, modifier = name.partition(":")
            parameter = known.get(base)
            text = value.removeprefix(f"{self._base}/")
            named = local(f"{modifier}/{text}" if modifier and "/" not in text else text)
            if parameter is None or parameter.form != "reference" or named is None or not belongs_to_patient(named[0]):
                continue
            try:
                row = await one_of(self._client, session, *named)
            except Missing:
                return searchset([], [("self", f"{self._base}/{kind}")], total=0)
            own = bytes.fromhex(named[1]) if STORED_ID.match(named[1]) else CLINIC
            patient = patient_of(msgspec.json.decode(row["body"]), own_id=own)
            if patient != CLINIC:
                return await self._inside.search(session, kind, patient, pairs)
        raise NotSupported(TOO_COSTLY, status=403, issue="too-costly")

    async def _one_patient(self, session: Session, whose: list[str]) -> bytes:
        """The patient that a search names, or CLINIC without one. Raises Missing for an id that nobody has."""
        if not whose:
            return CLINIC
        named = {value.removeprefix(f"{self._base}/").removeprefix("Patient/") for value in whose}
        if len(named) != 1 or "," in next(iter(named)):
            raise NotSupported("One patient a search.", status=403, issue="too-costly")
        only = named.pop()
        if not STORED_ID.match(only) or bytes.fromhex(only) == CLINIC:
            await self._client.call("session.who", session=session.token)
            raise Missing("there is no such record")
        return bytes.fromhex(only)

    async def _by_id(self, session: Session, kind: str, wanted: list[str], pairs: Pairs) -> bytes:
        if len(wanted) > 1 or "," in wanted[0]:
            raise NotSupported("_id is asked for one at a time.")
        others = [pair for pair in pairs if pair[0] not in ("_id", "_count")]
        more = [pair for pair in others if pair[0] not in ("_summary", "_elements")]
        understood(kind, others)
        part = part_of(others)
        links = [("self", f"{self._base}/{kind}")]
        try:
            row = await one_of(self._client, session, kind, wanted[0])
            if more and belongs_to_patient(kind):
                own = bytes.fromhex(wanted[0]) if STORED_ID.match(wanted[0]) else CLINIC
                patient = patient_of(msgspec.json.decode(row["body"]), own_id=own)
                return await self._inside.search(session, kind, patient, pairs)
        except Missing:
            return searchset([], links, total=0 if part.summary == "count" else None)
        if more:
            return await self._inside.search(session, kind, CLINIC, pairs)
        if part.summary == "count":
            return searchset([], links, total=1)
        return searchset([entry(self._base, kind, wanted[0], shaped(kind, row["body"], part))], links)

    async def _patients(self, session: Session, pairs: Pairs) -> bytes:
        asked: dict[str, str] = {}
        count, sex, active = HITS, "", ""
        for name, value in pairs:
            if not value.strip():
                continue
            if name == "_count":
                count = whole_number(value, "_count", HITS)
                if count == 0:
                    raise NotSupported("Patients are found, not counted.", status=403, issue="too-costly")
            elif name == "gender":
                if value not in _SEX:
                    raise NotSupported("gender is male, female, other or unknown.", issue="code-invalid")
                sex = _SEX[value]
            elif name == "active":
                if value not in ("true", "false"):
                    raise NotSupported("active is true or false.", issue="code-invalid")
                active = value
            elif name in _CRITERIA:
                self._criterion(asked, name, value)
            else:
                known = ", ".join(sorted(_CRITERIA | {"active", "gender"}))
                raise NotSupported(
                    f"{name[:40]!r} is not taken: patients are found by _id or {known}, without modifiers."
                )
        if not asked:
            raise NotSupported(
                "A search for patients needs a name, number, birth date or identifier.", status=403, issue="too-costly"
            )
        still = None if not active else active == "true"
        hits = await self._client.call(
            "patient.search", session=session.token, count=count, active=still, **asked
        )
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

    async def everything(self, session: Session, id_hex: str, raw_query: bytes) -> bytes:
        """$everything of one patient: the Patient first, then all else; `_count` pages it, `_type` narrows it."""
        page, start = 0, 0
        types: list[str] = []
        for name, value in _split(parameters(raw_query))[0]:
            if name == "_count":
                page = whole_number(value, "_count", MOST_PAGE)
            elif name == "_offset":
                start = whole_number(value, "_offset", 10**8)
            elif name == "_type":
                types += [one for one in value.split(",") if one]
            else:
                raise NotSupported("$everything takes _count and _type.")
        if not STORED_ID.match(id_hex) or bytes.fromhex(id_hex) == CLINIC:
            await self._client.call("session.who", session=session.token)
            raise Missing("there is no such record")
        async with self._slots:
            rows: list[dict[str, Any]] = await self._client.call(
                "record.list", session=session.token, patient=bytes.fromhex(id_hex), types=types, reason=session.reason
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

