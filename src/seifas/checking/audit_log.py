"""The audit log: read whole, every hash made anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.audit.checkpoint import SIGN, parse_verifier_key
from seifas.audit.verify import verify_log
from seifas.checking.model import HIGH, MEDIUM, SAMPLE, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.errors import SeifasError
from seifas.keeper.log_copying import KEY

DAMAGED: Final = Kind(
    "log-damaged", HIGH, "The audit log is not as it was signed", SAMPLE,
    "Lines were taken out or changed, or the disk is failing: what it proves about who opened what ends there.",
    "seifas audit verify names each file. Keep the disk as evidence, and bring the files back from the second place or "
    "a backup.",
)
UNVERIFIED: Final = Kind(
    "log-unverified", MEDIUM, "Nobody has verified the log for a month", SAMPLE,
    "A log that nobody checks is believed, and need not be true.",
    "seifas check without --quick, seifas audit verify, or Log → Check at the desk.",
)
KINDS: Final = (DAMAGED, UNVERIFIED)
_DAYS: Final = 31


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    reason = "not read, by --quick"
    if not sight.quick:
        directory = sight.data / "audit"
        try:
            report = verify_log(directory, parse_verifier_key((directory / KEY).read_text("ascii"), kind=SIGN))
        except (OSError, UnicodeDecodeError, SeifasError) as error:
            reason = f"{directory} cannot be read ({type(error).__name__}): run it as root"
        else:
            if not report.ok:
                yield DAMAGED.seen(f"{len(report.problems)} files; the first: {report.problems[0]}")
            return
    yield unseen((DAMAGED,), reason)
    if (told := sight.inside) is None:
        yield unseen((UNVERIFIED,), sight.closed)
    elif not told.log_verified_ms:
        yield UNVERIFIED.seen("not verified by this look, and no line says that anybody did")
    elif sight.days(told.log_verified_ms) > _DAYS:
        yield UNVERIFIED.seen(f"verified last {sight.days(told.log_verified_ms)} days ago")
