"""Which way did it go out: how well each session, account, export and window explains the whole sample.

Every way out is a set of what was opened through it. If a sample of n things was drawn from what went that way, each
thing had the chance 1/|set|; if it was drawn from a copy of the storage, the chance of its own popularity in the whole
clinic. The ratio of the two, over all things of the sample, is the evidence; a share of strays (things that were
matched wrongly, or came another way) is averaged out, so that one stray does not acquit and one hit does not accuse.

A thing can only have gone out through an opening that showed as much of it (a card, a chart, the photo itself) and no
earlier than what it says was written. Ways are compared by their posterior, all ways alike likely beforehand and
storage as likely as all of them together (Good 1950, weight of evidence). Beside it stands how often chance alone
would give some way as many hits: the binomial tail, times the number of ways (Bonferroni).

What it costs: one pass over the lines, then one over the ways that opened anything of the sample.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final

import msgspec

DAY_MS: Final = 86_400_000


class Shown(IntEnum):
    """How much of a patient an opening shows; each shows what is above it too."""

    CARD = 1
    CHART = 2


class Opening(msgspec.Struct, frozen=True, gc=False):
    """One line that showed something: its number and wall time in ms, the deed as `leak.lines` words it, the account
    and session (16 bytes or empty), the patients and photos (16 bytes each) that it showed."""

    n: int
    wall_ms: int
    deed: str
    account: bytes
    session: bytes
    patients: tuple[bytes, ...] = ()
    photos: tuple[bytes, ...] = ()


class Thing(msgspec.Struct, frozen=True):
    """One thing of the sample: a patient's text, or one photo. `probability`: that it was matched rightly.
    `shown`: what an opening must have shown. `not_before_ms`: when its newest part was written, 0 where not known."""

    patient: bytes = b""
    photo: bytes = b""
    probability: float = 1.0
    shown: Shown = Shown.CHART
    not_before_ms: int = 0


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way out. `kind`: session, export, day, week, month (of one account), hour (of the clinic), together (several
    sessions). `opened`: patients and photos that went through it; `hits`: things of the sample among them.
    `weight`: natural logarithm of the evidence against storage. `chance`: how likely some innocent way has as many."""

    kind: str
    account: bytes = b""
    sessions: tuple[bytes, ...] = ()
    since_ms: int
    until_ms: int
    opened: int
    hits: int
    weight: float
    posterior: float = 0.0
    chance: float = 1.0
    lines: tuple[int, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """`verdict`: "opened" (through the first way), "one-of-several" (through an opening, but ways of several accounts
    explain it alike), "storage" (none explains it: a copy of the disk or of a backup), or "cannot-tell". `ways` best
    first, at most 20. `not_before_ms`: no copy older than this can hold the sample. `backups`: lines of backups and
    restores since then."""

    verdict: str
    storage: float
    things: int
    ways: tuple[Way, ...]
    not_before_ms: int
    backups: tuple[int, ...]


SURE: Final = 0.99
"""Posterior from which a verdict is given; below it stands "cannot-tell"."""

_GIVES: Final = {
    "card": Shown.CARD, "worklist": Shown.CARD, "chart": Shown.CHART, "print": Shown.CHART, "export": Shown.CHART,
    "portal": Shown.CHART,
}  # fmt: skip
# "search" is not here: its hits are masked, and a sample with whole names did not come from them. Nor is "leak": a
# candidate of a case is opened because the sample is out already.
_EXPORTS: Final = frozenset({"print", "export"})
_STRAYS: Final = (0.01, 0.05, 0.2, 0.5)
_MOST_TOGETHER: Final = 12
_EACH_MORE: Final = math.log(2)
"""What one more session must bring beside the choice that it was, of all sessions."""

_TOLD: Final = 20
_WINDOWS: Final = (("day", 1), ("week", 7), ("month", 30))
_HOUR_MS: Final = 3_600_000

Seen = dict[bytes, list[tuple[int, int, int]]]
"""What one way opened: patient or photo -> (wall_ms, what was shown, number of the line)."""


def explained(things: Sequence[Thing], openings: Sequence[Opening], *, patients: int, photos: int = 0) -> Explanation:
    """Ranks the ways out. `patients` and `photos`: how many the clinic has.

    Openings in any order. Without an account (a portal's, a publication's) they make sessions and hours, no windows. An
    empty sample explains nothing: "cannot-tell".
    """
    lines = sorted((one for one in openings if one.deed in _GIVES or one.deed == "photo"), key=lambda one: one.wall_ms)
    known = [one for one in openings if one.deed in ("backup", "restore")]
    newest = max((one.not_before_ms for one in things), default=0)
    sought = {one.photo or one.patient for one in things}
    popular: Counter[bytes] = Counter()
    for line in lines:
        popular.update(set(line.photos) if line.deed == "photo" else set(line.patients))
    base = [_by_storage(one, popular, patients, photos) for one in things]
    hit, every = _ways(lines, sought)
    ways = _weighed(things, base, hit, every)
    ways += _together(things, base, ways, every, len({one.session for one in lines if one.session}))
    found = _posteriors([way for way, _ in ways], every)
    storage = 1.0 - sum(way.posterior for way in found)
    verdict = "cannot-tell"
    if things and storage >= SURE:
        verdict = "storage"
    elif things and storage <= 1 - SURE and found:
        verdict = "opened" if sum(way.posterior for way in found if _alike(way, found[0])) >= SURE else "one-of-several"
    backups = tuple(one.n for one in sorted(known, key=lambda one: one.n) if one.wall_ms >= newest)
    return Explanation(verdict, storage, len(things), tuple(found[:_TOLD]), newest, backups)


def _alike(way: Way, best: Way) -> bool:
    """Whether a way speaks for the same account: its session, day or month, or an hour of the clinic that is its."""
    if way.account:
        return way.account == best.account
    inside = set(best.lines).intersection(way.lines)
    return way == best or 3 * len(inside) >= 2 * len(way.lines)


def _by_storage(thing: Thing, popular: Mapping[bytes, int], patients: int, photos: int) -> float:
    """The chance that a copy of everything gives this thing: half by lot, half by how often it is opened, for thieves
    publish whom they have heard of, and those are opened often."""
    total = sum(popular.values())
    everyone = max(1, photos if thing.photo else patients)
    often = popular.get(thing.photo or thing.patient, 0) / total if total else 0.0
    return 0.5 / everyone + 0.5 * max(often, 0.2 / everyone)


class _Way(msgspec.Struct):
    kind: str
    account: bytes
    sessions: tuple[bytes, ...]
    since_ms: int
    until_ms: int
    seen: Seen


def _ways(lines: Sequence[Opening], sought: set[bytes]) -> tuple[list[_Way], int]:
    """(the ways that opened anything of the sample, for only those can explain it; how many ways there are at all)."""
    mine: defaultdict[bytes, list[Opening]] = defaultdict(list)
    parts: defaultdict[tuple[str, bytes, bytes, int], list[Opening]] = defaultdict(list)
    for line in lines:
        mine[line.account].append(line)
        if line.session:
            parts["session", line.account, line.session, 0].append(line)
        if line.deed in _EXPORTS:
            parts["export", line.account, line.session, line.n].append(line)
        parts["hour", b"", b"", line.wall_ms // _HOUR_MS].append(line)
    ways = []
    for (kind, account, session, _), own in parts.items():
        if any(sought.intersection(_ids(line)) for line in own):
            ways.append(_way(kind, account, (session,) if session else (), own))
    mine.pop(b"", None)
    for account, own in mine.items():
        hits = sorted({line.wall_ms // DAY_MS for line in own if sought.intersection(_ids(line))})
        for kind, days in _WINDOWS:
            for first in hits:
                inside = [line for line in own if first <= line.wall_ms // DAY_MS < first + days]
                ways.append(_way(kind, account, (), inside))
    every = len(parts) + len(_WINDOWS) * sum(len({line.wall_ms // DAY_MS for line in own}) for own in mine.values())
    return _distinct(ways), every


def _ids(line: Opening) -> tuple[bytes, ...]:
    return line.photos if line.deed == "photo" else line.patients


def _way(kind: str, account: bytes, sessions: tuple[bytes, ...], lines: Sequence[Opening]) -> _Way:
    seen: Seen = defaultdict(list)
    for line in lines:
        shown = _GIVES.get(line.deed, 0)
        for ident in _ids(line):
            seen[ident].append((line.wall_ms, shown, line.n))
    return _Way(kind, account, sessions, lines[0].wall_ms, lines[-1].wall_ms + 1, seen)


def _distinct(ways: Sequence[_Way]) -> list[_Way]:
    """The narrowest of those with the very same lines: a session that was an account's whole month is told once."""
    order = {"export": 0, "session": 1, "day": 2, "week": 3, "month": 4, "hour": 5}
    kept: dict[frozenset[int], _Way] = {}
    for way in sorted(ways, key=lambda one: (order[one.kind], one.since_ms, one.account)):
        kept.setdefault(frozenset(line for seen in way.seen.values() for _, _, line in seen), way)
    return list(kept.values())


def _weighed(
    things: Sequence[Thing], base: Sequence[float], ways: Sequence[_Way], every: int
) -> list[tuple[Way, _Way]]:
    hit_by = [(way, _told(things, base, way, every)) for way in ways]
    return sorted(
        ((told, way) for way, told in hit_by if told.hits), key=lambda pair: (-pair[0].weight, pair[0].opened)
    )


def _told(things: Sequence[Thing], base: Sequence[float], way: _Way, ways: int) -> Way:
    counts = {
        shown: sum(any(level >= shown for _, level, _ in seen) for seen in way.seen.values())
        for shown in (0, Shown.CARD, Shown.CHART)
    }
    gains, lines, hits, expected = [], [], 0, 0.0
    for thing, by_storage in zip(things, base, strict=True):
        need = 0 if thing.photo else thing.shown
        at = [
            line
            for wall, level, line in way.seen.get(thing.photo or thing.patient, ())
            if wall >= thing.not_before_ms and (thing.photo != b"" or level >= need)
        ]
        inside = 1 / max(1, counts[need]) if at else 0.0
        hits += bool(at)
        lines += at[:1]
        expected += min(1.0, by_storage * counts[need])
        gains.append(thing.probability * inside / by_storage + (1 - thing.probability))
    return Way(
        kind=way.kind, account=way.account, sessions=way.sessions, since_ms=way.since_ms, until_ms=way.until_ms,
        opened=len(way.seen), hits=hits, weight=_weight(gains),
        chance=min(1.0, ways * _tail(len(things), hits, expected / max(1, len(things)))), lines=tuple(sorted(lines)),
    )  # fmt: skip


def _weight(gains: Sequence[float]) -> float:
    """ln of the mean, over shares of strays, of the product of (1 - stray) · gain + stray."""
    logs = [sum(math.log((1 - stray) * gain + stray) for gain in gains) for stray in _STRAYS]
    most = max(logs)
    return most + math.log(sum(math.exp(one - most) for one in logs) / len(logs))


def _tail(things: int, hits: int, each: float) -> float:
    """P(at least `hits` of `things`), each with chance `each`."""
    if each >= 1 or hits == 0:
        return 1.0
    if each <= 0:
        return 0.0
    logs = [
        math.lgamma(things + 1) - math.lgamma(k + 1) - math.lgamma(things - k + 1)
        + k * math.log(each) + (things - k) * math.log1p(-each)
        for k in range(hits, things + 1)
    ]  # fmt: skip
    return min(1.0, sum(math.exp(one) for one in logs))


def _together(
    things: Sequence[Thing], base: Sequence[float], ways: Sequence[tuple[Way, _Way]], every: int, all_sessions: int
) -> list[tuple[Way, _Way]]:
    """Several sessions that explain together what none does alone: each one more must pay for having been chosen."""
    sessions = [pair for pair in ways if pair[0].kind in ("session", "export")]
    if len(sessions) < 2:
        return []
    price = math.log(all_sessions) + _EACH_MORE
    chosen = [sessions[0]]
    best = chosen[0][0]
    while len(chosen) < _MOST_TOGETHER:
        tried = []
        for pair in sessions:
            if pair not in chosen:
                joined = _joined([*(way for _, way in chosen), pair[1]])
                tried.append((_told(things, base, joined, every), pair))
        if not tried:
            break
        told, pair = max(tried, key=lambda one: (one[0].weight, -one[0].opened))
        net = told.weight - price * len(chosen)
        if told.hits <= best.hits or net <= best.weight:
            break
        chosen.append(pair)
        best = msgspec.structs.replace(told, weight=net)
    if len(chosen) == 1:
        return []
    return [(best, _joined([way for _, way in chosen]))]


def _joined(ways: Sequence[_Way]) -> _Way:
    seen: Seen = defaultdict(list)
    for way in ways:
        for ident, at in way.seen.items():
            seen[ident] += at
    accounts = {way.account for way in ways}
    return _Way(
        "together", accounts.pop() if len(accounts) == 1 else b"", tuple(one for way in ways for one in way.sessions),
        min(way.since_ms for way in ways), max(way.until_ms for way in ways), seen,
    )  # fmt: skip


def _posteriors(ways: Sequence[Way], every: int) -> list[Way]:
    if not ways:
        return []
    prior = 1 / every
    most = max(0.0, *(way.weight for way in ways))
    odds = [prior * math.exp(way.weight - most) for way in ways]
    total = sum(odds) + math.exp(-most)
    found = [
        msgspec.structs.replace(way, posterior=one / total) for way, one in zip(ways, odds, strict=True)
    ]
    return sorted(found, key=lambda way: (-way.posterior, way.opened))
