"""What the drill destroys and floods, done to the plain record system: what is left of it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Final

from seifas.drill.flood_plan import Plan, Stream, get
from seifas.drill.flooding import flooding
from seifas.drill.frame import Beside, Context, Figure
from seifas.drill.plain_system.keeping import DATABASE
from seifas.drill.plain_system.running import PlainSystem
from seifas.drill.plain_system.stolen import SYSTEM, open_files, served
from seifas.drill.ransom import encrypt

_VANDAL: Final = "doctor1"
_TRIED: Final = 80
_STAFF: Final = ("doctor1", "reception1", "nurse1")
_AT_ONCE: Final = 5_000


def vandal(context: Context) -> Beside:
    """A stolen session deletes; is there anything to put back from?"""
    with served(context, "plain-vandal") as system:
        browser = system.sign_in(_VANDAL)
        listed = browser.read(f"/fhir/Patient?_count={_TRIED}").json["entry"]
        patients = [one["resource"]["id"] for one in listed]
        gone = sum(browser.ask("DELETE", f"/fhir/Patient/{one}").status == 204 for one in patients)
        back = sum(browser.read(f"/fhir/Patient/{one}").status == 200 for one in patients)
    return Beside(
        SYSTEM, f"{gone} of {len(patients)} patients' records destroyed, as many as he tried; {back} can be put "
        "back, since it overwrites.",
        (
            Figure("patients whose records he spoiled", f"{gone} of {len(patients)} tried"),
            Figure("records that are not as before", f"all of {gone - back} patients"),
        ),
    )


def restored(context: Context) -> Beside:
    """A patient is erased; then the night's backup is restored."""
    system = context.plain("plain-restored")
    backup = system.data.parent / "backup"
    shutil.copytree(system.data, backup)
    system.start()
    try:
        browser = system.sign_in(_VANDAL)
        gone = browser.read("/fhir/Patient?_count=1").json["entry"][0]["resource"]["id"]
        browser.ask("DELETE", f"/fhir/Patient/{gone}")
    finally:
        system.stop()
    began = time.monotonic()
    shutil.rmtree(system.data)
    shutil.copytree(backup, system.data)
    system.start()
    try:
        opens = system.sign_in(_VANDAL).read(f"/fhir/Patient/{gone}").status == 200
    finally:
        system.stop()
    took = time.monotonic() - began
    patients = open_files(system.data).patients
    return Beside(
        SYSTEM, f"{patients:,} patients back in {took:.1f} s, {'the erased one' if opens else 'no erased one'} among "
        "them.",
        (
            Figure("patients restored", f"{patients:,}"),
            Figure("the erased patient opens", "yes" if opens else "no"),
            Figure("time to restore", f"{took:.1f} s"),
        ),
    )


def ransomware(context: Context) -> Beside:
    """The machine and the mounted disk with the nightly copy are encrypted; there is no other copy."""
    system = context.plain("plain-ransom")
    backup = system.data.parent / "mounted"
    shutil.copytree(system.data, backup)
    locked = encrypt((system.data, backup))
    left = sum(_patients(place) for place in (system.data, backup))
    return Beside(
        SYSTEM, f"{locked.files:,} files encrypted, {left} patients left: its one backup lies on a mounted disk. "
        "(With a copy elsewhere all would come back, and the erased with them.)",
        (
            Figure("files he encrypted", f"{locked.files:,}, {locked.bytes / 1e6:,.0f} MB"),
            Figure("patients restored", str(left)),
            Figure("from the bare machine to the first chart", "never"),
        ),
    )


def _patients(place: Path) -> int:
    """Patients in whatever file of the place is still a database."""
    found = 0
    for path in place.rglob(f"{DATABASE}*"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as database:
            found += int(database.execute("SELECT count(*) FROM patients").fetchone()[0])
    return found


def flood(context: Context) -> Beside:
    """As many strangers ask it as ask the clinic, while its staff look at their day."""
    rate, seconds = (1200.0, 12.0) if context.quick else (2500.0, 30.0)
    with served(context, "plain-flood") as system:
        streams = (_strangers(system, rate, seconds), _staff(system))
        with flooding(Plan("127.0.0.1", system.port, seconds, streams, _AT_ONCE + 100)) as running:
            tally = running.result()
    staff, strangers = tally.of("staff"), tally.of("strangers")
    due = staff.sent + staff.unsent
    return Beside(
        SYSTEM, f"{staff.good} of {due} requests of staff were answered, p99 {staff.p99:,.0f} ms, in {seconds:.0f} s "
        f"at {rate:,.0f} strangers a second; nobody was told, and no address was kept.",
        (
            Figure("noticed after", "never"), Figure("siege after", "never"),
            Figure("staff served", f"{staff.good} of {due}, p99 {staff.p99:,.0f} ms"),
            Figure("strangers answered", f"{strangers.answered:,} of {strangers.sent + strangers.unsent:,}"),
            Figure("addresses in the evidence", "none"),
        ),
    )


def _strangers(system: PlainSystem, rate: float, seconds: float) -> Stream:
    head = get("/", f"127.0.0.1:{system.port}")
    return Stream("strangers", rate, (head,), sources=int(rate * seconds / 2), at_once=_AT_ONCE)


def _staff(system: PlainSystem) -> Stream:
    heads = tuple(
        get("/day", f"127.0.0.1:{system.port}", {"Cookie": system.sign_in(account).cookie}) for account in _STAFF
    )
    return Stream(
        "staff", 10.0, heads, "127.0.0.1", len(heads), spread=False, wanted=b"HTTP/1.1 200", whole=True, timeout_s=5.0
    )


def export(context: Context) -> Beside:
    """Somebody who may export exports; then looks for what says so."""
    with served(context, "plain-export") as system:
        browser = system.sign_in("reception1")
        out = 0
        while entries := browser.read(f"/fhir/Patient?_count=1000&_offset={out}").json["entry"]:
            out += len(entries)
        with contextlib.closing(sqlite3.connect(system.data / DATABASE)) as database:
            lines = int(database.execute("SELECT count(*) FROM log").fetchone()[0])
    return Beside(
        SYSTEM, f"{out:,} patients in one list, which looks like everybody else's; its log has {lines} lines of it.",
        (
            Figure("patients an export can hold", f"{out:,}"),
            Figure("decoys of the leaking list that were recognised", "none"),
            Figure("the account the log names first", "none"),
        ),
    )
