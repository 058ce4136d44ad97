"""`seifas leaks`: whose a published sample is, and which way it went out, from the command line of a served clinic.

In a demo a search opens and approves a case by itself, loudly and on record; elsewhere it needs one that two people
have approved (`--case`). The searching is done by the leaks process: this one carries files and shows what was found.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from seifas.cli import leaks_planting, leaks_watching, reach
from seifas.cli.frame import Data, Json, bar, console, reporting, tell
from seifas.cli.leaks_watching import case_of
from seifas.errors import BY_CODE, Invalid, Missing, OverBudget, SeifasError, Unavailable
from seifas.keeper.client import BlockingClient
from seifas.leaks.client import BlockingLeaks
from seifas.leaks.results import (
    Explained,
    Matched,
    Result,
    Row,
    Trace,
    Traced,
    attribute_json,
    explain_json,
    match_json,
    read,
)

leaks = typer.Typer(no_args_is_help=True, help="Whose is a leaked sample, and which way did it go out?")

leaks.command("plant")(leaks_planting.plant)
leaks.command("watch")(leaks_watching.watch)

Case = Annotated[str, typer.Option("--case", help="An approved case (`seifas leaks cases`); a demo makes its own.")]
_EXPLAINED: Final = {
    "opened": "The first way below explains the sample. An account is named, never a thief: logins are stolen.",
    "one-of-several": "It went out through an opening, but ways of several accounts explain it alike.",
    "storage": "No session explains it: a copy of the disk, or of a backup.",
    "cannot-tell": "The log cannot tell: too little was found, or too many opened it.",
}
_PAGE: Final = 1_000
_PASS_S: Final = 20 * 60.0
_VERDICTS: Final = {
    "named": "carries the mark of this view",
    "named-together": "each alone says too little, together they carry the marks of this session",
    "unmarked": "carries no mark of any view that left: it came from the storage, a backup or an unmarked copy",
    "cannot-tell": "says nothing: after what was done to the picture, no mark could have been read",
    "not-registered": "looks like this photo, but could not be laid on it: no comparison was made",
    "no-photo": "is none of the clinic's photos, as far as can be told",
}


@leaks.command("match")
def match(
    files: Annotated[list[Path], typer.Argument(help="Leaked files: tables, texts, documents, archives, pictures.")],
    data: Data = Path("."),
    case: Case = "",
    json: Json = False,
) -> None:
    """Tell which patients the rows and mentions in leaked files may be."""
    with reporting(json):
        found, told = _searched(data, files, "match", case, quiet=json)
        rows = [row for page in found if isinstance(page, Matched) for row in page.rows]
        _say_unread(found)
        if json:
            print(msgspec.json.encode(match_json(rows)).decode())
        else:
            _tell_rows(rows, told)
        if told["left_out"]:
            print(
                f"{told['left_out']} mentions or more were left out: the case's approval is used up; ask for it again",
                file=sys.stderr,
            )
            raise typer.Exit(OverBudget.exit_status)


@leaks.command("attribute")
def attribute(
    pictures: Annotated[list[Path], typer.Argument(help="Leaked pictures, or files that hold some.")],
    data: Data = Path("."),
    case: Case = "",
    json: Json = False,
) -> None:
    """Tell which photos leaked pictures show, and which views of them they left by."""
    with reporting(json):
        found, _ = _searched(data, pictures, "attribute", case, quiet=json)
        traces = [one for page in found if isinstance(page, Traced) for one in page.traces]
        _say_unread(found)
        if json:
            print(msgspec.json.encode(attribute_json(traces)).decode())
        else:
            _tell_traces(traces)


@leaks.command("explain")
def explain(
    files: Annotated[list[Path] | None, typer.Argument(help="The sample; none for what the case has found.")] = None,
    data: Data = Path("."),
    case: Case = "",
    json: Json = False,
) -> None:
    """Tell which session, account or window explains a whole sample, by the audit log: or a copy of the storage."""
    with reporting(json), _begun(data, files or [], "explain", case) as (door, asked, ident):
        kept = [_sent(door, asked, ident, file, quiet=json) for file in files or []]
        for kind in ("match", "attribute") if kept else ():
            _ended(door, asked, ident, kind, kept, quiet=json)
        job, _ = _ended(door, asked, ident, "explain", [], quiet=json)
        found = read(door.call("search.found", job=job))
        if not case:
            door.call("search.forget", job=job)
        if isinstance(found, Explained):
            tell(json, explain_json(found), lambda: _tell_explained(found))


@leaks.command("cases")
def cases(data: Data = Path("."), json: Json = False) -> None:
    """List leak cases: where each stands, its files and its results."""
    with reporting(json), _served(data) as admin:
        told = admin.call("leak.admin_cases")
        tell(json, {"cases": told}, lambda: _tell_cases(told))


@contextlib.contextmanager
def _served(data: Path) -> Iterator[BlockingClient]:
    if not reach.is_running(data):
        raise Unavailable(
            f"the clinic is not being served: start it with `seifas serve --data {data}`; a search needs its processes"
        )
    with BlockingClient(data / "run" / "admin.sock") as admin:
        yield admin


def _searched(
    data: Path, files: list[Path], kind: str, case: str, *, quiet: bool
) -> tuple[list[Result], dict[str, Any]]:
    """What was found, page by page, and how the search ended. Raises what it ended with."""
    with _begun(data, files, kind, case) as (door, asked, ident):
        kept = [_sent(door, asked, ident, file, quiet=quiet) for file in files]
        job, told = _ended(door, asked, ident, kind, kept, quiet=quiet)
        found = [
            read(door.call("search.found", job=job, after=start, count=_PAGE))
            for start in range(0, max(1, told["found"]), _PAGE)
        ]
        if not case:
            door.call("search.forget", job=job)
        return found, told


@contextlib.contextmanager
def _begun(
    data: Path, files: list[Path], kind: str, case: str
) -> Iterator[tuple[BlockingLeaks, Callable[[], dict[str, Any]], bytes]]:
    """(the leaks process, what shows it who asks, the case): a demo's own case ends with the command."""
    for file in files:
        if not file.is_file():
            raise Missing("there is no such file", where=str(file))
    with _served(data) as admin, BlockingLeaks(data / "run" / "samples.sock") as door:
        if case:
            ident = case_of(case)
        else:
            ident = bytes(admin.call("leak.admin_begin", title=f"seifas leaks {kind}", ground="demo")["case"])

        given, since = b"", 0.0

        def asked() -> dict[str, Any]:
            nonlocal given, since
            if not given or time.monotonic() - since > _PASS_S:  # each pass that is given rings
                given, since = bytes(admin.call("leak.admin_pass", case=ident)["pass"]), time.monotonic()
            return {"admin_pass": given}

        try:
            yield door, asked, ident
        finally:
            if not case:
                with contextlib.suppress(SeifasError):
                    admin.call("leak.admin_close", case=ident)


def _ended(
    door: BlockingLeaks, asked: Callable[[], dict[str, Any]], case: bytes, kind: str, files: list[bytes], *, quiet: bool
) -> tuple[bytes, dict[str, Any]]:
    """(job, how it ended). Raises what it ended with."""
    job = door.call("search.begin", **asked(), case=case, kind=kind, files=files)["job"]
    try:
        told = _followed(door, job, quiet=quiet)
    except BaseException:
        with contextlib.suppress(SeifasError):
            door.call("search.cancel", job=job)
        raise
    if told["error"] is not None:
        error = told["error"]
        raise BY_CODE.get(error["code"], SeifasError)(error["message"], where=error["where"])
    return job, told


def _sent(door: BlockingLeaks, asked: Any, case: bytes, file: Path, *, quiet: bool) -> bytes:
    """Carries one file to the leaks process, which keeps it sealed; its id."""
    try:
        size = file.stat().st_size
        with file.open("rb") as opened, bar(file.name, size, quiet=quiet) as advance:
            return door.keep(asked, case, file.name, opened, size, advance)
    except OSError as error:
        raise Invalid("this file cannot be read", where=str(file)) from error


def _followed(door: BlockingLeaks, job: bytes, *, quiet: bool) -> dict[str, Any]:
    """Waits for the end of the search, and shows how far it is."""
    done = 0
    with bar("compared", None, quiet=quiet) as advance:

        def told(now: dict[str, Any]) -> None:
            nonlocal done
            advance(now["matched"] + now["traced"] - done)
            done = now["matched"] + now["traced"]

        return door.followed(job, told)



def _say_unread(found: list[Result]) -> None:
    last = found[-1] if found else None
    for one in last.unread if isinstance(last, (Matched, Traced)) else ():
        print(f"not read: {one.source}: {one.word}", file=sys.stderr)


def _tell_rows(rows: list[Row], told: dict[str, Any]) -> None:
    for row in rows:
        best = row.candidates[0] if row.candidates else None
        if best is None or row.nobody >= best.probability:
            said = f"nobody here ({row.nobody:.3f})"
        else:
            others = f", {len(row.candidates) - 1} more" if len(row.candidates) > 1 else ""
            said = f"{best.patient.hex()} ({best.probability:.3f}: {', '.join(best.why)}{others})"
        console.print(f"{row.source}:{row.row}  {said}", markup=False)
    console.print(f"{len(rows)} mentions compared with {told['people']} people in {told['seconds']} s")


def _tell_traces(traces: list[Trace]) -> None:
    for one in traces:
        console.print(f"{one.picture}: {_VERDICTS.get(one.verdict, one.verdict)}", markup=False)
        if one.photo:
            console.print(f"  photo {one.photo.hex()}, found as {one.found}", markup=False)
        if one.view or one.session:
            view = f"view {one.view.hex()}" if one.view else "together"
            console.print(
                f"  {view}: {one.account} ({one.hat}), session {one.session}, {one.how}; z {one.z:.1f}"
                f" over {one.tested} comparisons, wrong in fewer than {one.bound:.1e} of such cases. A view is named,"
                " never a thief: a stolen login or a camera at the screen leads to the same account.",
                markup=False,
            )


def _tell_explained(found: Explained) -> None:
    console.print(f"{found.patients} patients, {found.photos} photos, {found.lines} lines of the log", markup=False)
    console.print(_EXPLAINED[found.verdict], markup=False)
    for one in found.ways[:5]:
        whose = f"{one.account or 'the clinic'}, {one.kind}"
        chances = f"probability {one.posterior:.3g}, by chance {one.chance:.1e}"
        console.print(f"  {whose}: {one.hits} of {one.opened} opened, {chances}", markup=False)


def _tell_cases(told: list[dict[str, Any]]) -> None:
    for one in told:
        console.print(
            f"{one['case'].hex()}  {one['state']:9} {one['mentions_left']:5} left  {len(one['files'])} files  "
            f"{len(one['results'])} results  {one['title']}",
            markup=False,
        )
    if not told:
        console.print("no leak case was begun yet")
