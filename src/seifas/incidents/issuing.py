"""Deadlines as they were issued: kept as entries of the case, issued again with a reason when facts change, never
overwritten. And what was done about them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from seifas.errors import Invalid
from seifas.incidents.deadlines import KIND, MET, PROFILE, Deadline, Met, Outcome, compute
from seifas.incidents.rules import RULES
from seifas.incidents.standing import Entry, chains

D = TypeVar("D", bound=msgspec.Struct)
Kind = Literal["new", "changed", "gone"]
State = Literal["late", "soon", "due", "met", "met-late", "untimed"]

KINDS: Final = ("event", PROFILE, KIND, MET)
"""Kinds of entries that deadlines are computed and kept in."""

SOON_MS: Final = 24 * 3_600_000
_MOST_WORD: Final = 300
_UNCOMPARED: Final = {"why": (), "reason": "", "retracted": ""}


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline as it was last issued. `first`: the id of its first entry (hex); `entry`: of the newest;
    `before`: what it replaced, oldest first."""

    first: str
    entry: Entry
    deadline: Deadline
    before: tuple[Deadline, ...]

    @property
    def stands(self) -> bool:
        """Whether it was not taken back."""
        return not self.deadline.retracted


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What issuing would do. `why`: earlier, later, event, readings, rule, facts, back; for `gone` the `deadline` is
    the issued one."""

    kind: Kind
    deadline: Deadline
    about: str = ""
    why: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline as it stands at a moment: `issued` None where nobody has issued it as it is computed now."""

    deadline: Deadline
    issued: Issued | None
    met: Met | None
    state: State


def issued_of(entries: Iterable[Entry]) -> dict[str, Issued]:
    """What was issued, by key; also what was taken back."""
    found = {}
    for chain in chains(entries, KIND):
        readable = [(one, made) for one in chain if (made := _read(one.body, Deadline)) is not None]
        if readable:
            newest, deadline = readable[-1]
            found[deadline.key] = Issued(
                first=chain[0].entry, entry=newest, deadline=deadline, before=tuple(one for _, one in readable[:-1])
            )
    return found


def mets_of(entries: Iterable[Entry]) -> dict[str, Met]:
    """What was done, by the deadline's key; the earliest that was not taken back."""
    found: dict[str, Met] = {}
    for chain in chains(entries, MET):
        readable = [made for one in chain if (made := _read(one.body, Met)) is not None]
        if readable and not readable[-1].retracted:
            met = readable[-1]
            if met.key not in found or met.at_ms < found[met.key].at_ms:
                found[met.key] = met
    return found


def changes(outcome: Outcome, issued: Mapping[str, Issued]) -> list[Change]:
    """What has to be issued, changed or taken back so that what was issued is what the facts say now."""
    found, computed = [], {one.key: one for one in outcome.deadlines}
    for key, deadline in computed.items():
        before = issued.get(key)
        if before is None:
            found.append(Change(kind="new", deadline=deadline))
        else:
            why = _differences(before.deadline, deadline)
            if why:
                found.append(Change(kind="changed", deadline=deadline, about=before.first, why=why))
    for key, gone in issued.items():
        if key not in computed and gone.stands:
            found.append(Change(kind="gone", deadline=gone.deadline, about=gone.first))
    return found


def issue(change: Change, reason: str) -> Deadline:
    """The deadline that a change issues. What was issued before is changed or taken back only with a reason: raises
    Invalid with `where` "reason"."""
    reason = " ".join(reason.split())
    if len(reason) > _MOST_WORD or any(ord(one) < 32 for one in reason):
        raise Invalid(f"at most {_MOST_WORD} letters", where="reason")
    if change.kind != "new" and len(reason) < 3:
        raise Invalid("say why it is issued again", where="reason")
    if change.kind == "gone":
        return msgspec.structs.replace(change.deadline, why=("gone",), reason=reason, retracted=reason)
    return msgspec.structs.replace(change.deadline, why=change.why, reason=reason)


def rows(outcome: Outcome, issued: Mapping[str, Issued], mets: Mapping[str, Met], now_ms: int) -> list[Row]:
    """The deadlines as they are computed now, what is open first, each soonest first."""
    found = []
    for deadline in outcome.deadlines:
        before = issued.get(deadline.key)
        fits = before is not None and not _differences(before.deadline, deadline)
        met = mets.get(deadline.key)
        found.append(
            Row(deadline=deadline, issued=before if fits else None, met=met, state=state_of(deadline, met, now_ms))
        )
    return sorted(found, key=lambda one: one.met is not None)


def met_by(
    entries: Sequence[Entry], form: str, at_ms: int, how: str, filing: str, *, now_ms: int, zone: str
) -> list[Met]:
    """What a filing that was sent at `at_ms` has done: every deadline that asks for this form, began before, and is not
    met yet. `entries` are those of the kinds in KINDS."""
    forms = {one.id: one.form_id for one in RULES}
    done = mets_of(entries)
    return [
        Met(key=one.key, at_ms=at_ms, how=how, filing=filing) for one in compute(entries, now_ms, zone).deadlines
        if forms.get(one.rule) == form and one.event_ms <= at_ms and one.key not in done
    ]  # fmt: skip


def state_of(deadline: Deadline, met: Met | None, now_ms: int) -> State:
    """How a deadline stands. One with the house's own target is late after that, though no law says so."""
    due = deadline.due_ms
    if met is not None:
        return "met-late" if due and met.at_ms >= due else "met"
    if not due:
        return "untimed"
    if now_ms >= due:
        return "late"
    return "soon" if due - now_ms <= SOON_MS else "due"


def _differences(before: Deadline, now: Deadline) -> tuple[str, ...]:
    if before.retracted:
        return ("back",)
    if msgspec.structs.replace(before, **_UNCOMPARED) == msgspec.structs.replace(now, **_UNCOMPARED):
        return ()
    found = []
    if now.due_ms != before.due_ms:
        found.append("earlier" if now.due_ms and (not before.due_ms or now.due_ms < before.due_ms) else "later")
    if now.event != before.event:
        found.append("event")
    if now.readings != before.readings and not found:
        found.append("readings")
    if now.digest != before.digest or now.version != before.version:
        found.append("rule")
    if now.inputs != before.inputs:
        found.append("facts")
    return tuple(found) or ("readings",)


def _read(body: bytes, of: type[D]) -> D | None:
    try:
        return msgspec.json.decode(body, type=of)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
