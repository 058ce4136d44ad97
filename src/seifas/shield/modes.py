"""When a listener becomes stricter, and when it eases: a pure state machine, one step a second.

Up: a bound is passed for some seconds on end. Down: one mode at a time, after ten minutes on end in which nothing came
near half of a bound. A flood that comes back soon after makes the next wait twice as long, so that one in waves does
not make the mode flap. Every bound has a floor in absolute numbers: three times nothing is nothing, a busy day of a
clinic stays under it, and a program that hammers from a few addresses passes none of them, however fast it is (those
are held by the limit of their address). By hand a listener is set to a mode for a time; the machine goes on underneath.
"""

from __future__ import annotations

from typing import Final

import msgspec

from seifas.shield.model import Mode

SOURCES: Final = "sources"  # distinct addresses in the last minute
NEWCOMERS: Final = "newcomers"  # addresses of networks never seen before, in the last minute
QUEUE: Final = "queue"  # ms that requests waited
PROCESSOR: Final = "processor"  # HAProxy's share of a core
CONNECTIONS: Final = "connections"  # opened a second, without requests in them
TURNED_AWAY: Final = "turned-away"  # share of strangers whom GUARDED could not serve
DEMAND: Final = "demand"  # strangers' requests a second
QUIET: Final = "quiet"
BY_HAND: Final = "by-hand"
HAND_OFF: Final = "hand-off"  # the time of what was set by hand is over
WORDS: Final = (SOURCES, NEWCOMERS, QUEUE, PROCESSOR, CONNECTIONS, TURNED_AWAY, DEMAND, QUIET, BY_HAND, HAND_OFF)
"""Every `why` of a Change."""


class Rules(msgspec.Struct, frozen=True):
    """Bounds and waits. Seconds, unless the name says otherwise."""

    guarded_sources: int = 600  # a minute; the floor
    guarded_times: float = 3.0  # the usual
    guarded_newcomers: int = 300
    most_usual: float = 3000.0  # sources and newcomers; a usual beyond it was taught by somebody, hour after hour
    siege_sources: int = 6000
    siege_times: float = 30.0
    few_sources: int = 120  # from fewer addresses in a minute nothing but a count of sources is taken for a flood
    queue_ms: float = 500.0
    guarded_cpu: float = 0.75
    siege_cpu: float = 0.92
    connections: float = 300.0  # a second
    turned_away: float = 0.4
    demand: float = 20.0  # a second; fewer strangers are no reason for anything
    guarded_after: float = 4.0
    siege_after: float = 8.0
    calm_after: float = 600.0
    longest_calm_after: float = 3600.0
    soon: float = 1800.0  # a flood that comes back so soon after a mode was eased doubles the wait


class Measured(msgspec.Struct, frozen=True):
    """What one listener saw. `usual_*` are of this hour of the week."""

    sources: float
    newcomers: float = 0.0
    usual_sources: float = 0.0
    usual_newcomers: float = 0.0
    usual_demand: float = 0.0
    knows_networks: bool = False  # false soon after a start: everybody is new then
    demand: float = 0.0  # strangers' requests a second, whatever became of them, and what the kernel dropped
    turned_away: float = 0.0  # share of them that got neither a page nor a file
    queue_ms: float = 0.0
    cpu: float = 0.0
    connections: float = 0.0
    requests: float = 0.0  # a second, of all


class Order(msgspec.Struct, frozen=True):
    """Set by hand."""

    mode: Mode
    until_ms: int


class Situation(msgspec.Struct, frozen=True):
    """Of one listener. Times are the caller's monotonic seconds; `since_ms` is Unix time. `own` is what the machine
    wants, `mode` what holds."""

    mode: Mode = Mode.CALM
    own: Mode = Mode.CALM
    since_ms: int = 0
    why: str = QUIET
    figures: dict[str, float] = {}
    guarded_from: float | None = None  # a bound of GUARDED is passed since then
    siege_from: float | None = None
    quiet_from: float | None = None
    eased: float | None = None  # when a mode was last eased
    calm_after: float = 0.0  # 0: as the rules say
    entered_demand: float = 0.0  # the highest at which a mode was entered since CALM
    order: Order | None = None


class Turn(msgspec.Struct, frozen=True):
    """The mode that holds became another."""

    before: Mode
    after: Mode
    why: str
    figures: dict[str, float]
    by_hand: bool = False


def step(
    now: Situation, seen: Measured, rules: Rules, *, at: float, ms: int, order: Order | None = None
) -> tuple[Situation, Turn | None]:
    """The situation one step later and, if the mode that holds changes by it, how. `order` is what is set by hand at
    this time; one that is over counts as none."""
    new, why, figures = _own(now, seen, rules, at)
    if order is not None and order.until_ms <= ms:
        order = None
    mode = new.own if order is None else order.mode
    if order is not None and (order != now.order or mode != now.mode):
        why, figures = BY_HAND, {}
    elif order is None and now.order is not None and mode != now.mode and new.own == now.own:
        why, figures = HAND_OFF, {}
    if mode == now.mode:
        return msgspec.structs.replace(new, mode=mode, order=order), None
    turn = Turn(before=now.mode, after=mode, why=why, figures=figures, by_hand=why in {BY_HAND, HAND_OFF})
    return msgspec.structs.replace(new, mode=mode, order=order, since_ms=ms, why=why, figures=figures), turn


def _own(now: Situation, seen: Measured, rules: Rules, at: float) -> tuple[Situation, str, dict[str, float]]:
    guarded, siege = guarded_bounds(seen, rules), siege_bounds(seen, rules, now.mode)
    passed_guarded, passed_siege = _passed(guarded), _passed(siege)
    new = msgspec.structs.replace(
        now,
        guarded_from=_since(now.guarded_from, bool(passed_guarded or passed_siege), at),
        siege_from=_since(now.siege_from, bool(passed_siege), at),
        quiet_from=_since(now.quiet_from, _is_quiet(now, seen, rules), at),
    )
    if now.own < Mode.SIEGE and _lasted(new.siege_from, rules.siege_after, at) and now.own >= Mode.GUARDED:
        return _up(new, Mode.SIEGE, passed_siege, seen, rules, at)
    if now.own < Mode.GUARDED and _lasted(new.guarded_from, rules.guarded_after, at):
        return _up(new, Mode.GUARDED, passed_guarded or passed_siege, seen, rules, at)
    if now.own > Mode.CALM and _lasted(new.quiet_from, now.calm_after or rules.calm_after, at):
        eased = msgspec.structs.replace(
            new, own=Mode(now.own - 1), eased=at, quiet_from=at, guarded_from=None, siege_from=None
        )
        return eased, QUIET, {SOURCES: seen.sources, DEMAND: seen.demand}
    if now.own == Mode.CALM and now.eased is not None and at - now.eased > rules.soon:
        new = msgspec.structs.replace(new, eased=None, calm_after=0.0)
    return new, now.why, now.figures


def _up(
    new: Situation, mode: Mode, passed: dict[str, tuple[float, float]], seen: Measured, rules: Rules, at: float
) -> tuple[Situation, str, dict[str, float]]:
    wait = new.calm_after or rules.calm_after
    if new.eased is not None and at - new.eased <= rules.soon:
        wait = min(2 * wait, max(rules.longest_calm_after, rules.calm_after))
    risen = msgspec.structs.replace(
        new, own=mode, quiet_from=None, eased=None, calm_after=wait,
        entered_demand=seen.demand if new.own == Mode.CALM else max(new.entered_demand, seen.demand),
    )
    why = max(passed, key=lambda name: passed[name][0] / passed[name][1])
    figures = {name: round(value, 3) for name, (value, _) in passed.items()}
    figures |= {f"{name}_bound": round(bound, 3) for name, (_, bound) in passed.items()}
    return risen, why, figures


def guarded_bounds(seen: Measured, rules: Rules) -> dict[str, tuple[float, float]]:
    """What is measured and its bound for GUARDED, by word; only what counts now."""
    usual = rules.guarded_times * min(seen.usual_sources, rules.most_usual)
    bounds = {SOURCES: (seen.sources, max(rules.guarded_sources, usual))}
    if seen.knows_networks:
        usual = rules.guarded_times * min(seen.usual_newcomers, rules.most_usual)
        bounds[NEWCOMERS] = (seen.newcomers, max(rules.guarded_newcomers, usual))
    if seen.sources >= rules.few_sources:
        bounds[QUEUE] = (seen.queue_ms, rules.queue_ms)
        bounds[PROCESSOR] = (seen.cpu, rules.guarded_cpu)
        if seen.connections > 4 * seen.requests:
            bounds[CONNECTIONS] = (seen.connections, rules.connections)
    return bounds


def siege_bounds(seen: Measured, rules: Rules, mode: Mode) -> dict[str, tuple[float, float]]:
    """The same for SIEGE. How many strangers were turned away tells only while they are not meant to be."""
    usual = rules.siege_times * min(seen.usual_sources, rules.most_usual)
    bounds = {SOURCES: (seen.sources, max(rules.siege_sources, usual))}
    if seen.sources >= rules.few_sources:
        bounds[PROCESSOR] = (seen.cpu, rules.siege_cpu)
        if mode == Mode.GUARDED and seen.demand >= rules.demand:
            bounds[TURNED_AWAY] = (seen.turned_away, rules.turned_away)
    return bounds


def _is_quiet(now: Situation, seen: Measured, rules: Rules) -> bool:
    """Nothing is near half of a bound of the mode that the machine is in, nor of the demand that led to it."""
    if now.own == Mode.CALM:
        return False
    bounds = siege_bounds(seen, rules, now.mode) if now.own == Mode.SIEGE else guarded_bounds(seen, rules)
    if any(value > bound / 2 for value, bound in bounds.values()):
        return False
    return seen.demand <= max(rules.demand, now.entered_demand / 2, 1.5 * seen.usual_demand)


def _passed(bounds: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    return {name: pair for name, pair in bounds.items() if pair[0] > pair[1]}


def _since(before: float | None, holds: bool, at: float) -> float | None:
    if not holds:
        return None
    return at if before is None else before


def _lasted(since: float | None, seconds: float, at: float) -> bool:
    return since is not None and at - since >= seconds
