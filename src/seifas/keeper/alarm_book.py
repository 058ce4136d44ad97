"""Alarms: raised with the line that tells of the deed, delivered by the jobs process, passed on until someone answers.

An alarm holds words from fixed sentences, an account and a session; never a patient. It stays live until a person with
the officer's hat acknowledges it; unacknowledged, it goes to the next person and channel after `escalate_after`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

ANNOUNCED = "approval:"
"""Kinds of alarms that announce a request begin so; its id in hex follows."""


class Alarm(msgspec.Struct, frozen=True, array_like=True):
    """`level`: how many persons were told so far. `next_ms`: when the next one is. Severity: 1 note, 2 warn, 3 ring.
    `note`: what whoever acknowledged it wrote."""

    id: bytes
    kind: str
    severity: int
    text: str
    account: str
    session: bytes
    raised_ms: int
    level: int = 0
    next_ms: int = 0
    acknowledged_ms: int = 0
    acknowledged_by: str = ""
    delivered: tuple[str, ...] = ()
    note: str = ""


class AlarmBook:
    """All alarms that are live or recent, in memory; each is also a sealed state row."""

    def __init__(self, escalate_after_s: int) -> None:
        self._escalate_ms = escalate_after_s * 1000
        self._alarms: dict[bytes, Alarm] = {}

    def load(self, alarms: Iterable[Alarm]) -> None:
        self._alarms = {alarm.id: alarm for alarm in alarms}

    def put(self, alarm: Alarm) -> None:
        self._alarms[alarm.id] = alarm

    def remove(self, ident: bytes) -> None:
        self._alarms.pop(ident, None)

    def get(self, ident: bytes) -> Alarm | None:
        return self._alarms.get(ident)

    def all(self) -> list[Alarm]:
        return sorted(self._alarms.values(), key=lambda alarm: -alarm.raised_ms)

    def same_live(self, kind: str, account: str, since_ms: int, now_ms: int) -> Alarm | None:
        """A live alarm of this kind for this account: repeating it would only bury the others. One from the future
        (the clock was set back) keeps no other quiet."""
        for alarm in self._alarms.values():
            if (
                alarm.kind == kind and alarm.account == account and not alarm.acknowledged_ms
                and since_ms <= alarm.raised_ms <= now_ms
            ):
                return alarm
        return None

    def due(self, now_ms: int) -> list[Alarm]:
        """Those that somebody has to be told of now, loudest and oldest first."""
        waiting = [alarm for alarm in self._alarms.values() if not alarm.acknowledged_ms and self._due(alarm, now_ms)]
        return sorted(waiting, key=lambda alarm: (-alarm.severity, alarm.raised_ms))

    def _due(self, alarm: Alarm, now_ms: int) -> bool:
        if alarm.next_ms <= now_ms:
            return True
        # Further ahead than one pause: the clock was set back, and nobody would be told until it has caught up.
        told_once = alarm.severity <= 1 and alarm.level > 0
        return not told_once and alarm.next_ms > now_ms + self._escalate_ms

    def told(self, alarm: Alarm, channels: tuple[str, ...], now_ms: int) -> Alarm:
        """After a delivery: the next person is due later. A note (severity 1) is told once."""
        pause = self._escalate_ms if alarm.severity > 1 else 10 * 365 * 86_400_000
        return msgspec.structs.replace(
            alarm, level=alarm.level + 1, next_ms=now_ms + pause, delivered=alarm.delivered + channels
        )

    def acknowledged(self, alarm: Alarm, by: str, now_ms: int, note: str = "") -> Alarm:
        return msgspec.structs.replace(alarm, acknowledged_ms=now_ms, acknowledged_by=by, note=note)

    def stale(self, now_ms: int) -> list[Alarm]:
        """Acknowledged more than 90 days ago: the audit log keeps them, the book need not."""
        return [a for a in self._alarms.values() if a.acknowledged_ms and now_ms - a.acknowledged_ms > 90 * 86_400_000]


def new_alarm(kind: str, severity: int, text: str, *, account: str, session: bytes, now_ms: int) -> Alarm:
    return Alarm(os.urandom(16), kind, severity, text, account, session, now_ms, next_ms=now_ms)
