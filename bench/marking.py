"""Marking and attribution: 33 attacks on skin and faces, unmarked copies, averaged copies, and the null.

`python -m bench.marking [--photos DIR] [--made 120] [--every 1] [--rows FILE]` goes through everything and prints a
table of classes and attacks: real skin (close-ups and dermoscopy), made skin (skin.py), textured (faces, people). Rows
are written as they come, so that a run can be stopped and its table drawn from what there is. As a part of the bench a
sample of it is measured. Each view is compared with 10,000; the threshold is that of 10,000 comparisons.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np

from bench import leak_attacks
from bench.figures import Bar, Figure, alone
from bench.leak_attacks import ATTACKS, HARDER, Pixels
from bench.served import ROOT
from bench.setting import Setting
from bench.skin import skin
from seifas.darkroom.imaging.evidence import evidence, scores, threshold
from seifas.darkroom.imaging.registration import working
from seifas.darkroom.imaging.watermark import embed, grey_of
from seifas.leaks.attributing import attribute

VIEWS: Final = 10_000
COPIES: Final = 10
_AVERAGED: Final = f"mean of {COPIES}"
_SKIN: Final = ("padufes_", "isic_")
_UNMARKED: Final = ("none", "jpeg50", "resize.5", "crop25%", "hflip", "screenshot", "comboB", "comboD", "thumb200")


class Picture(msgspec.Struct, frozen=True):
    kind: str
    """"skin", "made" or "textured"."""
    name: str
    pixels: Pixels


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One copy. `right`: exactly what should be named is. `innocent`: the highest z of a view without part."""

    kind: str
    name: str
    attack: str
    marked: bool
    verdict: str
    right: bool
    accused: bool
    z: float
    innocent: float
    views: int
    expected: float
    likeness: float
    inliers: int
    seconds: float
    decibels: float = 0.0


def pictures(folder: Path | None, made: int, every: int = 1) -> Iterator[Picture]:
    """Photos of a folder, every so-manieth, and made skin, mixed, so that a run cut short is a sample of all."""
    files = sorted(folder.glob("*.jpg"))[::every] if folder is not None else []
    mixed: list[Path | int] = [*files, *range(made)]
    mixed.sort(key=lambda one: seed_of("order", one if isinstance(one, int) else one.name))
    for one in mixed:
        if isinstance(one, int):
            yield Picture("made", f"made_{one}", skin(one))
            continue
        read = cv2.imread(str(one), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if read is not None:
            yield Picture("skin" if one.name.startswith(_SKIN) else "textured", one.stem, np.asarray(read, np.uint8))


def photos_folder() -> Path | None:
    """Where the openly licensed photos are, if anywhere: SEIFAS_BENCH_PHOTOS, or beside the repository."""
    named = os.environ.get("SEIFAS_BENCH_PHOTOS")
    folder = Path(named) if named else ROOT.parent / "shared" / "data" / "photos"
    return folder if folder.is_dir() else None


def seed_of(*parts: object) -> bytes:
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()


_INNOCENT: Final = tuple(seed_of("innocent", number) for number in range(VIEWS - 1))


def draw_of(*parts: object) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(seed_of("draw", *parts)[:8], "big"))


def attacked(picture: Picture, attacks: Iterable[str], *, whole: int = 10) -> Iterator[Row]:
    """One marked copy for each attack; every so-manieth against all 10,000 views, the others against the guilty one and
    199 innocents (the threshold is the same: it is proven, not measured)."""
    own = seed_of("view", picture.name)
    marked = embed(picture.pixels, own)
    error = picture.pixels.astype(np.float32) - marked
    decibels = 10 * math.log10(255**2 / max(float(np.mean(error**2)), 1e-9))
    for number, attack in enumerate(attacks):
        copy = (ATTACKS | HARDER)[attack](marked, draw_of(picture.name, attack))
        all_of_them = whole and (number + len(picture.name) * 7) % whole == 0
        innocents = _INNOCENT if all_of_them else _INNOCENT[:199]
        yield _row(picture, attack, copy, innocents, (own,), decibels=decibels)


def unmarked(picture: Picture, attacks: Iterable[str]) -> Iterator[Row]:
    """Copies of the original itself, against 10,000 views."""
    for attack in attacks:
        copy = ATTACKS[attack](picture.pixels, draw_of(picture.name, attack, "unmarked"))
        yield _row(picture, attack, copy, _INNOCENT, ())


def colluding(picture: Picture) -> Row:
    """Ten accounts' copies laid over each other, then JPEG 75."""
    own = tuple(seed_of("colluder", picture.name, number) for number in range(COPIES))
    copy = leak_attacks.jpeg(leak_attacks.averaged([embed(picture.pixels, seed) for seed in own]), 75)
    return _row(picture, _AVERAGED, copy, _INNOCENT, own)


def _row(
    picture: Picture, attack: str, copy: Pixels, innocents: Sequence[bytes], guilty: Sequence[bytes],
    decibels: float = 0.0,
) -> Row:  # fmt: skip
    began = time.process_time()
    made = attribute(copy, picture.pixels, (*innocents, *guilty), VIEWS, replay=True)
    seconds = time.process_time() - began
    many = len(innocents)
    z = np.asarray(made.z, np.float64)
    return Row(
        kind=picture.kind, name=picture.name, attack=attack, marked=bool(guilty), verdict=made.verdict,
        right=set(made.named) == set(range(many, many + len(guilty))), accused=any(one < many for one in made.named),
        z=float(z[many:].min()) if made.registered and guilty else 0.0,
        innocent=float(z[:many].max()) if made.registered else 0.0, views=many + len(guilty), expected=made.expected,
        likeness=made.likeness, inliers=made.inliers, seconds=seconds, decibels=decibels,
    )  # fmt: skip


class Null(msgspec.Struct, frozen=True):
    """Innocent views: how many, mean and deviation of z, the highest, and (nominal, seen, low, high) of each tail."""

    views: int
    mean: float
    deviation: float
    highest: float
    tails: tuple[tuple[float, int, int, int], ...]
    beyond_bound: tuple[tuple[float, int], ...]
    """(Hoeffding's bound p, how many of the views were over sqrt(2 ln 1/p))."""


_TAILS: Final = ((1e-3, 3.0902323), (1e-4, 3.7190165), (1e-5, 4.2648908))


def null(some: Sequence[Picture], views: int) -> Null:
    """Innocent views against what is left of real copies. The interval is that of 99 % of such runs (Poisson)."""
    each = -(-views // (2 * len(some)))
    found = []
    for picture in some:
        fixed = grey_of(working(picture.pixels))
        marked = embed(picture.pixels, seed_of("view", picture.name))
        for leaked in (leak_attacks.jpeg(marked, 60), leak_attacks.noisy(picture.pixels, 4, draw_of(picture.name))):
            left = evidence(fixed, grey_of(working(leaked)))
            seeds = [seed_of("null", picture.name, len(found), number) for number in range(each)]
            found.append(scores(left, seeds))
    z = np.concatenate(found)
    tails = tuple((p, int((z > t).sum()), *_within(p * len(z))) for p, t in _TAILS)
    beyond = tuple((p, int((z > math.sqrt(2 * math.log(1 / p))).sum())) for p, _ in _TAILS)
    return Null(len(z), float(z.mean()), float(z.std()), float(z.max()), tails, beyond)


def _within(mean: float) -> tuple[int, int]:
    """The counts between which a Poisson variable falls with 99 %."""
    low, high, total, term, number = 0, 0, 0.0, math.exp(-mean) if mean < 700 else 0.0, 0
    if mean >= 700:
        reach = 2.5758 * math.sqrt(mean)
        return math.floor(mean - reach), math.ceil(mean + reach)
    while total < 0.995:
        total += term
        if total <= 0.005:
            low = number + 1
        high = number
        number += 1
        term *= mean / number
    return low, high


def marking_ms(rounds: int = 15) -> list[float]:
    """CPU milliseconds of marking 1200 x 850 pixels."""
    picture, own, taken = skin(1, 1200, 850), seed_of("speed"), []
    embed(picture, own)
    for _ in range(rounds):
        began = time.process_time()
        embed(picture, own)
        taken.append((time.process_time() - began) * 1000)
    return taken


def table(rows: Sequence[Row]) -> str:
    """Attacks down, kinds across: right of all, and the lowest z."""
    kinds = [kind for kind in ("textured", "skin", "made") if any(row.kind == kind for row in rows)]
    by: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.marked:
            by[row.attack, row.kind].append(row)
    lines = ["| attack | " + " | ".join(f"{kind}: named, least z, median z" for kind in kinds) + " |"]
    lines.append("|---|" + "---|" * len(kinds))
    for attack in dict.fromkeys(row.attack for row in rows if row.marked):
        cells = []
        for kind in kinds:
            some = by.get((attack, kind), [])
            z = [row.z for row in some]
            right = sum(row.right for row in some)
            cells.append(f"{right}/{len(some)}, {min(z):.1f}, {np.median(z):.0f}" if some else "-")
        lines.append(f"| {attack} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(rows: Sequence[Row]) -> str:
    """The bars in words."""
    lines = []
    for kind in ("textured", "skin", "made"):
        marked = [row for row in rows if row.kind == kind and row.attack in ATTACKS and row.marked]
        bare = [row for row in rows if row.kind == kind and not row.marked]
        many = [row for row in rows if row.kind == kind and row.attack == _AVERAGED]
        if not marked:
            continue
        right = sum(row.right for row in marked)
        said = Counter(row.verdict for row in marked if not row.right)
        lines.append(
            f"{kind}: {len({row.name for row in marked})} pictures, {right} of {len(marked)} marked copies named "
            f"({100 * right / len(marked):.2f} %), others {dict(said)}; unmarked {len(bare)}: "
            f"{sum(row.accused for row in bare)} accused, {dict(Counter(row.verdict for row in bare))}; "
            f"averaged {sum(row.right for row in many)} of {len(many)} with all {COPIES} named; "
            f"innocents at most {max(row.innocent for row in (*marked, *bare)):.2f}; accused wrongly "
            f"{sum(row.accused for row in (*marked, *bare, *many))}; at least "
            f"{min(row.decibels for row in marked):.1f} dB"
        )
    full = [row.seconds for row in rows if row.views >= VIEWS]
    if full:
        lines.append(
            f"one picture against {VIEWS:,} views: median {np.median(full):.2f}, at most {max(full):.2f} s CPU "
            f"({len(full)} runs); threshold {threshold(VIEWS):.2f}"
        )
    return "\n".join(lines)


def null_in_words(made: Null) -> str:
    tails = "; ".join(f"nominal {p:g}: {seen} ({low} to {high})" for p, seen, low, high in made.tails)
    bounds = ", ".join(f"{p:g}: {seen / made.views:.2g}" for p, seen in made.beyond_bound)
    return (
        f"null: {made.views:,} innocent views, mean {made.mean:.4f}, sd {made.deviation:.4f}, highest "
        f"{made.highest:.2f}; over the normal quantile, with the interval of 99 %: {tails}; share over Hoeffding's "
        f"bound of {bounds}"
    )


def run(setting: Setting) -> list[Figure]:
    """A sample: every fifth photo, a few made ones."""
    folder = photos_folder()
    if folder is None:
        setting.say("no photos at SEIFAS_BENCH_PHOTOS: made skin only")
    some = list(pictures(folder, 2 if setting.quick else 8, 20 if setting.quick else 5))
    rows: list[Row] = []
    for number, picture in enumerate(some):
        setting.say(f"{picture.name} ({number + 1} of {len(some)})")
        rows += attacked(picture, ATTACKS if not setting.quick else _UNMARKED)
        rows += unmarked(picture, (_UNMARKED[number % len(_UNMARKED)],))
    rows += [colluding(picture) for picture in some[:: max(1, len(some) // 4)]]
    nothing = null(some[:5], 20_000 if setting.quick else 1_000_000)
    setting.say(null_in_words(nothing))
    figures = [alone("marking a picture of 1 megapixel", "ms CPU", marking_ms(), Bar(at_most=30, unit="ms"))]
    for kind, bar in (("textured", 99.0), ("skin", 97.0), ("made", 97.0)):
        marked = [row for row in rows if row.kind == kind and row.marked and row.attack in ATTACKS]
        if marked:
            share = 100 * sum(row.right for row in marked) / len(marked)
            figures.append(alone(
                f"marked copies named, {kind}, {len(marked)} copies", "%", [share], Bar(at_least=bar, unit="%"),
            ))  # fmt: skip
    averaged = [row.right for row in rows if row.attack == _AVERAGED]
    full = [row.seconds for row in rows if row.views >= VIEWS]
    return [
        *figures,
        alone("copies accusing somebody wrongly", "", [sum(row.accused for row in rows)], Bar(at_most=0, unit="")),
        alone(f"averages of {COPIES} copies with all named", "%", [100 * sum(averaged) / len(averaged)],
              Bar(at_least=100, unit="%")),
        alone(f"one picture against {VIEWS:,} views", "s CPU", full, Bar(at_most=5, unit="s")),
        alone(f"deviation of z over {nothing.views:,} innocent views", "", [nothing.deviation],
              Bar(at_most=1.02, unit=""), null_in_words(nothing)),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.marking", description=__doc__)
    parser.add_argument("--photos", type=Path, default=photos_folder())
    parser.add_argument("--made", type=int, default=120, help="made skin; each goes through every third attack")
    parser.add_argument("--every", type=int, default=1, help="every so-manieth photo")
    parser.add_argument("--null", type=int, default=1_000_000, help="innocent views")
    parser.add_argument("--rows", type=Path, default=ROOT / "build" / "marking.jsonl")
    parser.add_argument("--harder", action="store_true", help="what is beyond the bars, instead")
    parser.add_argument("--table", action="store_true", help="only what an earlier run has written")
    chosen = parser.parse_args()
    chosen.rows.parent.mkdir(parents=True, exist_ok=True)
    if not chosen.table:
        _all(chosen)
    rows = [msgspec.json.decode(line, type=Row) for line in chosen.rows.read_bytes().splitlines()]
    print(table(rows), summary(rows), sep="\n\n")
    taken = marking_ms()
    print(f"marking 1 MP: median {np.median(taken):.1f} ms CPU ({min(taken):.1f} to {max(taken):.1f})")
    if not chosen.table and chosen.null:
        print(null_in_words(null(list(pictures(chosen.photos, 4, 12)), chosen.null)))


def _all(chosen: argparse.Namespace) -> None:
    """A third of the attacks on every picture, then the next third: cut short, it is a sample of all."""
    names = list(HARDER if chosen.harder else ATTACKS)
    with chosen.rows.open("ab") as file:
        rows = [msgspec.json.decode(line, type=Row) for line in chosen.rows.read_bytes().splitlines()]
        done = {(row.name, row.attack, row.marked) for row in rows}
        for turn in range(3):
            for number, picture in enumerate(pictures(chosen.photos, chosen.made, chosen.every)):
                if turn and picture.kind == "made":
                    continue
                some = [one for one in names[(number + turn) % 3 :: 3] if (picture.name, one, True) not in done]
                rows = list(attacked(picture, some))
                if not turn and not chosen.harder:
                    bare = _UNMARKED[number % len(_UNMARKED)]
                    rows += unmarked(picture, [bare] if (picture.name, bare, False) not in done else [])
                    if number % 5 == 0 and (picture.name, _AVERAGED, True) not in done:
                        rows.append(colluding(picture))
                file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
                file.flush()


if __name__ == "__main__":
    main()
