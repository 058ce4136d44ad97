"""Every family of findings, and one look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import ModuleType
from typing import Final

from seifas.checking import (
    alarms,
    answers,
    audit_log,
    backups,
    bounds,
    clock,
    copies,
    databases,
    dependencies,
    installation,
    keys,
    listeners,
    memory,
    people,
    permissions,
    separation,
    witness,
)
from seifas.checking.model import SEVERITIES, Finding, Kind, Report, Unseen
from seifas.checking.sight import Sight
from seifas.errors import Invalid

FAMILIES: Final[tuple[ModuleType, ...]] = (
    installation, keys, databases, backups, copies, witness, audit_log, permissions, separation, memory, clock,
    listeners, answers, people, bounds, alarms, dependencies,
)
KINDS: Final[tuple[Kind, ...]] = tuple(kind for family in FAMILIES for kind in family.KINDS)
IDS: Final = frozenset(kind.id for kind in KINDS)


def chosen(text: str) -> frozenset[str]:
    """The ids of `--only a,b`; all of them for "". Raises Invalid."""
    asked = frozenset(word for one in text.split(",") if (word := one.strip()))
    if unknown := sorted(asked - IDS):
        raise Invalid(f"there is no finding {unknown[0][:60]!r}; docs/running/check.md lists them", where="--only")
    return asked or IDS


def look(sight: Sight, only: Collection[str] = IDS, done: Callable[[int], None] = lambda _: None) -> Report:
    """What is there, the gravest first, and what could not be seen. `done` is told of each family. Raises Invalid for
    wrong input."""
    findings: list[Finding] = []
    blind: list[Unseen] = []
    for family in FAMILIES:
        done(1)
        if not {kind.id for kind in family.KINDS} & set(only):
            continue
        for one in family.look(sight):
            if isinstance(one, Finding):
                findings += [one] if one.id in only else []
            elif ids := tuple(ident for ident in one.ids if ident in only):
                blind.append(Unseen(ids, one.reason))
    found = {one.id for one in findings}
    blind = [
        Unseen(left, one.reason) for one in blind if (left := tuple(ident for ident in one.ids if ident not in found))
    ]
    hidden = {ident for one in blind for ident in one.ids}
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    looked = tuple(kind.id for kind in KINDS if kind.id in only and kind.id not in hidden)
    return Report(tuple(findings), tuple(blind), looked)
