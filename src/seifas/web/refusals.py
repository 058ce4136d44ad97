"""What the keeper's refusals and demands say to a person, in the person's language: it gives a code and two figures."""

from __future__ import annotations

import re

from seifas.errors import OverBudget, SeifasError, StepUp
from seifas.web.words import WORDS, say

_TOLD = re.compile(r"([a-z-]{1,40}):([0-9]{1,9}):([0-9]{1,15})\Z")
_DEMAND = re.compile(r"([0-9a-f]{64})(?::([a-z-]{1,40}):([0-9]{1,9}):([0-9]{1,15}))?\Z")
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def detail_of(language: str, error: SeifasError) -> str:
    """More about a refusal: which bound was met, and when it frees. "" where there is nothing to add, and for whatever
    the keeper says in English to somebody who reads another language."""
    told = _TOLD.match(error.where) if isinstance(error, OverBudget) else None
    if told is not None and f"stop-{told[1]}" in WORDS:
        return say(language, f"stop-{told[1]}", limit=int(told[2]), wait=waited(language, int(told[3])))
    return error.message if language == "en" else ""


def demand_of(language: str, error: StepUp, cold_hour: int) -> tuple[str, str]:
    """What a gesture is wanted over: the digest to sign (hex), and which bound it guards and what it opens, "" where it
    guards none. ("", "") for a StepUp that wants something else. `cold_hour` is the hour's bound of cold patients."""
    told = _DEMAND.match(error.where)
    if told is None:
        return "", ""
    code = told[2] or ""
    if code == "cold-session" and int(told[3]) == cold_hour:
        code = "cold-hour"
    if f"touch-{code}" not in WORDS:
        return told[1], ""
    return told[1], say(language, f"touch-{code}", limit=int(told[3]), wait=waited(language, int(told[4])))


def waited(language: str, ms: int) -> str:
    """How long until something frees, rounded up: "25 min", "3 h 10 min", "4 d"."""
    minutes = -(-ms // _MINUTE)
    if ms <= 0:
        return say(language, "wait-while")
    if ms < _HOUR:
        return say(language, "wait-minutes", n=minutes)
    if ms >= 2 * _DAY:
        return say(language, "wait-days", n=-(-ms // _DAY))
    hours, rest = divmod(minutes, 60)
    key = "wait-hours-minutes" if rest else "wait-hours"
    return say(language, key, n=hours, minutes=rest) if rest else say(language, key, n=hours)
