"""Health, readiness and OpenMetrics: numbers and states, nothing that names anyone."""

from __future__ import annotations

import os
import time
from typing import Any

from seifas import __version__
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper

_ALL = ("admin", "desk", "public", "jobs")


@OPS.op("health", NoArgs, *_ALL, while_locked=True)
async def health(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{locked, ready, version, standby}; to the admin also how many patients and what unlocking took."""
    locked = keeper.open is None
    told: dict[str, Any] = {"locked": locked, "ready": not locked, "version": __version__, "demo": keeper.settings.demo,
                            "standby": keeper.standing_by}
    if caller.role == "admin":
        told["unlocked_in"] = keeper.unlocked_in
        told["pid"] = os.getpid()
        if keeper.open is not None:
            told["patients"] = keeper.open.vault.patients
            told["log_size"] = keeper.open.audit.size
    return told


@OPS.op("metrics", NoArgs, "admin", "desk", while_locked=True)
async def metrics(keeper: Keeper, caller: Caller, args: NoArgs) -> str:
    """OpenMetrics text (openmetrics.io, 1.0)."""
    lines = [
        "# TYPE seifas_locked gauge",
        f"seifas_locked {int(keeper.open is None)}",
        "# TYPE seifas_uptime_seconds gauge",
        f"seifas_uptime_seconds {time.time() - keeper.started_ms / 1000:.0f}",
    ]
    opened = keeper.open
    if opened is not None:
        alarms = [alarm for alarm in keeper.alarms.all() if not alarm.acknowledged_ms]
        for name, value in (
            ("patients", opened.vault.patients), ("sessions", len(keeper.sessions)),
            ("audit_lines", opened.audit.size), ("audit_lines_published", opened.audit.published),
            ("alarms_live", len(alarms)), ("commits_batched", opened.committer.batches),
        ):
            lines += [f"# TYPE seifas_{name} gauge", f"seifas_{name} {value}"]
    for name, value in sorted(keeper.counters.items()):
        clean = "".join(letter if letter.isalnum() else "_" for letter in name)
        lines += [f"# TYPE seifas_{clean} counter", f"seifas_{clean}_total {value}"]
    return "\n".join([*lines, "# EOF", ""])
