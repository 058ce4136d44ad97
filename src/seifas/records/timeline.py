"""Reads a patient's resources into what a chart page shows: complaints; visits with all that was written in
them, newest first; consents, documents, photos as counts; whatever is none of these, collapsed.

Pure, and never fails on resources of another shape than FHIR says: what it does not understand it leaves to the rest.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable

import msgspec

from seifas.records.codes import MEASURES, PRESSURE
from seifas.records.composing import correctable, is_wrong, text_in
from seifas.records.lines import Group, entry_of, grouped
from seifas.records.patients import Guardian, guardian_of
from seifas.records.plain import Resource, code_of, items, target, text_of, word
from seifas.records.procedures import Product, products_of

_IN_VISITS = frozenset({"Observation", "Procedure", "Condition", "MedicationRequest", "Immunization", "ServiceRequest"})
_ELSEWHERE = frozenset(
    {"Patient", "Encounter", "Device", "RelatedPerson", "AllergyIntolerance", "Flag", "Consent", "Media",
     "DocumentReference"}
)  # fmt: skip
_PICTURE = "72170-4"
"""LOINC: Photographic image. A DocumentReference of it stands for a photo, not for a document."""


class Former(msgspec.Struct, frozen=True):
    """An earlier version of a record: its words, who wrote them, and when it was written (ms)."""

    text: str
    by: str
    when: int
    version: int


class Written(msgspec.Struct, frozen=True):
    """A resource as the vault keeps it. `patient` is 32 hex: another than the chart's for a merged record."""

    resource: Resource
    patient: str
    version: int
    when: int
    by: str = ""
    former: tuple[tuple[Resource, int, int, str], ...] = ()


class Line(msgspec.Struct, frozen=True):
    """One thing that was written. `kind`: note, complaint, procedure, measurement, other."""

    kind: str
    type: str
    id: str
    version: int
    date: str
    time: str
    text: str
    title: str
    by: str
    site: str
    products: tuple[Product, ...]
    wrong: bool
    open: bool
    correctable: bool
    words: str
    former: tuple[Former, ...]
    when: int
    merged: bool


class Visit(msgspec.Struct, frozen=True):
    """A visit with its lines; `id` is "" for what was written outside one."""

    id: str
    date: str
    time: str
    title: str
    doctor: str
    state: str
    version: int
    lines: tuple[Line, ...]
    wrong: bool
    merged: bool
    last: bool = False


class Alerted(msgspec.Struct, frozen=True):
    """An allergy or flag as the chart lists it."""

    line: Line
    high: bool
    reaction: str


class Since(msgspec.Struct, frozen=True):
    """What was written since the last visit ended: its date, and how many lines of each kind ("document" and "photo"
    too)."""

    date: str
    counts: tuple[tuple[str, int], ...]


class Timeline(msgspec.Struct, frozen=True):
    """What the page shows below the strip."""

    complaints: tuple[Line, ...]
    past: tuple[Line, ...]
    alerts: tuple[Alerted, ...]
    visits: tuple[Visit, ...]
    guardians: tuple[Guardian, ...]
    consents: tuple[Line, ...]
    documents: tuple[Line, ...]
    photos: tuple[tuple[str, int], ...]
    rest: tuple[Group, ...]
    since: Since | None
    today: str
    products: tuple[Product, ...]
    sites: tuple[str, ...]


def timeline(written: Iterable[Written], patient: str, today: str) -> Timeline:
    """The chart of `patient` (32 hex) on a day (ISO, the clinic's)."""
    rows = list(written)
    devices = {word(one.resource.get("id")): one.resource for one in rows if _kind(one) == "Device"}
    visits = _visits(rows, devices, patient, today)
    last = next((one for one in visits if one.id and one.date < today and not one.wrong), None)
    lines = [line for visit in visits for line in visit.lines]
    conditions = [_line(one, devices, patient) for one in rows if _kind(one) == "Condition"]
    alerts = [_alerted(one, patient) for one in rows if _kind(one) in ("AllergyIntolerance", "Flag")]
    documents = [one for one in rows if _kind(one) == "DocumentReference"]
    papers = [one for one in documents if code_of(one.resource.get("type")) != _PICTURE]
    pictures = [one for one in rows if _kind(one) == "Media"]
    used = [product for line in lines if not line.wrong for product in line.products]
    return Timeline(
        complaints=_newest(line for line in conditions if line.open and not line.wrong),
        past=_newest(line for line in conditions if not line.open or line.wrong),
        alerts=tuple(sorted(alerts, key=lambda one: (one.line.wrong, not one.line.open, not one.high, one.line.text))),
        visits=tuple(msgspec.structs.replace(one, last=one is last) for one in visits),
        guardians=tuple(guardian_of(one.resource) for one in rows if _kind(one) == "RelatedPerson"),
        consents=_newest(_line(one, devices, patient) for one in rows if _kind(one) == "Consent"),
        documents=_newest(_line(one, devices, patient) for one in papers),
        photos=tuple(sorted(Counter(_date(one.resource) for one in pictures).items(), reverse=True)),
        rest=tuple(grouped([
            one.resource for one in rows
            if _kind(one) not in _ELSEWHERE | _IN_VISITS or (_kind(one) == "DocumentReference" and one not in papers)
        ])),
        since=_since(last, lines, papers, pictures),
        today=next((one.id for one in visits if one.id and one.date == today and not one.wrong and not one.merged), ""),
        products=tuple({(one.name, one.lot): one for one in reversed(used) if one.lot}.values()),
        sites=tuple(dict.fromkeys(line.site for line in lines if line.site)),
    )  # fmt: skip


def _visits(rows: list[Written], devices: dict[str, Resource], patient: str, today: str) -> list[Visit]:
    inside: dict[str, list[Line]] = {}
    outside: dict[str, list[Line]] = {}
    known = {word(one.resource.get("id")) for one in rows if _kind(one) == "Encounter"}
    for one in rows:
        if _kind(one) not in _IN_VISITS:
            continue
        line = _line(one, devices, patient)
        encounter = target(one.resource.get("encounter"), "Encounter")
        if encounter in known:
            inside.setdefault(encounter, []).append(line)
        else:
            outside.setdefault(line.date, []).append(line)
    found = []
    for one in rows:
        if _kind(one) != "Encounter":
            continue
        resource, ident = one.resource, word(one.resource.get("id"))
        date, time = _moment(resource)
        people = [text_of(each.get("individual")) for each in items(resource.get("participant"))]
        found.append(Visit(
            ident, date, time, next((text_of(each) for each in items(resource.get("type"))), ""),
            ", ".join(filter(None, people)), word(resource.get("status")), one.version, _ordered(inside.get(ident, [])),
            is_wrong(resource), one.patient != patient,
        ))  # fmt: skip
    found += [
        Visit("", date, "", "", "", "", 0, _ordered(lines), False, False) for date, lines in outside.items()
    ]
    return sorted(found, key=lambda one: (one.date, one.time, bool(one.id)), reverse=True)


_ORDER = ("complaint", "note", "procedure", "measurement", "other")


def _ordered(lines: list[Line]) -> tuple[Line, ...]:
    """As a visit goes: why, what was found, what was done, figures; within each as it was written."""
    return tuple(sorted(lines, key=lambda one: (_ORDER.index(one.kind), one.time, one.when)))


def _newest(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda one: (one.date, one.time, one.when), reverse=True))


def _line(one: Written, devices: dict[str, Resource], patient: str) -> Line:
    resource = one.resource
    kind = kind_of(resource)
    date, time = _moment(resource)
    title, text = _said(resource, kind)
    return Line(
        kind=kind, type=_kind(one), id=word(resource.get("id")), version=one.version, date=date, time=time, text=text,
        title=title, by=author_of(resource) or one.by, site=", ".join(map(text_of, items(resource.get("bodySite")))),
        products=products_of(resource, devices) if kind == "procedure" else (), wrong=is_wrong(resource),
        open=_open(resource), correctable=correctable(resource), words=text_in(resource),
        former=_former(one), when=one.when, merged=one.patient != patient,
    )  # fmt: skip


def _former(one: Written) -> tuple[Former, ...]:
    """Earlier versions whose words were other ones."""
    found = []
    words = _whole(one.resource)
    for resource, version, when, by in one.former:
        said = _whole(resource)
        if said != words:
            found.append(Former(said, by or author_of(resource), when, version))
            words = said
    return tuple(found)


def _whole(resource: Resource) -> str:
    title, text = _said(resource, kind_of(resource))
    return f"{title}: {text}" if title and text else title or text


def kind_of(resource: Resource) -> str:
    """note, complaint, procedure, measurement or other."""
    kind = resource.get("resourceType")
    if kind == "Observation":
        return "note" if "valueString" in resource else "measurement"
    return {"Condition": "complaint", "Procedure": "procedure"}.get(word(kind), "other")


def _said(resource: Resource, kind: str) -> tuple[str, str]:
    """(title, text) of a line."""
    if kind == "note":
        return "", word(resource.get("valueString"))
    if kind == "measurement":
        entry = entry_of(resource)
        code = code_of(resource.get("code"))
        if code == PRESSURE[0]:
            figures = [text_of(one.get("valueQuantity")) for one in items(resource.get("component"))]
            numbers = [one.partition(" ")[0] for one in figures if one]
            return "pressure", "/".join(numbers) + " mmHg"
        key = next((key for key, (loinc, *_) in MEASURES.items() if loinc == code), "")
        return key or entry.title, entry.value
    notes = "\n".join(word(one.get("text")) for one in items(resource.get("note")) if word(one.get("text")))
    if kind in ("complaint", "procedure"):
        return _words(resource.get("code")) or "?", notes
    if resource.get("resourceType") in ("AllergyIntolerance", "Flag"):
        return "", _words(resource.get("code"))
    entry = entry_of(resource)
    doses = "; ".join(word(one.get("text")) for one in items(resource.get("dosageInstruction")))
    return entry.title, "; ".join(filter(None, (entry.value, doses, notes)))


def _words(concept: object) -> str:
    """What a concept says, with its code of ICD-10 where it has one."""
    if not isinstance(concept, dict):
        return ""
    text = word(concept.get("text"))
    codings = items(concept.get("coding"))
    shown = text or next((word(one.get("display")) for one in codings if word(one.get("display"))), "")
    icd = next((word(one.get("code")) for one in codings if "icd-10" in word(one.get("system"))), "")
    return f"{shown} ({icd})" if shown and icd else shown or icd or text_of(concept)


def author_of(resource: Resource) -> str:
    """Who is named as having written or done it, by name; "" where only an id stands."""
    for name in ("performer", "recorder", "asserter", "author", "requester"):
        value = resource.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                actor = one.get("actor", one)
                shown = word(actor.get("display")) if isinstance(actor, dict) else ""
                if shown:
                    return shown
    return ""


def _open(resource: Resource) -> bool:
    state = code_of(resource.get("clinicalStatus")) or word(resource.get("status"))
    return state not in ("resolved", "inactive", "remission", "entered-in-error", "rejected")


def _alerted(one: Written, patient: str) -> Alerted:
    reactions = [text_of(each.get("manifestation")) for each in items(one.resource.get("reaction"))]
    high = one.resource.get("criticality") == "high" or any(
        code_of(each) in ("safety", "clinical") for each in items(one.resource.get("category"))
    )
    return Alerted(_line(one, {}, patient), high, "; ".join(filter(None, reactions)))


def _since(last: Visit | None, lines: list[Line], papers: list[Written], pictures: list[Written]) -> Since | None:
    """Everything newer than the last visit's day."""
    if last is None:
        return None
    counts = Counter(line.kind for line in lines if line.date > last.date and not line.wrong)
    counts["document"] = sum(_date(one.resource) > last.date for one in papers)
    counts["photo"] = sum(_date(one.resource) > last.date for one in pictures)
    return Since(last.date, tuple((kind, count) for kind, count in counts.items() if count))


def _kind(one: Written) -> str:
    return word(one.resource.get("resourceType"))


def _date(resource: Resource) -> str:
    return _moment(resource)[0]


_WHEN = (
    "effectiveDateTime", "performedDateTime", "performedPeriod", "period", "recordedDate", "authoredOn", "dateTime",
    "date", "createdDateTime", "occurrenceDateTime", "issued", "effectivePeriod", "onsetDateTime",
)  # fmt: skip


def _moment(resource: Resource) -> tuple[str, str]:
    """(ISO date, HH:MM) as it was written, each "" where it is not there."""
    for name in _WHEN:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        if isinstance(value, str) and value:
            return value[:10], value[11:16] if value[10:11] == "T" else ""
    return "", ""


def days_since(date: str, today: str) -> int:
    """Whole days from one ISO date to another; -1 where one is none."""
    try:
        return (datetime.date.fromisoformat(today) - datetime.date.fromisoformat(date)).days
    except ValueError:
        return -1
