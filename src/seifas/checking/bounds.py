"""What stops and shows a thief inside: budgets, decoys, how long things are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.checking.model import ACCESS, LOW, MEDIUM, SAMPLE, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.keeper import settings_shown

LOOSENED: Final = Kind(
    "budget-loosened", MEDIUM, "Budgets let more through than was tested", ACCESS,
    "The defaults never stopped a working day in the model (docs/budgets.md), and stop a thief after a handful of "
    "patients. Every number above them is a thief's gain.",
    "Take these keys out of [budget], or write down who decided on them and why.",
)
CANARIES: Final = Kind(
    "canaries-absent", MEDIUM, "There are no decoys among the patients", SAMPLE,
    "Nobody ever has a reason to open one: listing them scores, and opening one rings. Without them somebody who only "
    "looks around is not heard, and a sample is traced with more doubt.",
    "seifas leaks plant --label canaries --count 20 --canaries, or Leaks → Decoys at the desk.",
)
RETENTION: Final = Kind(
    "retention-unset", LOW, "Nobody has said how long records are kept", STOLEN,
    "What is no longer there cannot be stolen; and what the law asks for may be erased too early, since nothing "
    "refuses it.",
    "Set [retention] years to what the law and your lawyer say.",
)
KEY_DAYS: Final = Kind(
    "key-copies-long", LOW, "Copies of old key stores are kept for more than a month", STOLEN,
    "Until they are gone, a copy of them opens patients who were erased.",
    "Set [retention] key_backup_days to 14, and prune every night.",
)
KINDS: Final = (LOOSENED, CANARIES, RETENTION, KEY_DAYS)
_KEY_DAYS: Final = 31


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    rows = [row for row in settings_shown.rows(sight.settings) if row["looser"]]
    if rows:
        yield LOOSENED.seen("; ".join(f"{row['key']} {row['value']}, not {row['usual']}" for row in rows))
    if sight.settings.retention.years == 0:
        yield RETENTION.seen("[retention] years is 0")
    if (days := sight.settings.retention.key_backup_days) > _KEY_DAYS:
        yield KEY_DAYS.seen(f"[retention] key_backup_days is {days}")
    if (told := sight.inside) is None:
        yield unseen((CANARIES,), sight.closed)
    elif told.canaries == 0:
        yield CANARIES.seen("the keeper knows of none")
