"""What Seifas is made of, held against a file of published advisories. None comes along: it would be old."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from seifas.checking import advisories
from seifas.checking.model import HIGH, LOW, POLYCLINICS, Finding, Kind, Unseen, unseen
from seifas.checking.sight import DAY_MS, Sight

ADVISORY: Final = Kind(
    "dependency-advisory", HIGH, "A package with a published hole is installed", POLYCLINICS,
    "What is published is tried everywhere within days, by machines.",
    "Take the newer version: git pull and make setup in /opt/seifas, then restart; until then read the advisory for "
    "what it needs.",
)
OLD: Final = Kind(
    "advisories-old", LOW, "The file of advisories is more than a month old", POLYCLINICS,
    "What was published since is not in it, so that nothing found means nothing.",
    "curl -O https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip, and give it with --advisories.",
)
KINDS: Final = (ADVISORY, OLD)
_DAYS: Final = 31
_NONE: Final = (
    "no file of advisories was given: curl -O https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip, then "
    "--advisories all.zip"
)


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    """Raises Invalid for a file that is none."""
    if sight.advisories is None:
        yield unseen(KINDS, _NONE)
        return
    ours = installed()
    hits: list[str] = []
    newest = ""
    for advisory in advisories.read(sight.advisories):
        newest = max(newest, advisory.modified)
        for name in {advisories.folded(one.package.name) for one in advisory.affected or () if one.package}:
            version = ours.get(name)
            if version is None:
                continue
            hit, mended = advisories.concerns(advisory, name, version)
            if hit:
                hits.append(f"{name} {version}: {advisory.id}" + (f", mended in {mended}" if mended else ""))
    if hits:
        yield ADVISORY.seen("; ".join(sorted(hits)[:40]) + (f"; {len(hits) - 40} more" if len(hits) > 40 else ""))
    yield from _age(newest, sight)


def _age(newest: str, sight: Sight) -> Iterator[Finding | Unseen]:
    try:
        when = datetime.fromisoformat(newest)
    except ValueError:
        yield unseen((OLD,), "the newest advisory does not say when it was changed")
        return
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    days = (sight.now_ms - int(when.timestamp() * 1000)) // DAY_MS
    if days > _DAYS:
        yield OLD.seen(f"its newest advisory was changed on {when:%Y-%m-%d}")


def installed() -> dict[str, str]:
    """Every package of this Python, by its folded name: version."""
    return {
        advisories.folded(one.metadata["Name"]): one.version
        for one in importlib.metadata.distributions()
        if one.metadata["Name"]
    }
