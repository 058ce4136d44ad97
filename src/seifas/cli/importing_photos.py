"""`seifas import photos`: a folder of pictures, each to the one patient whom its place and name tell, or to nobody.

Nothing is guessed silently: what does not name exactly one patient stays where it is and stands in the report with its
reason. What this patient has already is recognised by its bytes, so an import that was cut off is simply run again.
The pictures themselves are read by the darkroom alone; here they are bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
import typer

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, bar, console, reporting, tell
from seifas.darkroom.client import BlockingDarkroom
from seifas.errors import Invalid, SeifasError, Unavailable
from seifas.keeper.client import BlockingClient
from seifas.photos.exif_dates import HEAD, day_taken
from seifas.photos.guessing import Guess, Person, guess

_PICTURES: Final = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".heic", ".heif", ".webp"))
_NOISE: Final = frozenset(("thumbs.db", "desktop.ini", ".ds_store"))
_MOST_BYTES: Final = 50 * 1000 * 1000
_MOST_FILES: Final = 1_000_000
_AT_ONCE: Final = 200
_IN_A_ROW: Final = 3
_SHOWN: Final = 12


class Found(msgspec.Struct):
    """One file: its path under the folder, what it tells, and what became of it: reason is "" or a fixed word."""

    path: str
    size: int
    guess: Guess = Guess(Person())
    sha256: bytes = b""
    patient: bytes = b""
    reason: str = ""
    done: str = ""


def photos(
    directory: Annotated[Path, typer.Argument(help="A folder of photos, in folders named for patients.")],
    data: Data = Path("."),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; store nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what was left, with reasons: CSV or .json.")] = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Import photos by their folders' and files' names. What does not name exactly one patient is not imported."""
    with reporting(json):
        settings = settings_module.load(data)
        _check(directory, report, data)
        if not reach.is_running(data):
            raise Unavailable("photos come in through the darkroom of a served vault: start `seifas serve` first")
        found = list(_files(directory))
        zone = ZoneInfo(settings.clinic.zone)
        with bar("reading", len(found), quiet=json) as advance:
            _read(directory, found, datetime.now(zone).date(), advance)
        with reach.keeper(data, passphrase_file) as keeper:
            _match(keeper, found)
            _skip_known(keeper, found)
            ready = [one for one in found if not one.reason and not one.done]
            if dry_run:
                for one in ready:
                    one.done = "ready"
            else:
                with bar("photos", len(ready), quiet=json) as advance:
                    _import(data, directory, keeper, ready, zone, advance)
        if report is not None:
            _write_report(report, [one for one in found if one.reason])
        told = _told(found, dry_run)
        tell(json, told, lambda: _words(told, report))
        if not told["ok"]:
            raise typer.Exit(2)


def _check(directory: Path, report: Path | None, data: Path) -> None:
    if not directory.is_dir():
        raise Invalid("there is no such folder", where=str(directory))
    if directory.resolve().is_relative_to(data.resolve()) or data.resolve().is_relative_to(directory.resolve()):
        raise Invalid("the photos and the vault lie in folders of their own", where=str(directory))
    if report is not None and report.resolve().is_relative_to(data.resolve()):
        raise Invalid("write the report outside the vault's directory: it is not sealed", where="--report")


def _files(directory: Path) -> Iterator[Found]:
    """Every regular file, by name; links are not followed, and what begins with a dot is passed over."""
    count = 0
    for folder, names, files in os.walk(directory, onerror=_unreadable):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            if name.startswith(".") or name.casefold() in _NOISE:
                continue
            path = Path(folder) / name
            told = path.lstat()
            count += 1
            if count > _MOST_FILES:
                raise Invalid(f"a folder has at most {_MOST_FILES} files; import it in parts", where=str(directory))
            one = Found(path.relative_to(directory).as_posix(), told.st_size)
            if not stat.S_ISREG(told.st_mode):
                one.reason = "not-a-file"
            elif path.suffix.casefold() not in _PICTURES:
                one.reason = "not-a-picture"
            elif told.st_size == 0:
                one.reason = "empty"
            elif told.st_size > _MOST_BYTES:
                one.reason = "too-large"
            yield one


def _unreadable(error: OSError) -> None:
    raise Invalid("a folder cannot be read", where=str(error.filename)) from error


def _read(directory: Path, found: list[Found], today: date, advance: Callable[[int], None]) -> None:
    for one in found:
        advance(1)
        if one.reason:
            continue
        try:
            with (directory / one.path).open("rb") as file:
                head = file.read(HEAD)
                hashed = hashlib.sha256(head)
                while piece := file.read(1 << 20):
                    hashed.update(piece)
        except OSError:
            one.reason = "unreadable"
            continue
        one.sha256 = hashed.digest()
        one.guess = guess(one.path.split("/"), today, camera=day_taken(head))
        if one.guess.doubts:
            one.reason = one.guess.doubts[0]


def _match(keeper: BlockingClient, found: list[Found]) -> None:
    """Asks whose each folder is, each person once."""
    people = list(dict.fromkeys(one.guess.person for one in found if not one.reason))
    answers: dict[Person, dict[str, Any]] = {}
    for start in range(0, len(people), _AT_ONCE):
        asked = people[start : start + _AT_ONCE]
        told = keeper.call("admin.photo_match", people=[msgspec.structs.asdict(one) for one in asked])
        answers.update(zip(asked, told, strict=True))
    for one in found:
        if not one.reason:
            one.patient, one.reason = answers[one.guess.person]["patient"], answers[one.guess.person]["why"]
    owners: dict[bytes, set[bytes]] = {}
    for one in found:
        if one.patient:
            owners.setdefault(one.sha256, set()).add(one.patient)
    for one in found:
        if one.patient and len(owners[one.sha256]) > 1:
            one.reason = "same-picture-of-two"


def _skip_known(keeper: BlockingClient, found: list[Found]) -> None:
    """Marks what the patient has, and what lies twice among the files."""
    by_patient: dict[bytes, list[Found]] = {}
    for one in found:
        if one.patient and not one.reason:
            by_patient.setdefault(one.patient, []).append(one)
    for patient, mine in by_patient.items():
        seen: set[bytes] = set()
        known = keeper.call("admin.photo_known", patient=patient, sha256=[one.sha256 for one in mine])
        for one, there in zip(mine, known, strict=True):
            if there or one.sha256 in seen:
                one.done = "known"
            seen.add(one.sha256)


def _import(
    data: Path, directory: Path, keeper: BlockingClient, ready: list[Found], zone: ZoneInfo,
    advance: Callable[[int], None],
) -> None:
    away = 0
    with BlockingDarkroom(data / "run" / "pictures.sock") as darkroom:
        for one in ready:
            try:
                _import_one(directory, keeper, darkroom, one, zone)
                away = 0
            except Unavailable as error:
                one.reason, away = error.where or "unavailable", away + 1
                if away == _IN_A_ROW:
                    raise Unavailable("the vault went away; run the same import again, it goes on there") from error
            except SeifasError as error:
                one.reason, away = error.where or error.code, 0
            advance(1)


def _import_one(
    directory: Path, keeper: BlockingClient, darkroom: BlockingDarkroom, one: Found, zone: ZoneInfo
) -> None:
    try:
        body = (directory / one.path).read_bytes()
    except OSError:
        one.reason = "unreadable"
        return
    if hashlib.sha256(body).digest() != one.sha256:
        one.reason = "changed-meanwhile"
        return
    about = {
        "body_site": one.guess.site, "view": one.guess.view, "note": one.guess.note, "taken_ms": _noon(one.guess, zone),
    }
    begun = keeper.call("admin.photo_begin", patient=one.patient, about=about)
    darkroom.upload(begun["grant"], body)
    one.done = "imported"


def _noon(told: Guess, zone: ZoneInfo) -> int:
    """The day's noon in ms, for pictures whose camera is silent."""
    if not told.day:
        return 0
    midnight = datetime.combine(date.fromisoformat(told.day), datetime.min.time(), zone)
    return max(0, int((midnight + timedelta(hours=12)).timestamp() * 1000))


def _told(found: list[Found], dry_run: bool) -> dict[str, Any]:
    done = Counter(one.done for one in found if one.done)
    reasons = Counter(one.reason for one in found if one.reason)
    return {
        "files": len(found), "patients": len({one.patient for one in found if one.patient and not one.reason}),
        "imported": done["imported"], "known": done["known"], "left": sum(reasons.values()),
        "reasons": dict(sorted(reasons.items())), "ok": not reasons,
        **({"dry_run": True, "ready": done["ready"]} if dry_run else {}),
    }


def _words(told: dict[str, Any], report: Path | None) -> None:
    number, verb = (told["ready"], "would be imported") if "dry_run" in told else (told["imported"], "imported")
    console.print(
        f"{told['files']} files, {told['patients']} patients: {number} {verb}, {told['known']} were here already, "
        f"{told['left']} left where they are"
    )
    for reason, count in sorted(told["reasons"].items(), key=lambda one: -one[1])[:_SHOWN]:
        console.print(f"  {count:6} {reason}", style="yellow", markup=False)
    if told["left"] and report is None:
        console.print("  --report FILE writes down which, and why", markup=False)
    if not told["left"] and told["imported"]:
        console.print("  the originals lie open on this disk until they are wiped: docs/running/wiping.md")


def _write_report(path: Path, left: list[Found]) -> None:
    """File and reason. The names in it are patients' names, as in the folder itself: readable by its owner only."""
    rows = [
        {"file": one.path, "reason": one.reason, "also": ", ".join(one.guess.doubts[1:]), "day": one.guess.day}
        for one in left
    ]
    if path.suffix == ".json":
        body = msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n"
    else:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["file", "reason", "also", "day"], delimiter=";")
        writer.writeheader()
        writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
        body = text.getvalue().encode("utf-8-sig")
    try:
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(target, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(body)
    except OSError as error:
        raise Invalid(f"the report cannot be written: {type(error).__name__}", where="--report") from error


def _harmless(text: str) -> str:
    """A spreadsheet works out what begins like a formula; an apostrophe keeps it text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
