"""The minutes of a flood as files for others: a table of figures, and the links word for word, to be checked."""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any, Final

from seifas.errors import Invalid
from seifas.shield.charts import asked_of, away_of, got_of
from seifas.shield.evidence.chain import HEAD_SIZE, Kept, opened
from seifas.shield.evidence.forms import moment
from seifas.shield.evidence.plain import cell, path_shown
from seifas.shield.model import Lane, LaneMinute, Minute

_NOBODY: Final = LaneMinute({}, 0)
_HEAD: Final = (
    "begins", "listener", "seconds", "mode", "requests", "connections", "bytes_out", "distinct", "distinct_exact",
    "newcomers", "queue_ms", "cpu", "lines_lost", "clock_offset_ms",
    *(f"{lane}_{what}" for lane in Lane for what in ("got", "asked", "away")),
    "busiest_network4", "busiest_network6", "busiest_announcer", "busiest_path", "busiest_signature",
)  # fmt: skip


def minutes_csv(minutes: Sequence[Minute]) -> bytes:
    """A line a minute and listener (RFC 4180, UTF-8), oldest first. What strangers chose stands in no cell as a
    formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    writer.writerows(_row(one) for one in sorted(minutes, key=lambda one: (one.begins_ms, one.listener)))
    return out.getvalue().encode("utf-8")


def _row(one: Minute) -> list[Any]:
    lanes = [one.lanes.get(lane, _NOBODY) for lane in Lane]
    return [
        moment(one.begins_ms), cell(one.listener), one.seconds, one.mode, one.requests, one.connections, one.bytes_out,
        one.distinct, "yes" if one.distinct_exact else "no", one.newcomers, one.queue_ms, one.cpu, one.lines_lost,
        "" if one.clock_offset_ms is None else one.clock_offset_ms,
        *(count(lane) for lane in lanes for count in (got_of, asked_of, away_of)),
        cell(_busiest(one.prefixes4)), cell(_busiest(one.prefixes6)), cell(_busiest(one.announcers)),
        cell(path_shown(_busiest(one.paths))),
        cell(_busiest(one.signatures)),
    ]  # fmt: skip


def _busiest(rows: Sequence[tuple[str, int]]) -> str:
    return max(rows, key=lambda pair: pair[1])[0] if rows else ""


def minutes_jsonl(kept: Sequence[Kept]) -> bytes:
    """A JSON object a link: line (of the audit log), sha256 (as that line says), number, body (the link, base64: what
    the hash is of), minute (the same to read; number and minute are null where it is none). ASCII: what strangers sent
    is escaped."""
    return "".join(f"{json.dumps(_told(one))}\n" for one in kept).encode("ascii")


def _told(one: Kept) -> dict[str, Any]:
    told = {"line": one.line, "sha256": one.logged.hex(), "number": None, "minute": None}
    with contextlib.suppress(Invalid):
        told |= {"number": opened(one.body).number, "minute": json.loads(one.body[HEAD_SIZE:])}
    return {**told, "body": base64.b64encode(one.body).decode("ascii")}


def last(kept: Sequence[Kept]) -> tuple[int, str]:
    """The line and the SHA-256 (hex) of the last link; -1 and nothing where there is none."""
    if not kept:
        return -1, ""
    found = max(kept, key=lambda one: one.line)
    return found.line, hashlib.sha256(found.body).hexdigest()
