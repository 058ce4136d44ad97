"""What the parts of the shield tell each other: lanes, modes, a minute of traffic, a change of mode, the state of now.

Addresses are personal data: whoever sent is "an address that sent", never an attacker. Times are Unix time, UTC.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec


class Mode(IntEnum):
    """How strict a listener is. The number is what HAProxy has in its variable."""

    CALM = 0  # counts only
    GUARDED = 1  # lanes and shedding; a challenge only where the strangers' queue is full
    SIEGE = 2  # strangers get static pages or a challenge; who fails again and again gets silence


class Lane(StrEnum):
    """Who gets through first. All but STRANGER have a signed cookie, MACHINE a token that the desk has accepted."""

    STAFF = "staff"
    MACHINE = "machine"
    PATIENT = "patient"
    SOLVED = "solved"
    WAITED = "waited"  # came without a script, and waited for it
    STRANGER = "stranger"


class Outcome(StrEnum):
    """What became of one request."""

    SERVED = "served"  # an application answered
    STATIC = "static"  # HAProxy answered with a page it holds
    CHALLENGED = "challenged"
    PASSED = "passed"  # a challenge was solved or waited for: a cookie was handed out
    LIMITED = "limited"  # more than its cookie, its token or its address may ask
    SHED = "shed"  # its lane's queue was full
    REFUSED = "refused"  # malformed, or a forged or replayed proof


class Listener(StrEnum):
    PUBLIC = "public"
    STAFF = "staff"


class LaneMinute(msgspec.Struct, frozen=True):
    """Requests of one lane in one minute, by what became of them, and the bytes that went out."""

    outcomes: dict[str, int]
    bytes_out: int


class Minute(msgspec.Struct, frozen=True):
    """One minute of one listener. `distinct_exact` is false past the size to which addresses are counted one by one;
    `lines_lost` are requests that HAProxy counted and nobody logged: shares are of the others then."""

    listener: str
    begins_ms: int
    seconds: float
    requests: int
    connections: int
    bytes_out: int
    distinct: int
    distinct_exact: bool
    newcomers: int  # addresses of networks that had not been seen before
    lanes: dict[str, LaneMinute]
    mode: int  # the strictest of the minute
    prefixes4: tuple[tuple[str, int], ...]  # the busiest /24, most requests first
    prefixes6: tuple[tuple[str, int], ...]  # the busiest /48
    paths: tuple[tuple[str, int], ...]  # without queries, secrets in them replaced by *
    signatures: tuple[tuple[str, int], ...]  # of header names in their order: 16 hex digits
    queue_ms: float  # mean wait of those who were served
    cpu: float  # 0 to 1 of one core, HAProxy
    lines_lost: int
    clock_offset_ms: int | None  # this machine's clock against the witness's or none
    samples: tuple[str, ...] = ()  # "signature head" of some strangers' requests, without cookies and credentials
    uplink: dict[str, float] = {}  # as in State: the worst of the minute
    announcers: tuple[tuple[str, int], ...] = ()  # the busiest autonomous systems, where a file says who they are


class Change(msgspec.Struct, frozen=True):
    """A listener's mode has changed. `why`: a fixed word (modes.py); `figures`: what was measured, with its bound."""

    listener: str
    ms: int
    before: int
    after: int
    why: str
    figures: dict[str, float]
    by_hand: bool = False


class ListenerState(msgspec.Struct, frozen=True):
    """One listener now."""

    mode: int
    since_ms: int
    why: str
    figures: dict[str, float]
    overridden_until_ms: int  # 0: the shield decides by itself
    lanes: dict[str, LaneMinute]  # of the last ten seconds
    distinct_minute: int
    distinct_usual: int  # its own baseline
    difficulty: int  # expected hashes of one solution
    queue_ms: float


class State(msgspec.Struct, frozen=True):
    """What the control loop tells every second. `addresses` is the book's size, `exact` whether it holds all."""

    ms: int
    haproxy: str  # version; empty while it does not answer
    listeners: dict[str, ListenerState]
    addresses: int
    exact: bool
    good: int  # addresses with a good visitor among them: in no list of addresses to block
    dropped_networks: int  # addresses in the kernel's sets, at most
    cpu: float
    uplink: dict[str, float]  # bytes and packets a second of the network card, dropped, SYN backlog: is the line full?
    certificate_ends_ms: int = 0  # of the one that HAProxy shows; 0 without one, or not known yet
