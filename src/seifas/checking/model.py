"""What a check finds, and what it could not see."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

HIGH: Final = "high"
"""A thief, a fire or a mistake gets or ends everything by it."""

MEDIUM: Final = "medium"
"""One of the things that stop or show a thief is not there."""

LOW: Final = "low"
"""It will become one of the others if nobody looks."""

_LONGEST: Final = 1_000

Severity = Literal["high", "medium", "low"]
SEVERITIES: Final = (HIGH, MEDIUM, LOW)

STOLEN: Final = "Kaunas 2017: names, procedures and photos of 24,000 patients were copied from the clinic's servers."
ACCESS: Final = "Kaunas 2017: 24,000 records were taken through access that worked, and nothing stopped it."
SAMPLE: Final = "Kaunas 2017: 35 patients' records stood on a Tor site, and nobody could say how they had got out."
RANSOM: Final = "Kaunas 2017: the thieves demanded bitcoin worth EUR 300,000-350,000 by a deadline."
FLOOD: Final = "Kaunas 2017: several hundred thousand addresses flooded the site, and nobody could reach it."
POLYCLINICS: Final = "Experts in 2017: polyclinics now moving their records online are full of holes, too."
STORIES: Final = (STOLEN, ACCESS, SAMPLE, RANSOM, FLOOD, POLYCLINICS)


class Kind(msgspec.Struct, frozen=True):
    """One hole that is looked for. `story`: the sentence of the case that it would repeat."""

    id: str
    severity: Severity
    title: str
    story: str
    why: str
    fix: str

    def seen(self, evidence: str) -> Finding:
        """With what showed it. Parts of it may be names that a stranger gave to files: shown plain, and cut."""
        plain = "".join(letter if letter.isprintable() else "?" for letter in evidence[:_LONGEST])
        return Finding(self.id, self.severity, self.title, self.story, self.why, self.fix, plain)


class Finding(msgspec.Struct, frozen=True):
    """A hole that is there. `seen`: how it was seen; counts, paths and settings, never a name or a secret."""

    id: str
    severity: Severity
    title: str
    story: str
    why: str
    fix: str
    seen: str


class Unseen(msgspec.Struct, frozen=True):
    """What could not be looked at: these ids may be there or not. `reason` says what would show it."""

    ids: tuple[str, ...]
    reason: str


class Report(msgspec.Struct, frozen=True):
    """`looked`: ids that were looked at in full."""

    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    looked: tuple[str, ...]


def unseen(kinds: tuple[Kind, ...], reason: str) -> Unseen:
    return Unseen(tuple(kind.id for kind in kinds), reason)
