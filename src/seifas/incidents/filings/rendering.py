"""Renders the facts of a case to a form, in Lithuanian or English: fields with what they rest on, and what is missing.

The same facts and the same form always give the same document. No patient is named by any fact; what strangers wrote
(demands, events) is shown where a form asks for it, and passes scanning.py before it leaves.
"""

from __future__ import annotations

from typing import Final

import msgspec

from seifas.incidents.filings.catalogue import FACTS, FORMS, Fact, Field, FilingKind, Form
from seifas.incidents.filings.facts import Answer, last_ms
from seifas.incidents.filings.known import Known
from seifas.incidents.filings.words import say

LATE_MS: Final = 72 * 3_600_000
"""GDPR 33(1): a notification later than this after becoming aware gives its reasons."""


class Value(msgspec.Struct, frozen=True):
    """One thing that a field says; `label` is "" where the field's own label is enough."""

    label: str
    text: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One field as it is shown. `marks` name grounds; `missing` the labels of what is needed and not known; a table,
    where there is one, has `head` and `rows`. `auto`: filled from the case, with strangers' words in it."""

    no: str
    label: str
    values: tuple[Value, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    marks: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    auto: bool = False


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A section as it is shown."""

    no: str
    title: str
    fields: tuple[Row, ...]


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that fields rest on, by its number."""

    mark: int
    reference: str
    words: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A field that says something else than the earlier filing did."""

    no: str
    label: str
    before: str
    now: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A filing in one language. `missing` are the numbers of fields that lack what is needed; `snapshots` the frozen
    lists that its numbers were counted in."""

    form: str
    language: str
    title: str
    recipient: str
    basis: str
    kind: FilingKind
    earlier: str
    clinic: str
    case: str
    made: str
    exercise: bool
    facts: str
    snapshots: tuple[str, ...]
    parts: tuple[Part, ...]
    grounds: tuple[Ground, ...]
    missing: tuple[str, ...]
    changes: tuple[Change, ...] | None = None

    @property
    def fields(self) -> tuple[Row, ...]:
        """All fields, in order."""
        return tuple(one for part in self.parts for one in part.fields)


def render(
    form: Form, known: Known, language: str, *, kind: FilingKind = "first", earlier: str = "",
    before: Document | None = None,
) -> Document:  # fmt: skip
    """The filing. `earlier` names the one that it supplements, `before` is that one in the same language."""
    marks = _Marks(known, language)
    met = {one.of for one in form.fields if one.need == "any" and _answered(one, known)}
    parts = tuple(
        Part(
            no=part.no, title=part.words(language),
            fields=tuple(_row(one, known, language, marks, met) for one in part.fields),
        )
        for part in form.section
    )  # fmt: skip
    rows = [one for part in parts for one in part.fields]
    counted = {
        answer.count.snapshot for one in form.fields for name in (*one.facts, *one.more)
        if (answer := known.facts.answer(name)).count is not None
    }  # fmt: skip
    made = Document(
        form=form.id, language=language, title=form.words(language), recipient=form.recipient(language),
        basis=form.basis(language), kind=kind, earlier=earlier, clinic=known.clinic, case=known.case, made=known.made,
        exercise=known.exercise, facts=known.facts_entry, snapshots=tuple(sorted(counted)), parts=parts,
        grounds=marks.grounds, missing=tuple(one.no for one in rows if one.missing),
    )  # fmt: skip
    return made if before is None else msgspec.structs.replace(made, changes=difference(before, made))


def difference(before: Document, now: Document) -> tuple[Change, ...]:
    """The fields that say something else now, those that are new or gone among them."""
    was, here = _said(before), _said(now)
    labels = {one.no: one.label for document in (before, now) for one in document.fields}
    return tuple(
        Change(no=no, label=labels[no], before=was.get(no, ""), now=here.get(no, ""))
        for no in labels if was.get(no, "") != here.get(no, "")
    )  # fmt: skip


def _said(document: Document) -> dict[str, str]:
    return {
        one.no: "\n".join([
            *(f"{value.label}: {value.text}" if value.label else value.text for value in one.values),
            *(" · ".join(cells) for cells in one.rows),
        ])
        for one in document.fields
    }  # fmt: skip


def _answered(one: Field, known: Known) -> bool:
    return any(not known.facts.answer(name).empty for name in one.facts)


def is_late(known: Known) -> bool:
    """Whether more than 72 hours have gone since the breach was established."""
    established = last_ms(known.facts, "established")
    return established is not None and known.now_ms - established > LATE_MS


def _row(one: Field, known: Known, language: str, marks: _Marks, met: set[str]) -> Row:
    label = one.words(language)
    if one.auto:
        return _auto(one, label, known, language, marks)
    several = len(one.facts) + len(one.more) > 1
    values, used = [], set[int]()
    for name in (*one.facts, *one.more):
        answer = known.facts.answer(name)
        if not answer.empty:
            values.append(Value(FACTS[name].words(language) if several else "", text_of(FACTS[name], answer, language)))
            used.update(marks.of(answer))
    lacking = [name for name in one.facts if known.facts.answer(name).empty]
    if one.need == "no" or (one.need == "any" and one.of in met) or (one.need == "late" and not is_late(known)):
        lacking = []
    if not values:
        values = [Value("", _nothing(one, known, language, lacking=bool(lacking)))]
    return Row(
        no=one.no, label=label, values=tuple(values), marks=tuple(sorted(used)),
        missing=tuple(FACTS[name].words(language) for name in lacking),
    )  # fmt: skip


def _nothing(one: Field, known: Known, language: str, *, lacking: bool) -> str:
    if lacking:
        return say(language, "later")
    if one.need == "late" and last_ms(known.facts, "established") is not None:
        return say(language, "not-late")
    return "–"


def text_of(fact: Fact, answer: Answer, language: str) -> str:
    """An answer in words."""
    if fact.kind == "many":
        return "; ".join(fact.choice(one, language) for one in answer.chosen)
    if fact.kind == "one":
        return fact.choice(answer.text, language)
    return answer.text.replace("T", " ") if fact.kind == "moment" else answer.text


def _auto(one: Field, label: str, known: Known, language: str, marks: _Marks) -> Row:
    def words(*keys: str) -> tuple[str, ...]:
        return tuple(say(language, key) for key in keys)

    head: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    used: set[int] = set()
    if one.auto == "reference":
        return Row(no=one.no, label=label, values=(Value("", known.case),))
    if one.auto == "events":
        head = words("at", "what", "source")
        rows = [(each.at or "?", each.what, each.source) for each in known.events]
        used.update(marks.ask(f"event:{each.entry}") for each in known.events)
    elif one.auto == "demands":
        head = words("at", "amount", "deadline", "address", "wording")
        for each in known.demands:
            rows.append((each.seen, each.amount, each.deadline, "\n".join(each.addresses), each.wording))
            used.update(marks.ask(name) for name in (f"demand:{each.entry}", *(f"file:{f}" for f in each.evidence)))
    elif one.auto == "evidence":
        head = ("ID", "SHA-256", *words("bytes", "kept"))
        rows = [(each.id[:8], each.sha256, str(each.size), each.kept) for each in known.files]
    elif one.auto == "filed":
        head = words("form", "kind", "sent", "channel", "reference")
        rows = [
            (
                FORMS[each.form].words(language) if each.form in FORMS else each.form, say(language, each.kind),
                each.at, each.channel, each.reference,
            )
            for each in known.sent
        ]  # fmt: skip
    if not rows:
        return Row(no=one.no, label=label, values=(Value("", say(language, "none")),))
    return Row(no=one.no, label=label, head=head, rows=tuple(rows), marks=tuple(sorted(used)), auto=True)


class _Marks:
    """Numbers what fields rest on, in the order in which it is met."""

    def __init__(self, known: Known, language: str) -> None:
        self._known = known
        self._language = language
        self._found: dict[str, Ground] = {}

    @property
    def grounds(self) -> tuple[Ground, ...]:
        return tuple(self._found.values())

    def of(self, answer: Answer) -> set[int]:
        used = {self.ask(one) for one in answer.grounds if not (one.startswith("snapshot:") and answer.count)}
        if answer.count is not None:
            words = say(self._language, "counted", id=answer.count.snapshot, query=answer.count.query)
            used.add(self._put(f"snapshot:{answer.count.snapshot} {answer.count.query}", words))
        return used

    def ask(self, reference: str) -> int:
        return self._put(reference, self._words(reference))

    def _put(self, reference: str, words: str) -> int:
        if reference not in self._found:
            self._found[reference] = Ground(mark=len(self._found) + 1, reference=reference, words=words)
        return self._found[reference].mark

    def _words(self, reference: str) -> str:
        kind, _, ident = reference.partition(":")
        known, language = self._known, self._language
        if kind in ("profile", "case"):
            return say(language, "profile") if kind == "profile" else say(language, "entry", id=known.case)
        if kind == "snapshot":
            return say(language, "snapshot", id=ident)
        short = ident[:8]
        if kind == "file":
            file = next((one for one in known.files if one.id == ident), None)
            if file is not None:
                return say(language, "file", id=short, sha256=file.sha256)
        elif kind == "event":
            event = next((one for one in known.events if one.entry == ident), None)
            if event is not None:
                return say(language, "event", id=short, at=event.at or "?")
        elif kind == "demand":
            demand = next((one for one in known.demands if one.entry == ident), None)
            if demand is not None:
                return say(language, "demand", id=short, at=demand.seen)
        else:
            return say(language, "entry", id=short)
        return say(language, "withdrawn", what=say(language, "entry", id=ident))
