"""A search inside one patient's resources, or the clinic's own: filters, order, pages, and what is included.

The keeper opens what one patient has of a type, with one line and one charge; the rest is a plain look at each.
"""

from __future__ import annotations

import datetime
import urllib.parse
from typing import Any

import msgspec

from seifas.errors import Missing
from seifas.fhir import filters
from seifas.fhir.derived import Row, Session, id_of
from seifas.fhir.derived_types import DERIVED
from seifas.fhir.including import Inclusion, inclusions_of, pointed_at, stored_ids
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.parameters import parameters_of
from seifas.fhir.resources import CLINIC, belongs_to_patient
from seifas.fhir.results import entry, searchset
from seifas.fhir.shaping import Part, part_of, shaped
from seifas.keeper.client import KeeperClient

PAGE = 100
MOST_PAGE = 1000
_SHAPING = frozenset({"_summary", "_elements", "_include", "_revinclude"})
_PEOPLE = frozenset({"Patient", "RelatedPerson", "Person"})
_NEVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)

Pairs = list[tuple[str, str]]


class Asked(msgspec.Struct, frozen=True):
    """A search inside one compartment, understood."""

    tests: tuple[filters.Test, ...]
    times: tuple[Any, ...]
    order: tuple[tuple[str, bool], ...]
    page: int
    start: int
    part: Part
    included: tuple[Inclusion, ...]


def whole_number(text: str, name: str, most: int) -> int:
    """A parameter's whole number, at most `most`. Raises NotSupported."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotSupported(f"{name} must be a whole number.", issue="value")
    return min(int(text), most)


def understood(kind: str, pairs: Pairs) -> Asked:
    """What the parameters ask for, without `patient` and `subject`. Raises NotSupported for one that is not known."""
    tests: list[filters.Test] = []
    times = []
    order: tuple[tuple[str, bool], ...] = ()
    page, start = PAGE, 0
    for name, value in pairs:
        if name == "_count":
            page = whole_number(value, "_count", MOST_PAGE)
        elif name == "_offset":
            start = whole_number(value, "_offset", 10**8)
        elif name == "_lastUpdated":
            times.append(filters.updated_test(value))
        elif name == "_sort":
            order = tuple((one.removeprefix("-"), one.startswith("-")) for one in value.split(",") if one)
        elif name == "_id":
            tests.append(_has_id(frozenset(value.split(","))))
        elif name.partition(":")[0] not in _SHAPING:
            tests.append(filters.test_of(kind, name, value))
    for name, _ in order:
        if name != "_lastUpdated":
            filters.moment_of(kind, name)
    part = part_of(pairs)
    return Asked(tuple(tests), tuple(times), order, page, start, part, tuple(inclusions_of(kind, pairs)))


class Inside:
    """Searches of one listener inside one compartment."""

    def __init__(self, client: KeeperClient, base: str) -> None:
        self._client = client
        self._base = base

    async def search(self, session: Session, kind: str, patient: bytes, pairs: Pairs) -> bytes:
        """The searchset of `kind` inside `patient` (or CLINIC). Raises Missing for a patient that is not there."""
        asked = understood(kind, [pair for pair in pairs if pair[0] not in WHOSE])
        rows = await self._rows(session, patient, [kind])
        kept = [row for row in rows if row["type"] == kind and all(test(row["updated_ms"]) for test in asked.times)]
        resources: dict[str, Any] = {}
        if asked.tests or asked.included or any(name != "_lastUpdated" for name, _ in asked.order):
            resources = {id_of(row): msgspec.json.decode(row["body"]) for row in kept}
            kept = [row for row in kept if all(test(resources[id_of(row)]) for test in asked.tests)]
        _sorted(kind, kept, resources, asked.order)
        again, private = self._spoken(kind, pairs)
        page = asked.page if not private else len(kept)
        shown = kept[asked.start : asked.start + page]
        links = [("self", self._link(kind, again, asked.start))]
        if asked.start + page < len(kept) and page:
            links.append(("next", self._link(kind, again, asked.start + page)))
        if asked.part.summary == "count":
            return searchset([], links[:1], total=len(kept))
        found = [self._entry(row, asked.part) for row in shown]
        if asked.included and shown:
            more = await self._included(session, patient, asked, [resources[id_of(row)] for row in shown])
            there = {(kind, id_of(row)) for row in shown}
            found += [
                self._entry(row, asked.part, mode="include") for row in more if (row["type"], id_of(row)) not in there
            ]
        return searchset(found, links, total=len(kept))

    def _entry(self, row: Row, part: Part, *, mode: str = "match") -> dict[str, Any]:
        return entry(self._base, row["type"], id_of(row), shaped(row["type"], row["body"], part), mode=mode)

    async def _rows(self, session: Session, patient: bytes, types: list[str], ids: list[bytes] | None = None
                    ) -> list[Row]:  # fmt: skip
        """What the compartment has of these types (of any, with `ids`: only those)."""
        stored = [name for name in types if name not in DERIVED or DERIVED[name].stored]
        rows: list[Row] = []
        if stored or ids:
            try:
                rows = await self._client.call(
                    "record.list", session=session.token, patient=patient, types=stored, reason=session.reason,
                    ids=ids or [],
                )  # fmt: skip
            except Missing:
                if patient != CLINIC:
                    raise  # the clinic may have stored nothing of its own yet
        if patient != CLINIC:
            for name in types:
                if name in DERIVED:
                    rows += await DERIVED[name].rows(self._client, session, patient)
        return rows

    async def _included(
        self, session: Session, patient: bytes, asked: Asked, shown: list[dict[str, Any]]
    ) -> list[Row]:
        names: set[tuple[str, str]] = set()
        rows: list[Row] = []
        own = {(one["resourceType"], one["id"]) for one in shown}
        for inclusion in asked.included:
            if not inclusion.back:
                for resource in shown:
                    names |= pointed_at(resource, inclusion, self._base)
                continue
            for row in await self._rows(session, patient, [inclusion.source]):
                if row["type"] == inclusion.source:
                    resource = msgspec.json.decode(row["body"])
                    if not own.isdisjoint(pointed_at(resource, inclusion, self._base)):
                        rows.append(row)
        for where, wanted in (
            (patient, {one for one in names if patient != CLINIC and belongs_to_patient(one[0])}),
            (CLINIC, {one for one in names if patient == CLINIC or not belongs_to_patient(one[0])}),
        ):
            ids = stored_ids(wanted)
            if ids:
                found = await self._rows(session, where, [], ids)
                rows += [row for row in found if (row["type"], id_of(row)) in wanted]
        return list({(row["type"], id_of(row)): row for row in rows}.values())

    def _spoken(self, kind: str, pairs: Pairs) -> tuple[Pairs, bool]:
        """The parameters as a link may repeat them, and whether some were left out: names and numbers of people stay
        out of addresses. Such a search is answered on one page."""
        known = parameters_of(kind)
        spoken = []
        private = False
        for name, value in pairs:
            parameter = known.get(name.partition(":")[0])
            if parameter is not None and (
                parameter.form == "string"
                or any(path.elements[0] == "telecom" for path in parameter.paths)
                or (kind in _PEOPLE and parameter.name in ("identifier", "birthdate"))
            ):
                private = True
            elif name != "_offset":
                spoken.append((name, value))
        return spoken, private

    def _link(self, kind: str, pairs: Pairs, start: int) -> str:
        kept = [*pairs, ("_offset", str(start))] if start else pairs
        return f"{self._base}/{kind}?{urllib.parse.urlencode(kept)}" if kept else f"{self._base}/{kind}"


WHOSE = frozenset({"patient", "subject", "patient:Patient", "subject:Patient"})


def _sorted(kind: str, rows: list[Row], resources: dict[str, Any], order: tuple[tuple[str, bool], ...]) -> None:
    """In place; the last key first, because Python's sort keeps what was in order."""
    rows.sort(key=lambda row: (row["updated_ms"], id_of(row)))
    for name, descending in reversed(order):
        if name == "_lastUpdated":
            rows.sort(key=lambda row: row["updated_ms"], reverse=descending)
            continue
        moment = filters.moment_of(kind, name)
        at = {id_of(row): moment(resources[id_of(row)]) for row in rows}
        rows.sort(key=lambda row: at[id_of(row)] or _NEVER, reverse=descending)
        rows.sort(key=lambda row: at[id_of(row)] is None)  # what has no such date comes last, either way


def _has_id(ids: frozenset[str]) -> filters.Test:
    return lambda resource: resource.get("id") in ids
