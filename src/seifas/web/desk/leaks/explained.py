"""The whole sample: which session, account, window or copy the log says it went out through."""

from __future__ import annotations

from typing import Any, Final

from seifas.leaks.results import Explained
from seifas.web.desk.leaks.frame import known

VERDICTS: Final = ("opened", "one-of-several", "storage", "cannot-tell")
_LINES: Final = 12


def as_shown(result: Explained) -> dict[str, Any]:
    """The verdict and the ways, best first, with addresses of the log."""
    verdict = result.verdict if result.verdict in VERDICTS else "cannot-tell"
    return {
        "verdict": f"leak-explained-{verdict}", "means": f"leak-explains-{verdict}", "storage": result.storage,
        "patients": result.patients, "photos": result.photos, "not_before_ms": result.not_before_ms,
        "backups": [_line(one) for one in result.backups[-_LINES:]], "lines": result.lines,
        "ways": [
            {
                "kind": known(f"leak-way-{one.kind}", "leak-way-other"), "account": one.account,
                "sessions": [{"id": each, "address": f"/desk/log?session={each}"} for each in one.sessions[:_LINES]],
                "since_ms": one.since_ms, "until_ms": one.until_ms, "opened": one.opened, "hits": one.hits,
                "posterior": one.posterior, "chance": one.chance,
                "lines": [_line(each) for each in one.lines[:_LINES]], "more": max(0, len(one.lines) - _LINES),
            }
            for one in result.ways
        ],
    }  # fmt: skip


def _line(number: int) -> dict[str, Any]:
    return {"number": number, "address": f"/desk/log?before={number + 1}"}
