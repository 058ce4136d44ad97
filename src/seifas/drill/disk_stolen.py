"""Step "disk stolen": the thief copies every file, running and switched off, and reads, searches, and pairs."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from seifas.demo.population import population, searchable
from seifas.drill import careless_store, cold_copy, linking, planting, two_copies, unwrapping
from seifas.drill.day_of_work import Work, work
from seifas.drill.disk_search import Findings, Needles, expected_by_chance, names_of, search
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.linking import Verdict
from seifas.drill.public_pages import given_to_anybody, set_aside
from seifas.drill.stage import Stage
from seifas.settings import FILE as SETTINGS
from seifas.settings import load

MOST_AUC: Final = 0.55
SEEING_AUC: Final = 0.9
"""What the linker must reach on a careless store before its failure on the vault counts."""

_PLANTED: Final = 40
_LINKED: Final = 4000
_CONTROL: Final = 150
_OWN_WORDS: Final = ("resourceType", "birthDate", "communication", "maritalStatus")
"""Field names of FHIR that stand in every record, so that even a record of nobody we know is seen."""


def run(context: Context) -> StepResult:
    context.clinic()
    stage = context.stage("stolen")
    room = context.room("disk-stolen")
    done, given = use(context, stage, room)
    copies = [room / "running", room / "evening", room / "morning"]
    public = sum(set_aside(copy, given) for copy in copies)
    needles = words(context, done)
    proof = planting.prove(_empty(room / "planted"), copies[2] / "data" / "rows.db", needles, _sample(needles))
    control = _control(context, needles, room)
    size = sum(file.stat().st_size for copy in copies for file in copy.rglob("*") if file.is_file())
    with context.screen.bar("searching three copies of the disk", size) as advance:
        found = search([*copies, room / "temporary", room / "deleted"], needles, progress=advance)
    context.screen.say("pairing envelopes by order, place, size and time")
    owned = cold_copy.truth(copies[2], context.root(stage.data))
    links = Links(
        morning=_link(context, copies[2], owned), evening=_link(context, copies[1], owned),
        careless=_careless(context, owned, room),
        twice=two_copies.difference(context.clinic(), copies[1], owned),
        fresh=two_copies.difference(context.clinic(), copies[2], owned).fresh_auc,
    )
    broken = (
        *names_of(found.hits)[:20],
        *(f"the searcher did not see {one}" for one in proof.missed[:20]),
        *_blind(control, links.careless),
        *pairs_over(links.morning),
        *loose_files(copies[2]),
    )
    return _told(context, done, needles, proof, control, found, links, broken, public)


def _blind(control: tuple[int, int], seeing: float) -> list[str]:
    """What the attackers themselves fail to see where there is something to see."""
    missed = [f"the searcher missed {control[0] - control[1]} words of unsealed records"]
    linker = [f"the linker is blind itself: {seeing:.2f} on a careless store"]
    return (missed if control[0] != control[1] else []) + (linker if seeing < SEEING_AUC else [])


def _empty(place: Path) -> Path:
    place.mkdir()
    return place


def use(context: Context, stage: Stage, room: Path, *, markers: int = 1) -> tuple[Work, frozenset[bytes]]:
    """Serves the clinic, lets people work in it, and copies it: while it runs, when it is off that evening, and when it
    is off after a night's upkeep.

    Leaves in `room`: `running`, `evening`, `morning`, `deleted` (open files without a name) and `temporary` (what the
    processes put into their temporary place). Gives what was done, and what the public site gave to anybody meanwhile.
    `markers` chooses the words that are typed.
    """
    temporary = _empty(room / "temporary")
    temporary.chmod(0o1777)
    context.screen.say("the clinic is open: sign-ins, searches, writes, mistakes")
    places = {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    stage.start(environment=places)
    try:
        done = work(
            stage, patients=context.patients, today=context.today, seed=context.seed,
            newcomers=max(3, context.patients // 400), markers=markers,
        )
        # Pages change with what is free and with the hour: what the front kept today is what anybody got today.
        given = given_to_anybody(stage)
        steal(stage, room / "running")
        steal_deleted(stage, _empty(room / "deleted"))
        stage.stop()
        steal(stage, room / "evening")
        stage.start(environment=places)
        with stage.admin() as admin:
            admin.call("admin.relay")
        given |= given_to_anybody(stage)
    finally:
        stage.stop()
    steal(stage, room / "morning")
    return done, given


def steal(stage: Stage, place: Path) -> None:
    """Copies all that is on the disk of a clinic, and the server's log with it. Sockets hold nothing."""
    shutil.copytree(
        stage.data, place, symlinks=True, ignore=shutil.ignore_patterns("*.sock"), copy_function=_copied
    )
    if stage.log.exists():
        shutil.copy(stage.log, place / "server.log")


def _copied(source: str, target: str) -> None:
    """One file; one that went while the directory was read (a working clinic renames and removes) is not there."""
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(source, target)


def steal_deleted(stage: Stage, place: Path) -> int:
    """Copies files that the server's processes hold open but whose names are gone; how many there were.

    They are on the disk until the process ends. Another user's descriptors are seen by root only; else nothing is.
    """
    stolen = 0
    for name, pid in stage.pids().items():
        with contextlib.suppress(PermissionError):
            for link in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if link.is_file() and os.readlink(link).endswith(" (deleted)"):
                        shutil.copyfile(link, place / f"{name}-{link.name}")
                        stolen += 1
    return stolen


def words(context: Context, done: Work) -> Needles:
    """What the thief looks for: everything the clinic knows of its patients, what was typed today, and FHIR's words."""

    def all_words() -> Iterator[tuple[str, str]]:
        for file in population(context.seed, context.patients, context.today):
            for text in searchable(file, at_least=7):
                yield kind_of(text), text
        for marker in done.markers:
            yield "word typed today", marker
        for text in _OWN_WORDS:
            yield "field of a record", text

    return Needles(all_words())


def kind_of(text: str) -> str:
    """What kind of word this is, for the report; the word itself is never in it."""
    if "@" in text:
        return "e-mail"
    if text.startswith("+"):
        return "telephone"
    if text.isdigit():
        return "personal code"
    return "complaint" if " " in text else "name or complaint"


def _sample(needles: Needles) -> list[int]:
    chance = random.Random(7)  # noqa: S311 - a sample
    return sorted(chance.sample(range(len(needles.words)), min(_PLANTED, len(needles.words))))


def _control(context: Context, needles: Needles, room: Path) -> tuple[int, int]:
    """(words, found): the records of some patients written to a file as they are; each of their words must be seen."""
    path = room / "unsealed.ndjson"
    wanted: set[tuple[str, str]] = set()
    with path.open("wb") as file:
        for one in population(context.seed, context.patients, context.today, stop=min(_CONTROL, context.patients)):
            for resource in one.resources:
                file.write(resource.body + b"\n")
            wanted |= {(kind_of(text), text) for text in searchable(one, at_least=7)}
    numbers = {word: number for number, word in enumerate(needles.words)}
    seen = {hit.needle for hit in search([path], needles, workers=1).hits}
    path.unlink()
    return len(wanted), sum(numbers[word] in seen for word in wanted)


class Links(NamedTuple):
    """What pairing gave: on the copy after a night, on the one of the same evening, on a careless store; and what two
    copies, or one, tell of what was written that day."""

    morning: Verdict
    evening: Verdict
    careless: float
    twice: two_copies.Difference
    fresh: float


def _patients(context: Context, owned: cold_copy.Owned, most: int) -> list[bytes]:
    patients = sorted(owned.patients())
    random.Random(context.seed).shuffle(patients)  # noqa: S311 - a sample
    return patients[:most]


def _link(context: Context, copy: Path, owned: cold_copy.Owned) -> Verdict:
    return linking.attack(cold_copy.things(copy, owned, _patients(context, owned, _LINKED)))


def _careless(context: Context, owned: cold_copy.Owned, room: Path) -> float:
    shown = careless_store.things(room / "careless.db", owned.rows, _patients(context, owned, 600))
    return linking.attack(shown).auc


_SHARED: Final = 10
"""The group of keeper and darkroom, counted from the first user's number (cli/separating.py)."""


def pairs_over(verdict: Verdict) -> list[str]:
    """Kinds of pairs that the thief can tell: over the bar by more than three errors of the measurement."""
    over = [
        f"{score.pair}: AUC {score.auc:.3f} over {score.pairs} pairs"
        for score in verdict.scores if score.auc > MOST_AUC + 3 * score.error
    ]
    return over + ([f"all pairs: AUC {verdict.auc:.3f}"] if verdict.auc > MOST_AUC else [])


def _groups(data: Path) -> tuple[int, ...]:
    """The group that keeper and darkroom share, and whoever made a copy: their group stands in its place there."""
    if not (data / SETTINGS).exists():
        return ()
    return load(data).separation.first_uid + _SHARED, os.getegid()


def _open_to_others(told: os.stat_result, groups: tuple[int, ...]) -> bool:
    return bool(told.st_mode & (0o007 if told.st_gid in groups else 0o077))


def loose_files(data: Path) -> list[str]:
    """What other users of the machine could read: sealed or not, it is nobody else's. Keeper and darkroom share the
    objects, and nothing else, by a group that has no other members."""
    shared = _groups(data)
    loose = []
    for name in ("keys", "state", "data", "audit"):
        if (data / name).exists() and _open_to_others((data / name).stat(), shared if name == "data" else ()):
            loose.append(f"{name}/ can be entered by other users")
    for place in (data / "keys", data / "state", data / "data"):
        for directory, _, files in os.walk(place):
            among = shared if Path(directory) == data / "data" / "objects" else ()
            for file in files:
                told = (Path(directory) / file).lstat()
                if told.st_mode & 0o100 or _open_to_others(told, among):
                    loose.append(f"{file} can be read by other users")
    return loose


def _told(
    context: Context, done: Work, needles: Needles, proof: planting.Proof, control: tuple[int, int], found: Findings,
    links: Links, broken: tuple[str, ...], public: int,
) -> StepResult:
    verdict, twice = links.morning, links.twice
    worst = verdict.worst
    chance = expected_by_chance(needles, found.bytes)
    figures = (
        Figure("files and bytes searched, three copies", f"{found.files:,} files, {found.bytes / 1e6:,.0f} MB"),
        Figure("words looked for", f"{len(needles.words):,} words in {needles.forms:,} forms"),
        Figure("found", str(len(found.hits)), "0"),
        Figure("found by chance alone, expected", f"{chance:.1e}"),
        Figure("wrapped things opened and searched too", f"{found.unwrapped:,}"),
        Figure("searcher proven: planted words seen", f"{proof.planted - len(proof.missed):,} of {proof.planted:,} in "
               f"{proof.ways} ways", "all"),
        Figure("searcher proven: words of unsealed records seen", f"{control[1]:,} of {control[0]:,}", "all"),
        Figure("pairing, all kinds (0.5 is blind)", f"AUC {verdict.auc:.3f} over {verdict.pairs:,} pairs",
               f"at most {MOST_AUC}"),
        Figure(f"pairing, worst kind ({worst.pair})", f"AUC {worst.auc:.3f} ± {worst.error:.3f}",
               f"at most {MOST_AUC}"),
        Figure("two lines of the log, which is kept in the order of time",
               f"AUC {verdict.in_time.auc:.3f} over {verdict.in_time.pairs:,} pairs" if verdict.in_time else "none"),
        Figure("pairing in a copy of the same evening, worst kind", f"AUC {links.evening.worst.auc:.3f} "
               f"({links.evening.worst.pair})"),
        Figure("linker proven: a careless store", f"AUC {links.careless:.3f}", f"at least {SEEING_AUC}"),
        Figure("appeared between two copies", f"{twice.rows:,} rows, {twice.keys:,} key bundles, {twice.heads:,} state "
               f"rows, {twice.lines:,} audit lines, of {twice.patients:,} patients"),
        Figure("two of those rows are one patient's", f"{100 * twice.together:.2f} % (any two rows of the disk: "
               f"{100 * twice.anywhere:.4f} %)"),
        Figure("one copy tells that day's rows from older ones",
               f"AUC {twice.fresh_auc:.3f} the same evening, {links.fresh:.3f} after the night"),
    )
    notes = [
        *broken,
        f"{len(done.markers)} made-up words were typed, written and sent wrongly that day; the server answered "
        f"{sum(done.answers.values())} requests.",
        "Who copies the disk twice sees how much was written in between, and that it was then: nothing can hide "
        "that. The figures above say how far it gets him.",
    ]
    if public:
        notes.append(f"{public} files were set aside: the public site's pages, byte for byte as anybody gets them.")
    if not unwrapping.sees_zstd():
        notes.append("zstd streams were not looked into: this machine has no zstd library.")
    if len(needles.words) and context.patients > _LINKED:
        notes.append(f"Pairing was tried on {_LINKED:,} of the patients.")
    if not any((context.clinic() / "data" / "objects").iterdir()):
        notes.append("This clinic holds no pictures yet: the search for them was proven on planted ones.")
    readable = len(found.hits)
    loot = (
        f"Nothing he can read: no name, number, complaint or picture in {found.bytes / 1e6:,.0f} MB. Guessing which "
        f"envelopes belong to one patient, he is right {100 * verdict.auc:.0f} times in 100, where tossing a coin is "
        "right 50 times."
    ) if not broken else (
        f"{readable:,} readable words or pictures." if readable else "The promise could not be shown; see the notes."
    )
    return StepResult(
        promise="A copy of every disk is unreadable: no name, no word, no picture, and no stored link between them.",
        deed=f"He copied every file of a clinic of {context.patients:,} patients: while it was at work, switched off "
             "that evening, and switched off the next morning. He searched the copies for "
             f"{len(needles.words):,} things he knew of the patients, in every usual way of writing and packing, and "
             "tried to match envelopes by size, place, order and time.",
        loot=loot, kept=not broken, figures=figures, notes=tuple(notes),
    )


