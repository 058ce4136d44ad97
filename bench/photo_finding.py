"""Which photo is it: recall over the 33 attacks among 10,000 distractors and more, strangers, galleries, and the time.

    python -m bench.photo_finding [--photos DIR] [--real DIR ...] [--distractors N] [--skin N] [--large N] [--workers N]

Photos are looked for in ../shared/data/photos beside the repository. `--real` are folders of other people's pictures
(taken out of packages, for one) that are only distractors and strangers; the rest of the distractors are generated and
counted apart. Copies are marked views of 1 megapixel, as they leave the vault, before they are attacked. PDQ alone,
with all eight ways round, goes over the same copies beside it. All is written to build/photo-finding.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from bench.figures import Bar, Figure, alone
from bench.leak_attacks import ATTACKS, Pixels
from bench.marking import photos_folder
from bench.photo_crowd import at_a_megapixel, blown_up, mixed, others, say, taken
from bench.photo_layouts import collage, gallery, page
from bench.setting import Setting
from bench.skin import skin
from seifas.darkroom.imaging import fingerprint, pdq, watermark
from seifas.leaks.photo_index import Found, PhotoIndex

ROOT = Path(__file__).parent.parent
_SEED = b"a view of the bench's, of nobody"
_SKIN = ("padufes", "isic")


class Query(NamedTuple):
    """A photo of the clinic's: its name, what kind of picture it is, its pixels at 1 megapixel."""

    name: str
    kind: str
    picture: Pixels


class Tried(NamedTuple):
    """One copy: what was found, whether PDQ alone finds it, CPU seconds."""

    kind: str
    attack: str
    name: str
    right: bool
    among: bool
    by_pdq: bool
    inliers: int
    seconds: float


def main() -> int:
    chosen = _arguments()
    cv2.setNumThreads(1)
    chosen.work.mkdir(parents=True, exist_ok=True)
    queries = list(_queries(chosen.photos, chosen.skin))[:: chosen.every]
    say(f"{len(queries)} photos: {_counted(one.kind for one in queries)}")
    strangers, distractors = others(chosen.real, chosen.distractors, chosen.work / "fingerprints", chosen.workers)
    distractors += mixed(distractors, chosen.mixed)
    say(f"distractors: {_counted(kind for kind, _, _ in distractors)}")
    entries = [(one.name.encode(), taken(one.picture)) for one in queries]
    began = time.perf_counter()
    index = PhotoIndex([*entries, *((name.encode(), blob) for _, name, blob in distractors)])
    say(f"index of {len(index)} photos in {time.perf_counter() - began:.1f} s")
    report: dict[str, Any] = {
        "photos": _counted(one.kind for one in queries), "distractors": _counted(kind for kind, _, _ in distractors),
        "attacks": _attacked(index, entries, distractors, queries, chosen.workers),
        "strangers": _strange(index, strangers), "several": _several(index, queries),
    }  # fmt: skip
    if chosen.large:
        report["large"] = _large(chosen.large, queries, [blob for _, _, blob in distractors])
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(report, indent=1))
    return 0


def run(setting: Setting) -> list[Figure]:
    """For `python -m bench`: every tenth photo (a few made ones where there are none) among 2,000 others."""
    cv2.setNumThreads(1)
    place = setting.work / "fingerprints"
    folder = photos_folder()
    if folder is None:
        setting.say("no photos at SEIFAS_BENCH_PHOTOS: made skin only")
    photos = list(_queries(folder or setting.work / "none", 4 if setting.quick else 12))
    queries = photos[:: 1 if folder is None else 20 if setting.quick else 10]
    workers = os.cpu_count() or 1
    strangers, distractors = others([], 200 if setting.quick else 2_000, place, workers)
    entries = [(one.name.encode(), taken(one.picture)) for one in queries]
    index = PhotoIndex([*entries, *((name.encode(), blob) for _, name, blob in distractors)])
    told = _attacked(index, entries, distractors, queries, workers)
    strange = _strange(index, strangers[: 10 if setting.quick else 60])
    right, by_pdq, of = (sum(row[at] for row in told["recall"]["all"].values()) for at in range(3))
    return [
        alone(f"copies whose photo is found, {of} copies of {len(queries)} photos among {len(index):,}", "%",
              [100 * right / of], Bar(at_least=99, unit="%"), f"PDQ alone: {100 * by_pdq / of:.0f} %"),
        alone("strangers' pictures taken for a photo", "", [len(strange["found"])], Bar(at_most=0, unit="")),
        alone("looking for one copy", "s CPU", [told["cpu_s"][0]], Bar(at_most=1, unit="s"),
              f"at most {told['cpu_s'][1]:.2f}"),
    ]  # fmt: skip


# -- what is looked for, and among what


def _queries(photos: Path, generated: int) -> Iterator[Query]:
    for path in sorted(photos.glob("*.jpg")):
        picture = cv2.imread(str(path))
        kind = "skin" if path.name.startswith(_SKIN) else "faces"
        yield Query(path.stem, kind, at_a_megapixel(np.asarray(picture, np.uint8)))
    for number in range(generated):
        yield Query(f"skin-{number}", "generated skin", at_a_megapixel(skin(number)))


# -- the attacks


_INDEX: PhotoIndex
_QUERIES: list[Query]
_HASHES: Any
_NAMES: list[bytes]


def _attacked(
    index: PhotoIndex, entries: list[tuple[bytes, bytes]], distractors: list[tuple[str, str, bytes]],
    queries: list[Query], workers: int,
) -> dict[str, Any]:  # fmt: skip
    global _INDEX, _QUERIES, _HASHES, _NAMES  # noqa: PLW0603  # what forked workers inherit
    _INDEX, _QUERIES = index, queries
    _NAMES = [name for name, _ in entries] + [name.encode() for _, name, _ in distractors]
    blobs = [blob for _, blob in entries] + [blob for _, _, blob in distractors]
    _HASHES = pdq.words(b"".join(fingerprint.read(blob).pdq for blob in blobs))
    found: list[Tried] = []
    began = time.perf_counter()
    with get_context("fork").Pool(workers) as pool:
        order = np.random.default_rng(1).permutation(len(queries)).tolist()  # so that a part of a run says something
        for number, tried in enumerate(pool.imap_unordered(_tried, order), 1):
            found += tried
            if number % 10 == 0:
                missed = [(one.name, one.attack) for one in found if not one.right]
                say(f"{number} photos, {len(found)} copies, {time.perf_counter() - began:.0f} s; missed {missed}")
    return _tabled(found)


def _tried(number: int) -> list[Tried]:
    query = _QUERIES[number]
    marked = watermark.embed(query.picture, _SEED)
    found = []
    for attack, done in ATTACKS.items():
        copy = done(marked, np.random.default_rng(zlib.crc32(f"{query.name} {attack}".encode())))
        began = time.thread_time()
        told = _INDEX.find(copy)
        took = time.thread_time() - began
        name = query.name.encode()
        right = bool(told) and told[0].photo == name
        among = any(one.photo == name for one in told)
        inliers = told[0].inliers if told else 0
        found.append(Tried(query.kind, attack, query.name, right, among, _pdq_finds(copy, name), inliers, took))
    return found


def _pdq_finds(copy: Pixels, name: bytes) -> bool:
    ways = pdq.turned(pdq.transformed(copy).waves)
    apart = np.stack([pdq.distances(pdq.words(bits)[0], _HASHES) for bits, _ in ways]).min(axis=0)
    nearest = int(apart.argmin())
    return int(apart[nearest]) <= pdq.SAME and _NAMES[nearest] == name


def _tabled(found: list[Tried]) -> dict[str, Any]:
    kinds = sorted({one.kind for one in found})
    table: dict[str, Any] = {}
    print(f"{'attack':12}" + "".join(f"{kind:>22} (PDQ)" for kind in kinds))
    for attack in [*ATTACKS, "all"]:
        row = {}
        for kind in kinds:
            mine = [one for one in found if one.kind == kind and attack in (one.attack, "all")]
            row[kind] = [sum(one.right for one in mine), sum(one.by_pdq for one in mine), len(mine)]
        table[attack] = row
        print(f"{attack:12}" + "".join(f"{a:>16} of {n:<5} ({p})" for a, p, n in row.values()))
    took = sorted(one.seconds for one in found)
    missed = [(one.name, one.attack, one.among, one.inliers) for one in found if not one.right]
    print(f"CPU s: median {took[len(took) // 2]:.2f}, p95 {took[len(took) * 95 // 100]:.2f}, most {took[-1]:.2f}")
    print("missed:", missed)
    least: dict[str, int] = defaultdict(lambda: 10**6)
    for one in found:
        if one.right:
            least[one.attack] = min(least[one.attack], one.inliers)
    return {"recall": table, "missed": missed, "fewest_inliers": dict(least), "cpu_s": [took[len(took) // 2], took[-1]]}


# -- strangers, several in one, and time


def _strange(index: PhotoIndex, strangers: list[tuple[str, Pixels]]) -> dict[str, Any]:
    """Pictures that no fingerprint is of: every find is a wrong one."""
    told = []
    took = []
    for kind, picture in strangers:
        began = time.thread_time()
        found = index.find(picture)
        took.append(time.thread_time() - began)
        if found:
            told.append((kind, found[0].photo.decode(errors="replace"), found[0].inliers, round(found[0].score, 1)))
    kinds = _counted(kind for kind, _ in strangers)
    print(f"strangers {kinds}: {len(told)} found; CPU s median {np.median(took):.2f}, most {max(took):.2f}", told)
    return {"of": kinds, "found": told, "cpu_s": [float(np.median(took)), max(took)]}


def _several(index: PhotoIndex, queries: list[Query]) -> dict[str, Any]:
    """Pictures of several photos: how many of them are found."""
    draw = np.random.default_rng(5)
    told: dict[str, list[float]] = {}
    layouts: dict[str, tuple[Callable[[list[Pixels]], Pixels], int]] = {
        "gallery of 9 on a telephone (1,080 wide)": (gallery, 9),
        "collage of 4, edge to edge": (collage, 4),
        "page with 2 and lines of text": (page, 2),
    }
    for name, (lay, many) in layouts.items():
        right = shown = wrong = 0
        took = []
        for _ in range(12):
            chosen = [queries[int(one)] for one in draw.choice(len(queries), many, replace=False)]
            picture = lay([one.picture for one in chosen])
            began = time.thread_time()
            found = index.find(picture)
            took.append(time.thread_time() - began)
            names = {one.photo for one in _foremost(found)}
            wanted = {one.name.encode() for one in chosen}
            right, shown, wrong = right + len(names & wanted), shown + many, wrong + len(names - wanted)
        print(f"{name}: {right} of {shown} found, {wrong} wrong; CPU s median {np.median(took):.2f}")
        told[name] = [right, shown, wrong, float(np.median(took))]
    return told


def _foremost(found: list[Found]) -> list[Found]:
    """The best of each place."""
    return list({one.region: one for one in reversed(found)}.values())


def _large(many: int, queries: list[Query], blobs: list[bytes]) -> dict[str, Any]:
    """Memory and time with `many` photos: the known ones, and copies of the distractors' fingerprints with a quarter of
    their bits redrawn and their places shuffled, so that lists are as uneven as they are with pictures."""
    queries = queries[:: max(1, len(queries) // 24)]
    entries = [(one.name.encode(), taken(one.picture)) for one in queries]
    before = _memory()
    began = time.thread_time()
    index = PhotoIndex(blown_up(entries, blobs, many))
    built, size = time.thread_time() - began, _memory() - before
    print(f"{len(index):,} photos: built in {built:.0f} s of CPU (with making them up), {size / 2**30:.2f} GiB")
    told: dict[str, Any] = {"photos": len(index), "build_s": built, "gib": size / 2**30}
    for attack in ("none", "crop50%", "screenshot", "comboD", "thumb200", "hflip", "a stranger"):
        took, right = [], 0
        for query in queries:
            draw = np.random.default_rng(zlib.crc32(f"{query.name} {attack}".encode()))
            picture = ATTACKS[attack](query.picture, draw) if attack in ATTACKS else skin(
                80_000 + zlib.crc32(query.name.encode()) % 1000, 900, 700
            )  # fmt: skip
            began = time.thread_time()
            found = index.find(picture)
            took.append(time.thread_time() - began)
            right += bool(found) and found[0].photo == query.name.encode()
        took.sort()
        told[attack] = [right, len(queries), took[len(took) // 2], took[-1]]
        print(f"  {attack:12} {right} of {len(queries)}, CPU s: median {took[len(took) // 2]:.2f}, most {took[-1]:.2f}")
    return told


def _memory() -> int:
    return next(
        int(line.split()[1]) * 1024 for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("RssAnon")
    )  # fmt: skip


def _counted(kinds: Any) -> dict[str, int]:
    told: dict[str, int] = defaultdict(int)
    for kind in kinds:
        told[kind] += 1
    return dict(told)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.photo_finding", description=__doc__)
    parser.add_argument("--photos", type=Path, default=ROOT.parent / "shared" / "data" / "photos")
    parser.add_argument("--real", type=Path, action="append", default=[], help="a folder of other pictures")
    parser.add_argument("--distractors", type=int, default=10_000, help="at least; what is not real is generated")
    parser.add_argument("--mixed", type=int, default=0, help="distractors more, mixed from the places of the others")
    parser.add_argument("--every", type=int, default=1, help="of the photos that are looked for only every so many")
    parser.add_argument("--skin", type=int, default=120, help="generated photos beside the given ones")
    parser.add_argument("--large", type=int, default=240_000, help="photos in the index whose time is taken; 0: none")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "photo-finding")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "photo-finding.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
