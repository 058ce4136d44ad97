"""A case's deadlines: the dated rules applied to its events, its facts and the clinic's profile. Pure.

Every deadline names the rule with version and hash, the event that started it, both readings (computing_time.py), and
what went in. Where several events could have started it, or a rule can be read in several ways, all are held and the
strictest is the one that counts. A rule that is only proposed is computed beside the others and never due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal

import msgspec

from seifas.errors import Invalid
from seifas.incidents.computing_time import Computation, Ends, ends
from seifas.incidents.local_time import a_day, zone_of
from seifas.incidents.rules import FACTS, RULES, Mark, Rule, RuleUnit, Status
from seifas.incidents.standing import Entry, Held, standing
from seifas.incidents.timeline import SIGNED_WORDS, Document, Event

KIND: Final = "deadline"
PROFILE: Final = "profile"
MET: Final = "deadline-met"
AHEAD_MS: Final = 5 * 60_000
"""How far an event may lie in the future before it counts as a wrong clock or a slip of the pen."""
_HOUR_MS: Final = 3_600_000
_MOST_WORD: Final = 300

Fact = Literal["unknown", "yes", "no"]
Ksis = Literal["unknown", "no", "important", "essential"]
Trouble = Literal["future", "before-law", "not-registered", "unsigned", "no-time", "which-registered"]


class Profile(Document, frozen=True, kw_only=True):
    """What the rules ask for, of the clinic and of the case. `ksis`: how the clinic is registered under the
    cybersecurity law, `ksis_since` ("YYYY-MM-DD") since when. What is unknown counts as the law presumes."""

    ksis: Ksis = "unknown"
    ksis_since: str = ""
    personal_data: Fact = "unknown"
    risk: Literal["unknown", "unlikely", "some", "high"] = "unknown"
    abroad: Fact = "unknown"
    intrusion: Fact = "unknown"
    disruption: Fact = "unknown"
    extortion: Fact = "unknown"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One way to count. `event`: the event it is counted from (hex); "" where it is counted from when the rule
    `instead` is due, because that event is not there yet. Times ms UTC."""

    event: str = ""
    instead: str = ""
    word: str = ""
    text_lt: str = ""
    text_en: str = ""
    from_ms: int
    strict_ms: int
    formal_ms: int


class Deadline(Document, frozen=True, kw_only=True):
    """A deadline as it is kept. `key` names it for good: the rule, and the event where each event starts one.
    `strict_ms`: due; `formal_ms`: latest arguable; both 0 where the law sets no term, then `house_ms` is the house's
    own target, from and to. `readings`: all ways to count, the strictest first. `inputs`: the facts that were looked
    at. `why`: what made it differ from the one before (words of `differences`), `reason`: the person's own words."""

    key: str
    rule: str
    version: int
    digest: str
    title_lt: str
    title_en: str
    instrument_lt: str
    instrument_en: str
    article: str
    recipient: str
    unit: RuleUnit
    amount: int
    computation: Computation
    zone: str
    mark: Mark
    status: Status
    checked_by: str
    checked_on: str
    source: str
    source_url: str
    event: str
    event_ms: int
    strict_ms: int = 0
    formal_ms: int = 0
    house_ms: tuple[int, int] = (0, 0)
    readings: tuple[Reading, ...]
    inputs: dict[str, str]
    why: tuple[str, ...] = ()
    reason: str = ""

    @property
    def due_ms(self) -> int:
        """What to work towards: strict, or the end of the house's own target; 0 where there is neither."""
        return self.strict_ms or self.house_ms[1]


class Met(Document, frozen=True, kw_only=True):
    """That what a deadline asks for was done. `at_ms`: when, UTC; `how`: in words; `filing`: the entry of what was
    sent (hex), or ""."""

    key: str
    at_ms: int
    how: str
    filing: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why an event starts nothing: `rule` "" where it starts nothing at all."""

    trouble: Trouble
    event: str = ""
    word: str = ""
    rule: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`deadlines`: what is due, soonest first; `proposed`: what would be, were it law; `standing`: rules without a
    clock that apply; `problems`: what could not be counted, and why."""

    deadlines: tuple[Deadline, ...]
    proposed: tuple[Deadline, ...]
    standing: tuple[Rule, ...]
    problems: tuple[Problem, ...]


class _Start(msgspec.Struct, frozen=True):
    event: str
    word: str
    ms: int


def checked_profile(profile: Profile) -> Profile:
    """The profile itself. Raises Invalid with `where` the field."""
    if profile.ksis_since:
        a_day(profile.ksis_since, "ksis_since")
    if profile.ksis in ("important", "essential") and not profile.ksis_since:
        raise Invalid("since when is the clinic registered?", where="ksis_since")
    return profile


def profile_of(entries: Iterable[Entry]) -> Profile:
    """The newest profile among a case's entries; all unknown where there is none."""
    found = Profile()
    for one in sorted(entries, key=lambda each: each.seq):
        if one.kind == PROFILE:
            try:
                found = checked_profile(msgspec.json.decode(one.body, type=Profile))
            except (msgspec.DecodeError, UnicodeDecodeError, Invalid):
                continue
    return found


def compute(
    entries: Sequence[Entry], now_ms: int, zone: str, *, rules: Sequence[Rule] = RULES, country: str = "LT"
) -> Outcome:
    """The deadlines of a case from its entries (kinds "event" and "profile"). `now_ms` is by the case's clock, `zone`
    the clinic's. An event known only to the hour, day or month counts from its beginning."""
    profile = profile_of(entries)
    starts, problems = _starts(standing(entries, "event", Event), now_ms)
    found: dict[str, Deadline] = {}
    proposed: list[Deadline] = []
    in_play: list[Rule] = []
    # Those that are counted from another rule come after it.
    for rule in sorted(rules, key=lambda one: bool(one.readings)):
        mine = [one for one in starts if one.word in rule.trigger_event]
        if rule.unit == "standing":
            day = datetime.fromtimestamp(now_ms / 1000, zone_of(zone)).date()
            known = _facts(profile, day)
            if rule.status == "proposed" or (rule.in_force(day) and _applies(rule, known) and (
                mine or not rule.trigger_event)):  # fmt: skip
                in_play.append(rule)
            continue
        if rule.readings:
            following = _several(rule, starts, found, profile, zone, country)
            if following is not None:
                found[following.key] = following
            continue
        counting = []
        for one in mine:
            day = datetime.fromtimestamp(one.ms / 1000, zone_of(zone)).date()
            trouble = _trouble(rule, day, profile)
            if trouble is None:
                counting.append(one)
            elif trouble != "does-not-apply":
                problems.append(Problem(trouble=trouble, event=one.event, word=one.word, rule=rule.id))
        groups = [[one] for one in counting] if rule.each else [counting] if counting else []
        for group in groups:
            readings = [_reading(one, _ends(rule, one, zone, country, rule.computation)) for one in group]
            made = _deadline(rule, readings, profile, zone)
            if rule.status == "proposed":
                proposed.append(made)
            else:
                found[made.key] = made
    by_time = sorted(found.values(), key=lambda one: (one.due_ms or 1 << 60, one.key))
    return Outcome(
        deadlines=tuple(by_time), proposed=tuple(proposed), standing=tuple(in_play), problems=tuple(problems)
    )


def _starts(events: Sequence[Held[Event]], now_ms: int) -> tuple[list[_Start], list[Problem]]:
    starts, problems = [], []
    for one in events:
        event, spans = one.document, one.document.span
        if event.word == "other":
            continue
        trouble: Trouble | None = None
        if event.word in SIGNED_WORDS and not one.entry.signed:
            trouble = "unsigned"
        elif spans is None:
            trouble = "no-time"
        elif spans[0] > now_ms + AHEAD_MS:
            trouble = "future"
        if trouble is not None or spans is None:
            problems.append(Problem(trouble=trouble or "no-time", event=one.first, word=event.word))
        else:
            starts.append(_Start(one.first, event.word, spans[0]))
    return sorted(starts, key=lambda one: (one.ms, one.event)), problems


def _facts(profile: Profile, day: date) -> dict[str, str]:
    """The facts as they were on a day."""
    if profile.ksis in ("important", "essential"):
        registered = "yes" if date.fromisoformat(profile.ksis_since) <= day else "no"
    else:
        registered = profile.ksis
    return {one: registered if one == "registered" else getattr(profile, one) for one in FACTS}


def _applies(rule: Rule, known: Mapping[str, str]) -> bool:
    return all(known[fact] in values for fact, values in rule.applies_if.items())


def _trouble(rule: Rule, day: date, profile: Profile) -> Trouble | Literal["does-not-apply"] | None:
    known = _facts(profile, day)
    if not _applies(rule, {**known, "registered": "yes"}) or (profile.ksis == "no" and not _applies(rule, known)):
        return "does-not-apply"
    if rule.status != "proposed" and not rule.in_force(day):
        return "before-law"
    if _applies(rule, known):
        return None
    return "which-registered" if known["registered"] == "unknown" else "not-registered"


def _several(
    rule: Rule, starts: Sequence[_Start], found: Mapping[str, Deadline], profile: Profile, zone: str, country: str
) -> Deadline | None:
    """A rule with several readings: each from its own event, or from when the rule before it is due."""
    readings = []
    for one in rule.readings:
        base = found.get(one.otherwise)
        if base is None:
            return None  # what it follows does not bind, so neither does this
        first = next((each for each in starts if each.word in one.trigger_event), None)
        start = first or _Start("", "", base.strict_ms)
        at = _ends(rule, start, zone, country, one.computation)
        instead = "" if first else one.otherwise
        readings.append(_reading(start, at, instead=instead, text_lt=one.text_lt, text_en=one.text_en))
    return _deadline(rule, readings, profile, zone)


def _ends(rule: Rule, start: _Start, zone: str, country: str, computation: Computation) -> Ends:
    match rule.unit:
        case "hours" | "days" | "months":
            return ends(start.ms, rule.amount, rule.unit, zone_of(zone), computation, country)
    return Ends(0, 0)


def _reading(start: _Start, at: Ends, *, instead: str = "", text_lt: str = "", text_en: str = "") -> Reading:
    return Reading(
        event=start.event, instead=instead, word=start.word, text_lt=text_lt, text_en=text_en, from_ms=start.ms,
        strict_ms=at.strict, formal_ms=at.formal,
    )  # fmt: skip


def _deadline(rule: Rule, readings: Sequence[Reading], profile: Profile, zone: str) -> Deadline:
    ordered = sorted(readings, key=lambda one: (one.strict_ms, one.from_ms, one.event))
    first = ordered[0]
    day = datetime.fromtimestamp(first.from_ms / 1000, zone_of(zone)).date()
    known = _facts(profile, day)
    house = rule.house_hours or (0, 0)
    return Deadline(
        key=f"{rule.id}/{first.event}" if rule.each else rule.id, rule=rule.id, version=rule.version,
        digest=rule.digest, title_lt=rule.title_lt, title_en=rule.title_en, instrument_lt=rule.instrument_lt,
        instrument_en=rule.instrument_en, article=rule.article, recipient=rule.recipient, unit=rule.unit,
        amount=rule.amount, computation=rule.computation, zone=zone, mark=rule.mark, status=rule.status,
        checked_by=rule.checked_by, checked_on=rule.checked_on.isoformat() if rule.checked_on else "",
        source=rule.source, source_url=rule.source_url, event=first.event, event_ms=first.from_ms,
        strict_ms=first.strict_ms, formal_ms=first.formal_ms,
        house_ms=(first.from_ms + house[0] * _HOUR_MS, first.from_ms + house[1] * _HOUR_MS) if house[1] else (0, 0),
        readings=tuple(ordered), inputs={fact: known[fact] for fact in sorted(rule.applies_if)},
    )  # fmt: skip
