"""The clock: budgets, deadlines and lines of the log are in its time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.checking.model import ACCESS, MEDIUM, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight

FREE: Final = Kind(
    "clock-not-kept", MEDIUM, "Nobody keeps this machine's clock", ACCESS,
    "Who opened what at which minute is evidence only if the minute is right; one-time codes and certificates fail "
    "when it drifts.",
    "Install a time service (apt-get install chrony, or systemctl enable --now systemd-timesyncd).",
)
JUMPED: Final = Kind(
    "clock-jumped", MEDIUM, "The clock was set in the last week", ACCESS,
    "Budgets refill with time. They do not refill by a clock that is set, but somebody may have tried.",
    "Look at the line in the log and ask who set it; then a time service, so that nobody has to.",
)
KINDS: Final = (FREE, JUMPED)
_DAYS: Final = 7


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    kept = sight.machine.clock()
    if kept is None:
        yield unseen((FREE,), "the kernel does not say whether its clock is kept")
    elif not kept:
        yield FREE.seen("the kernel holds its clock for not synchronised (adjtimex: STA_UNSYNC)")
    if (told := sight.inside) is None:
        yield unseen((JUMPED,), sight.closed)
    elif told.clock_jump_ms and sight.days(told.clock_jump_ms) < _DAYS:
        yield JUMPED.seen(f"a line says so, {sight.days(told.clock_jump_ms)} days ago")
