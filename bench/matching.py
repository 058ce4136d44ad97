"""Leaked rows matched to patients: right, sure and calibrated? `python -m bench.matching [--kinds] [--plot]`.

A made-up clinic of 24,000, rows of a generator whose truth is known (bench/leaked_rows.py), half of them strangers from
the same names. Fitted on seeds below 1,000, measured on others, in another clinic. Draws docs/leaks-reliability.svg.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from rapidfuzz import fuzz, process

from bench.figures import Bar, Figure, alone, beside, shown
from bench.leaked_rows import Leaked, done_for, glossary, namesakes, patient_of, people, rows
from bench.matching_plot import drawn
from bench.served import ROOT
from bench.setting import Setting
from seifas.leaks.matching import Match, Matcher
from seifas.leaks.mentions import Mention
from seifas.leaks.people import Care, Person
from seifas.names.folding import fold, words
from seifas.names.forms import stems

SAMPLE = 35
BINS = 10
CLINIC, FIT_CLINIC = 4_321, 1


class Answer(NamedTuple):
    """One row and what was answered. `fits`: how many patients the row could be about, by its names before they were
    misspelt and its birth date or year.
    """

    row: Leaked
    match: Match
    fits: int


class Clinic:
    """Patients, a matcher, and who shares what, to know how many a row fits."""

    def __init__(self, seed: int, patients: int) -> None:
        self.seed, self.patients = seed, patients
        self.people = list(people(seed, patients))
        self.matcher = Matcher(self.people, glossary())
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        for at, who in enumerate(self.people):
            for stem in _stems(who.families):
                self._by_stem[stem].append(at)

    def fits(self, row: Leaked) -> int:
        """Patients with the same stem of the surname, the given name or initial, and the birth that is told."""
        if row.sure:
            return 1
        births = row.mention.births[0] if row.mention.births else ""
        told = "" if not births else self.people[row.truth].birth[: len(births)]
        return sum(
            _called(self.people[at], row.given) and self.people[at].birth.startswith(told)
            for at in {at for stem in _stems((row.family,)) for at in self._by_stem[stem]}
        )

    def answers(self, asked: Iterable[Leaked], care: bool) -> list[Answer]:
        found: list[Answer] = []
        for row in asked:
            match = self.matcher.match(row.mention)
            if care and row.mention.terms:
                match = self.matcher.match(row.mention, self.care(match))
            found.append(Answer(row, match, self.fits(row) if row.truth >= 0 else 0))
        return found

    def care(self, match: Match) -> dict[bytes, Care]:
        """Of the likely ones, as the leaks process would ask."""
        wanted = {candidate.patient for candidate in match.candidates[:50]}
        numbers = self._numbers()
        return {
            patient: done_for(self.seed, numbers[patient], self.people[numbers[patient]].sex).care(patient)
            for patient in wanted
        }

    def _numbers(self) -> dict[bytes, int]:
        if not hasattr(self, "_by_id"):
            self._by_id = {who.patient: at for at, who in enumerate(self.people)}
        return self._by_id


def _stems(families: Sequence[str]) -> set[str]:
    return {stem for family in families for word in words(family) for stem in stems(word)}


def _called(who: Person, given: str) -> bool:
    if len(given) <= 1:
        return not given or any(name.startswith(given) for name in who.givens)
    return given in who.givens


class Calibration(NamedTuple):
    """Reliability of probabilities: for each bin how many, their mean, and the share that was right."""

    counts: tuple[int, ...]
    said: tuple[float, ...]
    right: tuple[float, ...]

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance, weighted by how many."""
        total = sum(self.counts)
        return sum(n * abs(s - r) for n, s, r in zip(self.counts, self.said, self.right, strict=True)) / total


def calibration(chances: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Ten bins of equal width."""
    p, y = np.array(chances), np.array(right, dtype=float)
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    divide = np.maximum(counts, 1)
    return Calibration(
        tuple(counts.tolist()),
        tuple((np.bincount(bins, weights=p, minlength=BINS) / divide).tolist()),
        tuple((np.bincount(bins, weights=y, minlength=BINS) / divide).tolist()),
    )


def top_answers(clinic: int, answers: Iterable[Answer]) -> tuple[list[float], list[bool]]:
    """The likeliest answer of each row, nobody among them, and whether it is true."""
    chances, right = [], []
    for row, match, _ in answers:
        best = match.candidates[0] if match.candidates else None
        if best is not None and best.probability >= match.nobody:
            chances.append(best.probability)
            right.append(row.truth >= 0 and best.patient == patient_of(clinic, row.truth))
        else:
            chances.append(match.nobody)
            right.append(row.truth < 0)
    return chances, right


def all_answers(clinic: int, answers: Iterable[Answer]) -> tuple[list[float], list[bool]]:
    """Every probability of at least 0.01, nobody's among them."""
    chances, right = [], []
    for row, match, _ in answers:
        truth = patient_of(clinic, row.truth) if row.truth >= 0 else b""
        chances.append(match.nobody)
        right.append(row.truth < 0)
        for candidate in match.candidates:
            if candidate.probability >= 0.01:
                chances.append(candidate.probability)
                right.append(candidate.patient == truth)
    return chances, right


def _first(clinic: int, answers: Sequence[Answer]) -> float:
    return sum(is_first(clinic, answer) for answer in answers) / len(answers)


def bare_row(row: Leaked) -> Leaked:
    """The row with its name and birth alone."""
    mention = Mention(source=row.mention.source, row=1, names=row.mention.names, births=row.mention.births)
    return msgspec.structs.replace(row, mention=mention)


def is_first(clinic: int, answer: Answer) -> bool:
    """Whether the true patient is the likeliest one."""
    found = answer.match.candidates
    return bool(found) and found[0].patient == patient_of(clinic, answer.row.truth)


def named_at(answer: Answer, least: float) -> bool:
    """Whether somebody is named with at least that probability."""
    return bool(answer.match.candidates) and answer.match.candidates[0].probability >= least


def measured(clinic: Clinic, count: int, seed: int) -> tuple[list[Figure], list[Answer]]:
    """All figures of one clinic."""
    answers = clinic.answers(rows(seed, clinic.seed, clinic.patients, count), care=True)
    ours = [answer for answer in answers if answer.row.truth >= 0]
    single = [answer for answer in ours if answer.fits == 1]
    strangers = [answer for answer in answers if answer.row.truth < 0]
    doubles = clinic.answers(namesakes(seed + 1, clinic.seed, clinic.patients, max(count // 5, 200)), care=False)
    first = _first(clinic.seed, single)
    bare = clinic.answers([bare_row(answer.row) for answer in single if not answer.row.sure][:500], care=False)
    certain = [answer for answer in answers if named_at(answer, 0.9)]
    true = sum(answer.row.truth >= 0 and is_first(clinic.seed, answer) for answer in certain) / max(len(certain), 1)
    wrong = sum(named_at(answer, 0.9) for answer in strangers) / len(strangers) * 1000
    wrong_doubles = sum(named_at(answer, 0.9) for answer in doubles) / len(doubles) * 1000
    top, every = (calibration(*of(clinic.seed, answers)) for of in (top_answers, all_answers))
    return [
        alone("true patient first, of rows that fit one", "share", [first], Bar(at_least=0.98, unit="share"),
              f"{len(single):,} rows of {count:,}"),
        beside("the same rows by name and birth only, first 500", "share", [_first(clinic.seed, bare)], "RapidFuzz",
               [rapidfuzz_first(clinic, bare)], Bar(at_least=1.0), "token_sort_ratio, folded, ties shared"),
        alone("strangers named at p >= 0.9", "of 1,000", [wrong], Bar(at_most=1.0, unit="of 1,000"),
              f"{len(strangers):,} strangers drawn from the same names"),
        alone("namesakes with another birth date named at p >= 0.9", "of 1,000", [wrong_doubles],
              Bar(at_most=1.0, unit="of 1,000"), f"{len(doubles):,} rows"),
        alone("right among those named at p >= 0.9", "share", [true], Bar(at_least=0.98, unit="share"),
              f"{len(certain):,} rows"),
        alone("calibration error of the first answer", "ECE", [top.error], Bar(at_most=0.05, unit="ECE")),
        alone("calibration error of every probability", "ECE", [every.error], Bar(at_most=0.05, unit="ECE")),
    ], answers  # fmt: skip


def rapidfuzz_first(clinic: Clinic, answers: Sequence[Answer]) -> float:
    """Share of rows whose patient RapidFuzz puts first: token_sort_ratio of folded name and birth date, ties shared."""
    cards = [fold(" ".join((*who.givens, who.families[0]))) + f" {who.birth}" for who in clinic.people]
    asked = [fold(" ".join(row.mention.names)) + "".join(f" {birth}" for birth in row.mention.births)
             for row, _, _ in answers]  # fmt: skip
    scores = process.cdist(asked, cards, scorer=fuzz.token_sort_ratio, dtype=np.uint8)
    truth = np.array([row.truth for row, _, _ in answers])
    own = scores[np.arange(len(answers)), truth]
    best = scores.max(axis=1)
    return float(np.where(own == best, 1.0 / (scores == best[:, None]).sum(axis=1), 0.0).mean())


def timed(patients: int, seed: int = CLINIC) -> list[Figure]:
    """Index and a sample of 35 rows, by wall clock."""
    everybody = list(people(seed, patients))
    began = time.perf_counter()
    matcher = Matcher(everybody)
    indexed = time.perf_counter() - began
    sample = list(rows(2_000, seed, patients, SAMPLE, strangers=0.1))
    began = time.perf_counter()
    for row in sample:
        matcher.match(row.mention)
    took = time.perf_counter() - began
    large = patients > 100_000
    return [
        alone(f"index of {patients:,} patients", "s", [indexed], Bar(at_most=60.0 if large else 1.5, unit="s"),
              f"{matcher.nbytes() / patients:.0f} bytes a patient"),
        alone(f"sample of 35 rows against {patients:,}", "s", [took], Bar(at_most=10.0 if large else 2.0, unit="s")),
    ]  # fmt: skip


def run(setting: Setting) -> list[Figure]:
    """For `python -m bench`."""
    figures, _ = measured(Clinic(CLINIC, setting.patients), 1_000 if setting.quick else 6_000, 1_000)
    return [*timed(setting.patients), *figures, *(timed(1_000_000) if setting.large else [])]


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("--rows", type=int, default=6_000)
    parser.add_argument("--patients", type=int, default=24_000)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--kinds", action="store_true", help="by what the rows hold")
    parser.add_argument("--plot", action="store_true", help="draw docs/leaks-reliability.svg")
    chosen = parser.parse_args()
    clinic = Clinic(CLINIC if chosen.seed >= 1_000 else FIT_CLINIC, chosen.patients)
    figures, answers = measured(clinic, chosen.rows, chosen.seed)
    for figure in (*timed(chosen.patients), *figures):
        print(shown(figure))
    if chosen.plot:
        curves = [(name, calibration(*of(clinic.seed, answers))) for name, of in _CURVES]
        title = f"{len(answers):,} leaked rows, half of them strangers"
        (ROOT / "docs" / "leaks-reliability.svg").write_text(drawn(curves, title), encoding="utf-8")
    if chosen.kinds:
        _by_kind(clinic.seed, answers)


_CURVES = (("first answers", top_answers), ("every probability from 0.01", all_answers))


def _by_kind(clinic: int, answers: list[Answer]) -> None:
    for name, of in _CURVES:
        found = calibration(*of(clinic, answers))
        print(name, " ".join(f"{n}:{s:.2f}/{r:.2f}" for n, s, r in zip(*found, strict=True)))
    kinds: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        kinds[answer.row.kind].append(answer)
    for kind, of_kind in sorted(kinds.items(), key=lambda item: -len(item[1])):
        single = [a for a in of_kind if a.fits == 1]
        first = sum(is_first(clinic, a) for a in single)
        strangers = [a for a in of_kind if a.row.truth < 0]
        named = sum(named_at(a, 0.9) for a in strangers)
        sure = sum(named_at(a, 0.9) for a in of_kind if a.row.truth >= 0)
        error = calibration(*top_answers(clinic, of_kind)).error
        print(f"{kind:34} {len(of_kind):5} single {first}/{len(single)} strangers {named}/{len(strangers)} "
              f"ours named {sure}/{len(of_kind) - len(strangers)} ece {error:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
