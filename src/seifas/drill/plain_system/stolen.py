"""The drill's thefts, done to the plain record system: what the same thief gets there."""

from __future__ import annotations

import contextlib
import csv
import io
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from seifas.demo.photographs import chosen
from seifas.drill.frame import Beside, Context, Figure
from seifas.drill.plain_system.keeping import DATABASE, PHOTOS
from seifas.drill.plain_system.running import PlainSystem
from seifas.drill.sample_taken import english, nobody, table, theft
from seifas.drill.stage import Browser
from seifas.drill.thieves_haul import Haul
from seifas.errors import Unavailable

SYSTEM: Final = "A plain record system"

_THIEF: Final = "doctor1"
_PAGE: Final = 1000
_PUBLISHED, _STRANGERS, _PHOTOS = 35, 15, 6


@contextlib.contextmanager
def served(context: Context, name: str) -> Iterator[PlainSystem]:
    """A copy of the plain system, stopped at the end."""
    system = context.plain(name)
    system.start()
    try:
        yield system
    finally:
        system.stop()


# -- the disk, and the web process


class Read(msgspec.Struct, frozen=True):
    """What lies open in the files: patients by their cards, resources that name their patient, pictures, sessions."""

    patients: int
    resources: int
    pictures: int
    sessions: int


def open_files(place: Path) -> Read:
    """Opens the database and the pictures as anyone may who has the files."""
    database = sqlite3.connect(f"file:{place / DATABASE}?mode=ro", uri=True)
    try:
        cards = database.execute("SELECT body FROM resources WHERE kind = 'Patient'").fetchall()
        named = sum(bool(msgspec.json.decode(body)["name"][0]["family"]) for (body,) in cards)
        resources = database.execute("SELECT count(*) FROM resources WHERE patient <> ''").fetchone()[0]
        sessions = database.execute("SELECT count(*) FROM sessions").fetchone()[0]
    finally:
        database.close()
    pictures = sum(path.read_bytes().startswith(b"\xff\xd8\xff") for path in (place / PHOTOS).iterdir())
    return Read(named, resources, pictures, sessions)


def disk(context: Context) -> Beside:
    """The copied files are opened."""
    system = context.plain("plain-disk")
    began = time.monotonic()
    found = open_files(system.data)
    took = time.monotonic() - began
    return Beside(
        SYSTEM, f"Everything: {found.patients:,} patients by name and {found.pictures} pictures, {took:.1f} s after "
        "the copy was opened.",
        (
            Figure("found", f"{found.patients:,} patients, {found.resources:,} entries, {found.pictures} pictures"),
            Figure("pairing, all kinds (0.5 is blind)", "not needed"),
        ),
    )


def web_process(context: Context) -> Beside:
    """What runs in the web process opens the database as it does."""
    with served(context, "plain-web") as system:
        for account in ("doctor1", "nurse1", "officer1"):
            system.sign_in(account)
        found = open_files(system.data)
    return Beside(
        SYSTEM, f"Everything: its web process opens the database itself. {found.patients:,} patients, and "
        f"{found.sessions} other people's sessions to go on with.",
        (
            Figure("strangers opened through one live session", f"{found.patients:,}"),
            Figure("files, processes and sockets of others reached", f"the database and {found.pictures} pictures"),
        ),
    )


# -- a session that works


def session(context: Context) -> Beside:
    """A stolen session reads charts until it is stopped, or has all."""
    with served(context, "plain-session") as system:
        browser = system.sign_in(_THIEF)
        haul = Haul()
        began = time.monotonic()
        stopped = ride(browser, haul)
        took = time.monotonic() - began
        watched = reads_logged(system)
    end = "stopped" if stopped else "not stopped"
    out = f"{len(haul.charts):,}"
    return Beside(
        SYSTEM, f"{out} of {context.patients:,} patients' charts in {took:.0f} s with the session alone; it was {end}, "
        "and nobody was told.",
        (
            Figure("strangers opened, a stolen session", f"{out} in {took:.0f} s"),
            Figure("charts and cards in all, a stolen session", f"{out} and {len(haul.cards):,}"),
            Figure("from the stop to the freeze, a stolen session", end),
            Figure("from the alarm to somebody's ears, a stolen session", "no alarm"),
            Figure("lines in its log about what was read", str(watched)),
        ),
    )


def ride(browser: Browser, haul: Haul) -> bool:
    """Lists all patients page by page, and opens each; whether anything stopped it."""
    start = 0
    while True:
        page = browser.read(f"/fhir/Patient?_count={_PAGE}&_offset={start}")
        if page.status != 200:
            return True
        found = [entry["resource"]["id"] for entry in page.json["entry"]]
        if not found:
            return False
        start += len(found)
        for patient in found:
            answer = browser.read(f"/fhir/Patient/{patient}/$everything")
            if answer.status != 200:
                return True
            haul.json(answer.body, "everything")


def reads_logged(system: PlainSystem) -> int:
    """Lines of its log that say who read what."""
    with contextlib.closing(sqlite3.connect(system.data / DATABASE)) as database:
        return int(database.execute("SELECT count(*) FROM log WHERE deed = 'GET'").fetchone()[0])


def photos(context: Context) -> Beside:
    """The same session takes pictures."""
    with served(context, "plain-photos") as system:
        pictures, telling = taken_by_two(system, context)
        logged = reads_logged(system)
    return Beside(
        SYSTEM, f"All {pictures} pictures of all patients who have any, as they were made: {telling} of them tell who "
        f"took them, since whoever asks gets the same, and {logged} lines say who saw them.",
        (
            Figure("pictures that left", f"{pictures}"),
            Figure("lines in the log for them", str(logged)),
            Figure("of these, led to their own line", str(telling)),
        ),
    )


def taken_by_two(system: PlainSystem, context: Context, most: int | None = None) -> tuple[int, int]:
    """(pictures that a thief gets, how many another account gets otherwise): only what differs can tell who took it."""
    thief, other = system.sign_in(_THIEF), system.sign_in("nurse1")
    pictures = telling = 0
    for patient in (one.hex() for one in chosen(context.seed, context.patients, context.today)):
        for entry in thief.read(f"/fhir/Media?subject=Patient/{patient}").json["entry"]:
            taken = thief.read(f"/photo/{entry['resource']['id']}").body
            if pictures != most and taken.startswith(b"\xff\xd8\xff"):
                pictures += 1
                telling += other.read(f"/photo/{entry['resource']['id']}").body != taken
    return pictures, telling


# -- what turns up afterwards


def sample(context: Context) -> Beside:
    """35 patients are published in English; whoever looks after the system asks its database for the names."""
    with served(context, "plain-sample") as system:
        browser = system.sign_in(_THIEF)
        ids = [one["resource"]["id"] for one in browser.read(f"/fhir/Patient?_count={_PAGE}").json["entry"]]
        picked = random.Random(context.seed).sample(ids, min(_PUBLISHED, len(ids)))  # noqa: S311 - a sample
        taken, _ = theft(browser, picked, _PUBLISHED)
        rows = [*map(english, taken), *nobody(context.seed, _STRANGERS)]
        leaked = table(rows, np.random.default_rng(context.seed)).decode()
        whose = {(one[0], one[1], one[2]): each.patient for each in taken for one in (english(each),)}
        right, accused = asked(system, leaked, whose)
        pictures, telling = taken_by_two(system, context, _PHOTOS)
        lines = reads_logged(system)
    return Beside(
        SYSTEM, f"{right} of {len(taken)} rows found by their names as published; {lines} lines say who read them.",
        (
            Figure("rows whose patient came first", f"{right} of {len(taken)}"),
            Figure("strangers taken for patients at 0.9 and more", str(accused)),
            Figure("photos that named the account", f"{telling} of {pictures}"),
            Figure("what the log says of the whole set", f"{lines} lines of reads"),
        ),
    )


def asked(system: PlainSystem, leaked: str, whose: dict[tuple[str, str, str], str]) -> tuple[int, int]:
    """(rows with exactly one hit, which is right; rows of nobody with a hit): looked up as a search field would."""
    right = accused = 0
    with contextlib.closing(sqlite3.connect(system.data / DATABASE)) as database:
        for given, family, born, *_ in list(csv.reader(io.StringIO(leaked)))[1:]:
            hits = database.execute(
                "SELECT id FROM patients WHERE family = ? COLLATE NOCASE AND given = ? COLLATE NOCASE", (family, given)
            ).fetchall()
            owner = whose.get((given, family, born))
            if owner is None:
                accused += bool(hits)
            else:
                right += len(hits) == 1 and hits[0][0] == owner
    return right, accused


def case(context: Context) -> Beside:
    """Who is affected, by what the system wrote down."""
    with served(context, "plain-case") as system:
        haul = Haul()
        browser = system.sign_in(_THIEF)
        for entry in browser.read("/fhir/Patient?_count=80").json["entry"]:
            haul.json(browser.read(f"/fhir/Patient/{entry['resource']['id']}/$everything").body, "everything")
        logged = reads_logged(system)
    if logged:
        raise Unavailable("the plain system's log knows of reads, which it should not")
    return Beside(
        SYSTEM, f"{len(haul.charts)} charts were taken, and its log has {logged} lines of it: all "
        f"{context.patients:,} patients count as affected, and all have to be told.",
        (Figure("patients who count as affected", f"{context.patients:,}"),),
    )
