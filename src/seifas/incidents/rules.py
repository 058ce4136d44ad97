"""The law as dated data: each rule is a record in `rules/*.toml`, with its source and with who has checked it.

Nothing of the law is in code. A rule says from when to when it is in force, which facts it asks for, which event starts
it, how long the period is and how it is computed. A rule that no lawyer has checked never looks certain, whatever its
mark: S was seen in the named source, C is cited without having been read, L is from general knowledge.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal

import msgspec

from seifas.errors import Invalid
from seifas.incidents.computing_time import MOST, Computation
from seifas.incidents.timeline import WORDS

Mark = Literal["S", "C", "L"]
Status = Literal["in-force", "proposed"]
RuleUnit = Literal["hours", "days", "months", "now", "as-set", "standing"]
Recipient = Literal[
    "vdai", "nksc", "patients", "controller", "internal", "requester", "police", "prosecutor", "recipients", "nobody"
]

FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "personal_data": ("unknown", "yes", "no"), "risk": ("unknown", "unlikely", "some", "high"),
    "registered": ("unknown", "yes", "no"), "abroad": ("unknown", "yes", "no"),
    "intrusion": ("unknown", "yes", "no"), "disruption": ("unknown", "yes", "no"),
    "extortion": ("unknown", "yes", "no"),
}  # fmt: skip
"""The facts that a rule may ask for, with the values they can have."""
PERIODS: Final = ("hours", "days", "months")
_ID: Final = re.compile(r"[A-Z]\d{1,2}\Z")
_MONTH: Final = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])\Z")
_MOST_BYTES: Final = 1 << 18


class OtherReading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another way to read from when a period runs. Until an event of `trigger_event` is there, it is counted from when
    the rule `otherwise` is due."""

    text_lt: str
    text_en: str
    mark: Mark
    trigger_event: tuple[str, ...]
    otherwise: str
    computation: Computation


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. `in_force_from` and `in_force_to` are days, both counted; none where nobody looked, or it has no end.
    `applies_if`: fact -> the values with which it applies (FACTS). `each`: every event starts a period of its own, else
    the earliest does. `unit` now: without undue delay, `house_hours` is then the house's own target, from and to;
    as-set: whoever asks sets the term; standing: a duty without a clock. `seen`: the month in which the source was
    read; `checked_on`, `checked_by`: when and by whom of the law."""

    id: str
    version: int
    title_lt: str
    title_en: str
    instrument_lt: str
    instrument_en: str
    article: str
    status: Status
    unit: RuleUnit
    recipient: Recipient
    mark: Mark
    source: str
    source_url: str
    in_force_from: date | None = None
    in_force_to: date | None = None
    applies_if: dict[str, tuple[str, ...]] = {}
    trigger_event: tuple[str, ...] = ()
    each: bool = False
    amount: int = 0
    computation: Computation = "elapsed"
    house_hours: tuple[int, int] | None = None
    content_fields: tuple[str, ...] = ()
    form_id: str = ""
    channel: tuple[str, ...] = ()
    exceptions_lt: tuple[str, ...] = ()
    exceptions_en: tuple[str, ...] = ()
    evidence_required: tuple[str, ...] = ()
    note_lt: str = ""
    note_en: str = ""
    seen: str = ""
    checked_on: date | None = None
    checked_by: str = ""
    readings: tuple[OtherReading, ...] = ()

    @property
    def checked(self) -> bool:
        """Whether a lawyer has checked it. Only then may it look certain."""
        return bool(self.checked_by)

    @property
    def digest(self) -> str:
        """SHA-256 of the whole record, hex: a deadline names the very text that it was computed from."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    def in_force(self, day: date) -> bool:
        """Whether it binds on a day; what is only proposed never does."""
        return (
            self.status == "in-force"
            and (self.in_force_from is None or self.in_force_from <= day)
            and (self.in_force_to is None or day <= self.in_force_to)
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: tuple[Rule, ...]


def read_rules(name: str, text: bytes) -> tuple[Rule, ...]:
    """The rules of one file, as far as one file alone can tell them right. Raises Invalid, with `where` the file and
    the rule."""
    if len(text) > _MOST_BYTES:
        raise Invalid("a file of rules has at most 256 KiB", where=name)
    try:
        found = msgspec.convert(tomllib.loads(text.decode("utf-8")), _File).rule
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"this is no file of rules: {error}", where=name) from None
    for rule in found:
        wrong = _wrong(rule)
        if wrong:
            raise Invalid(wrong, where=f"{name}: {rule.id[:20]}")
    return found


def whole(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """All rules together, by id. Raises Invalid where two have one id, or one leans on another that is not there."""
    found: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in found:
            raise Invalid("two rules have this id", where=rule.id)
        found[rule.id] = rule
    for rule in found.values():
        for one in rule.readings:
            base = found.get(one.otherwise)
            if base is None or base.unit != "hours" or base.readings:
                raise Invalid("a reading is counted from a rule in hours that is here", where=rule.id)
    return tuple(found[one] for one in sorted(found, key=lambda each: (each[0], int(each[1:]))))


def _ours() -> tuple[Rule, ...]:
    folder = importlib.resources.files("seifas.incidents").joinpath("rules")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return whole(rule for one in files for rule in read_rules(one.name, one.read_bytes()))


def _wrong(rule: Rule) -> str:
    """What is wrong with a rule; "" for nothing."""
    if not _ID.match(rule.id):
        return "an id is a capital letter and a number"
    if rule.version < 1:
        return "versions count from 1"
    for name in ("title_lt", "title_en", "instrument_lt", "instrument_en", "article", "source"):
        if not getattr(rule, name).strip():
            return f"{name} is empty"
    if not rule.source_url.startswith("https://") or any(one.isspace() or one in "\"'<>" for one in rule.source_url):
        return "source_url is an https address"
    if rule.in_force_from and rule.in_force_to and rule.in_force_to < rule.in_force_from:
        return "it ends before it begins"
    if rule.mark == "S" and not _MONTH.match(rule.seen):
        return "what was seen says when: seen = \"2026-11\""
    if rule.mark != "S" and rule.seen:
        return "only what is marked S was seen"
    if bool(rule.checked_by.strip()) != (rule.checked_on is not None):
        return "checked_on and checked_by come together"
    if len(rule.exceptions_lt) != len(rule.exceptions_en) or bool(rule.note_lt) != bool(rule.note_en):
        return "both languages say the same"
    for fact, values in rule.applies_if.items():
        if not values or not set(values) <= set(FACTS.get(fact, ())):
            return f"there is no such fact, or no such value of it: {fact[:40]}"
    return _wrong_period(rule)


def _wrong_period(rule: Rule) -> str:
    if rule.unit in PERIODS:
        if not 1 <= rule.amount <= MOST[rule.unit]:
            return f"1 to {MOST[rule.unit]} {rule.unit}"
        if rule.status == "in-force" and rule.mark != "L" and rule.in_force_from is None:
            return "a period of law says from when it is in force"
    elif rule.amount:
        return "only hours, days and months have an amount"
    if rule.house_hours and (rule.unit != "now" or not 0 < rule.house_hours[0] <= rule.house_hours[1]):
        return "the house's target stands beside `now`: two numbers of hours, the smaller first"
    triggers = [rule.trigger_event, *(one.trigger_event for one in rule.readings)]
    if any(word not in WORDS or word == "other" for words in triggers for word in words):
        return "there is no such event"
    if rule.unit != "standing" and not any(triggers):
        return "some event starts it"
    if rule.readings and (rule.unit not in PERIODS or rule.trigger_event or rule.each):
        return "what has several readings has no trigger of its own, and is a period"
    return ""


# Read at import: the web processes run as users of their own, who may not be able to read the package's files.
RULES: Final = _ours()
"""The rules that come with this version, by id."""
