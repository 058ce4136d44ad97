"""Prints the numbers of `seifas.leaks.calibration` that are counted: `python -m bench.matching_fit [--rows N]`.

Seeds below 1,000 and a clinic of their own, so that nothing measured was fitted. Counted: how names are written, and
what odds a stranger hardly reaches. Chosen, not counted: the prior, the namesakes and the part of a birth date.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from bench.leaked_rows import rows
from bench.matching import FIT_CLINIC, Answer, Clinic
from seifas.leaks.calibration import CAUTION_FROM, CAUTION_TO, SURE
from seifas.leaks.names import name_words
from seifas.leaks.names_vocabulary import INITIAL, OTHER
from seifas.leaks.scoring_names import NameScore

LEVEL_NAMES = (
    "exact", "case", "form", "heard", "heard form", "one error", "two", "one in a form", "initial", "other",
)  # fmt: skip
STRANGERS_NAMED = 0.4 / 1000
"""Half of the bar, so that other seeds stay under it."""


def levels(clinic: Clinic, answers: list[Answer]) -> list[float]:
    """Shares of surnames and given names written at each level, the initials apart."""
    counts: Counter[int] = Counter()
    for row, _, _ in answers:
        readings = name_words(row.mention.names)
        if row.truth >= 0 and len(readings) == 1 and len(readings[0]) > 1:
            score = NameScore(clinic.matcher._columns, readings[0])
            counts.update(score.levels(np.array([row.truth], dtype=np.int32))[0])
    total = sum(number for level, number in counts.items() if level != INITIAL)
    return [(counts[level] + 1) / (total + 10) if level != INITIAL else 0.9 for level in range(OTHER + 1)]


def raw_odds(chance: float) -> float:
    """The odds before caution drew them in."""
    odds = chance / max(1.0 - chance, 1e-9)
    if odds <= CAUTION_FROM:
        return odds
    if odds >= SURE:
        return odds * CAUTION_TO / SURE
    steep = np.log(SURE / CAUTION_FROM) / np.log(CAUTION_TO / CAUTION_FROM)
    return float(CAUTION_FROM * (odds / CAUTION_FROM) ** (1 / steep))


def main() -> None:
    """Prints them."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching_fit", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    chosen = parser.parse_args()
    clinic = Clinic(FIT_CLINIC, 24_000)
    answers = clinic.answers(rows(2, FIT_CLINIC, 24_000, chosen.rows), care=True)
    for name, share in zip(LEVEL_NAMES, levels(clinic, answers), strict=True):
        print(f"{name:14} {share:.3f}")
    strangers = sorted(
        (raw_odds(match.candidates[0].probability) if match.candidates else 0.0 for row, match, _ in answers
         if row.truth < 0), reverse=True,
    )  # fmt: skip
    for share in (STRANGERS_NAMED, 0.001, 0.003, 0.01):
        print(f"odds that {share:.2%} of strangers exceed: {strangers[int(share * len(strangers))]:.0f}")


if __name__ == "__main__":
    main()
