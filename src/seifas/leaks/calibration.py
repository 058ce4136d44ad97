"""The numbers of the matcher that were fitted, not thought: `python -m bench.matching_fit` prints what was counted.

Fitted on leaked rows that a generator made from a made-up clinic of 24,000 with the truth known (bench/leaked_rows.py),
half of them about strangers drawn from the same names; docs/matching-people.md has the figures on held-out seeds.
"""

from __future__ import annotations

from typing import Final

LEVELS: Final[tuple[float, ...]] = (0.65, 0.07, 0.03, 0.14, 0.005, 0.045, 0.01, 0.012, 0.9, 0.02)
"""Share of names written so, in the order of `names_vocabulary`: exact, case, form, heard, heard form, one typing
error, two, one in a form, initial (its own share of initials), another name altogether. The last is twice what was
counted: more people change their surname than tell the clinic.
"""

BIRTH_SAME: Final = 0.955
BIRTH_SWAPPED: Final = 0.012
BIRTH_PART: Final = 0.004
"""A date of which one of year, month and day is wrong. Rows have some five times as many; but so near a date is not
rarer among namesakes, and a namesake with another birth date is to be a stranger unless something else speaks.
"""
BIRTH_OTHER: Final = 0.005

STRANGERS: Final = 0.5
"""Prior of `nobody`: the share of rows that are about none of the clinic's patients."""

NAMESAKES: Final = 0.1
"""Share of strangers who bear the very name of some patient, beyond chance: relatives, and names that run in a place.
So a name alone never makes anybody sure, however rare it is.
"""

CAUTION_FROM: Final = 4.0
CAUTION_TO: Final = 500.0
SURE: Final = 9.0
"""Odds, one patient against all else, from CAUTION_FROM to CAUTION_TO are drawn together so that SURE, a probability of
0.9, is said only from CAUTION_TO on. A stranger who is named costs more than a patient who is named less surely.
"""
