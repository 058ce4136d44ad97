"""Exercises: a case that happened, played again with a moved clock, to learn what one would do and what is due by when.

A script is data (`exercise/*.toml`): steps with a time, and what is written into the case at each. It can be played in
another year, under that year's law: all its dates move by whole years. Everything says that it is an exercise.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import tomllib
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import msgspec

from seifas.errors import Invalid
from seifas.incidents import demands, timeline
from seifas.incidents.local_time import Precision, span
from seifas.incidents.rates import Rates, read_rates
from seifas.incidents.standing import Entry
from seifas.incidents.timeline import Claim, Document, Event, EventWord, SourceKind

KIND: Final = "exercise"
"""The kind of the entry that says how far an exercise has come."""

YEARS: Final = (2017, 2019, 2026)
"""In which years a script can be played: before the GDPR, under it, and under NIS2 as well."""


class ScriptEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    what_lt: str
    what_en: str
    at: str
    precision: Precision
    source: str
    word: EventWord = "other"


class ScriptClaim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    subject_lt: str
    subject_en: str
    says_lt: str
    says_en: str
    source: str
    kind: SourceKind
    dated: str = ""


class ScriptDemand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    addressee: demands.Addressee
    amount: str
    unit: str
    fixed_in: str
    seen_at: str
    scope: demands.Scope
    channel: str
    note_lt: str
    note_en: str
    deadline: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens at one time, local in the script's zone ("YYYY-MM-DDTHH:MM")."""

    at: str
    title_lt: str
    title_en: str
    event: tuple[ScriptEvent, ...] = ()
    claim: tuple[ScriptClaim, ...] = ()
    demand: tuple[ScriptDemand, ...] = ()


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    title_lt: str
    title_en: str
    kind: str
    zone: str
    rates: str = ""
    rates_source: str = ""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """How far a case has come: the body of an entry of kind KIND. `done`: how many steps were written."""

    script: str
    year: int
    language: str
    done: int


class Exercise(msgspec.Struct, frozen=True):
    """A script that can be played: `first_year` is the one in which it happened."""

    script: Script
    steps: tuple[Step, ...]
    rates: Rates | None

    @property
    def first_year(self) -> int:
        return int(self.steps[0].at[:4])

    def title(self, language: str, year: int) -> str:
        """The title of a case in which it is played."""
        title = self.script.title_lt if language == "lt" else self.script.title_en
        return title if year == self.first_year else f"{title} → {year}"

    def at_ms(self, step: int, year: int) -> int:
        """When a step happens, by the case's clock: ms UTC."""
        when = span(_moved(self.steps[step].at, year - self.first_year), self.script.zone, "minute")
        assert when is not None
        return when[0]

    def entries(self, step: int, year: int, language: str) -> list[tuple[str, bytes]]:
        """(kind, body) of what is written into the case at a step; the first is how far it has come."""
        one, years, lt = self.steps[step], year - self.first_year, language == "lt"
        played = Played(script=self.script.id, year=year, language=language, done=step + 1)
        made: list[tuple[str, bytes]] = [(KIND, msgspec.json.encode(played))]
        if step == 0 and self.rates is not None:
            made.append(("rates", msgspec.json.encode(self.rates)))
        documents: list[tuple[str, Document]] = []
        for event in one.event:
            documents.append(("event", Event(
                what=event.what_lt if lt else event.what_en, word=event.word, at=_moved(event.at, years),
                zone=self.script.zone, precision=event.precision, source=event.source,
            )))  # fmt: skip
        for claim in one.claim:
            documents.append(("claim", Claim(
                subject=claim.subject_lt if lt else claim.subject_en, says=claim.says_lt if lt else claim.says_en,
                source=claim.source, kind=claim.kind, dated=_moved(claim.dated, years),
            )))  # fmt: skip
        made += [(kind, timeline.written(document)) for kind, document in documents]
        for demand in one.demand:
            made.append((demands.KIND, msgspec.json.encode(demands.checked(demands.Demand(
                addressee=demand.addressee, amount=demand.amount, unit=demand.unit, fixed_in=demand.fixed_in,
                seen_at=_moved(demand.seen_at, years), zone=self.script.zone, deadline=_moved(demand.deadline, years),
                scope=demand.scope, channel=demand.channel, note=demand.note_lt if lt else demand.note_en,
            )))))  # fmt: skip
        return made


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    script: Script
    step: tuple[Step, ...]


def read_script(name: str, text: bytes, files: Mapping[str, bytes]) -> Exercise:
    """An exercise out of a file, all of it tried in every year and both languages. `files` holds what it names. Raises
    Invalid, with `where` the file."""
    try:
        found = msgspec.convert(tomllib.loads(text.decode("utf-8")), _File)
        rates = None
        if found.script.rates:
            data = files[found.script.rates]
            rates = read_rates(data, found.script.rates_source, hashlib.sha256(data).hexdigest())
        made = Exercise(found.script, found.step, rates)
        if not made.steps:
            raise Invalid("an exercise has a step")
        for year in YEARS:
            times = [made.at_ms(step, year) for step in range(len(made.steps))]
            if times != sorted(times):
                raise Invalid("its steps are not in order")
            for step in range(len(made.steps)):
                for language in ("lt", "en"):
                    made.entries(step, year, language)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, RecursionError) as error:
        raise Invalid(f"this is no exercise: {error}", where=name) from None
    except (Invalid, ValueError) as error:
        raise Invalid(f"this is no exercise: {error}", where=name) from None
    return made


def played_of(entries: list[Entry]) -> Played | None:
    """How far an exercise has come; None for a case that plays no script."""
    found = None
    for one in sorted(entries, key=lambda each: each.seq):
        if one.kind == KIND:
            try:
                found = msgspec.json.decode(one.body, type=Played)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
    return found if found is not None and found.script in EXERCISES and found.year in YEARS else None


def _moved(text: str, years: int) -> str:
    """A day or local time, years later. The last of February may be the last of a shorter one."""
    if not text or not years:
        return text
    day = date.fromisoformat(text[:10])
    try:
        moved = day.replace(year=day.year + years)
    except ValueError:
        moved = day.replace(year=day.year + years, day=28)
    return moved.isoformat() + text[10:]


def _ours() -> Mapping[str, Exercise]:
    folder = importlib.resources.files("seifas.incidents").joinpath("exercise")
    files: dict[str, Any] = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
    made = [read_script(name, text, files) for name, text in sorted(files.items()) if name.endswith(".toml")]
    return MappingProxyType({one.script.id: one for one in made})


# Read at import: the web processes run as users of their own, who may not be able to read the package's files.
EXERCISES: Final = _ours()
"""The exercises that come with this version, by id."""
