"""`seifas import csv`: a table of patients and visits (CSV, TSV, XLSX), each patient whole or not at all.

Every refused row is named with its column and reason, never with its content. Ids are derived from what the rows say
under a key of this vault, so an import that was cut off is simply run again.
"""

from __future__ import annotations

import csv
import io
import os
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, bar, console, reporting, tell
from seifas.cli.importing_batches import Batches, Progress, Vault
from seifas.errors import Invalid, TooLarge
from seifas.keeper.client import BlockingClient
from seifas.tables import headings, patients, reading
from seifas.tables.headings import Asked, Mapping
from seifas.tables.masking import masked
from seifas.tables.rows import Rows
from seifas.tables.table import MAX_FILE, Fault, Table

_ORDERS = ("day-first", "month-first")
_SHOWN = 20  # refused rows on a terminal; the report has all
_PREVIEW = 5
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Wishes(msgspec.Struct, frozen=True):
    """How the table is to be read."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    dates: str = ""
    keep_unmapped: bool = False


def table(
    file: Annotated[Path, typer.Argument(help="A CSV, TSV or XLSX file with one row a patient or visit.")],
    data: Data = Path("."),
    mapping: Annotated[Path | None, typer.Option(help="A TOML file that says which column is what.")] = None,
    sheet: Annotated[str, typer.Option(help="Sheet of a workbook, by name or number.")] = "",
    encoding: Annotated[str, typer.Option(help="Where it cannot be told: windows-1257, utf-8 ...")] = "",
    delimiter: Annotated[str, typer.Option(help="semicolon, comma, tab or pipe; found by itself.")] = "",
    dates: Annotated[str, typer.Option(help="day-first or month-first, where the table does not say.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Add new visits to patients who are here.")] = False,
    keep_unmapped: Annotated[bool, typer.Option("--keep-unmapped", help="Keep unknown columns as a note.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write refused rows with reasons to this CSV file.")] = None,
    quote: Annotated[bool, typer.Option("--quote", help="Quote the wrong cells in the report.")] = False,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Import a table of patients and visits. Every refused row is named with its column and reason."""
    with reporting(json):
        settings = settings_module.load(data)
        _check_options(dates, report, data, quote=quote)
        wishes = Wishes(encoding, delimiter, sheet, dates, keep_unmapped)
        asked = headings.read_mapping(_read(mapping, "--mapping")) if mapping else Asked()
        rows, mapped = understand(_read(file, file.name), asked, wishes)
        with bar("rows", len(rows.table), quiet=json) as advance:
            gathered = patients.gather(rows, advance)
        progress = Progress(faults=gathered.faults)
        today = datetime.now(ZoneInfo(settings.clinic.zone)).date()
        with bar("patients", len(gathered.groups), quiet=json) as advance:
            zone = settings.clinic.zone
            if dry_run:
                Batches(None, os.urandom(32), rows, zone, today, update=update).run(gathered.groups, progress, advance)
            else:
                with reach.keeper(data, passphrase_file) as keeper, BlockingClient(data / "run" / "admin.sock") as own:
                    key = keeper.call("admin.import_key")
                    batches = Batches(Vault(keeper, own), key, rows, zone, today, update=update)
                    batches.run(gathered.groups, progress, advance)
        faults = sorted(progress.faults, key=lambda fault: fault.row)
        if report is not None:
            _write_report(report, faults, quote=quote)
        told = _told(rows, mapped, len(gathered.groups), progress, faults)
        if dry_run:
            told |= {"dry_run": True, "preview": _preview(rows.table, mapped)}
        tell(json, told, lambda: _words(told, faults, report))
        if faults:
            raise typer.Exit(2)


def understand(raw: bytes, asked: Asked, wishes: Wishes) -> tuple[Rows, Mapping]:
    """The rows of a file, ready to be read. Raises Invalid where the table is not certain."""
    found = reading.read(
        raw, headings.known_in, encoding=wishes.encoding, delimiter=wishes.delimiter, sheet=wishes.sheet,
        headed=asked.headings,
    )
    mapped = headings.map_columns(found, asked.columns)
    return Rows(found, mapped, order=wishes.dates, keep_unmapped=wishes.keep_unmapped), mapped


def _check_options(dates: str, report: Path | None, data: Path, *, quote: bool) -> None:
    if dates and dates not in _ORDERS:
        raise Invalid(f"--dates takes one of: {', '.join(_ORDERS)}", where="--dates")
    if quote and report is None:
        raise Invalid("--quote is for the report: name one with --report", where="--quote")
    if report is not None and report.resolve().is_relative_to(data.resolve()):
        raise Invalid("write the report outside the vault's directory: it is not sealed", where="--report")


def _read(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as error:
        raise Invalid(f"the file cannot be read: {type(error).__name__}", where=where) from error
    if len(raw) > MAX_FILE:
        raise TooLarge(f"a file has at most {MAX_FILE // 2**20} MiB; split it", where=where)
    return raw


def _told(rows: Rows, mapped: Mapping, found: int, progress: Progress, faults: list[Fault]) -> dict[str, Any]:
    source = rows.table.source
    names: dict[str, str] = {}
    for column in (*mapped.columns, *mapped.ignored):
        label = column.label if column.label not in names else f"{column.label} (#{column.index + 1})"
        names[label] = column.field
    doubts = [*source.notes, *rows.remarks, *progress.doubts()]
    if mapped.unmapped:
        kept = "kept as notes" if rows.keeps else "not imported; --mapping names them, --keep-unmapped keeps them"
        doubts.append(f"columns that nobody knows, {kept}: {', '.join(one.label for one in mapped.unmapped)}")
    return {
        "rows": len(rows.table), "patients": found, "resources": progress.resources, "imported": progress.imported,
        "updated": progress.updated, "skipped": progress.skipped,
        "rejected": [{"row": fault.row, "column": fault.column, "reason": fault.reason} for fault in faults],
        "mapping": names, "unmapped": [one.label for one in mapped.unmapped], "doubts": doubts,
        "format": source.kind, "encoding": source.encoding, "ok": not faults,
    }  # fmt: skip


def _preview(found: Table, mapped: Mapping) -> list[dict[str, str]]:
    """The first rows by the shapes of their cells: enough to see a column that slipped, and nobody's data."""
    return [
        {"row": str(number)} | {column.label: masked(cells[column.index]) for column in mapped.columns}
        for number, cells in islice(found, _PREVIEW)
    ]


def _words(told: dict[str, Any], faults: list[Fault], report: Path | None) -> None:
    console.print("columns:")
    for label, field in told["mapping"].items():
        console.print(f"  {label} -> {field}", markup=False)
    for doubt in told["doubts"]:
        console.print(f"  {doubt}", markup=False)
    for row in told.get("preview", ()):
        console.print("  " + " | ".join(row.values()), markup=False)
    done = "would be imported" if "dry_run" in told else "imported"
    console.print(
        f"{told['rows']} rows, {told['patients']} patients: {told['imported']} {done} ({told['resources']} resources), "
        f"{told['updated']} given new visits, {told['skipped']} were here already, "
        f"{len({fault.row for fault in faults})} rows refused"
    )
    for fault in faults[:_SHOWN]:
        column = f", {fault.column}" if fault.column else ""
        console.print(f"  row {fault.row}{column}: {fault.reason}", style="red", markup=False)
    if len(faults) > _SHOWN:
        more = f"in {report}" if report else "with --report FILE all are written down"
        console.print(f"  and {len(faults) - _SHOWN} more {more}", markup=False)


def _write_report(path: Path, faults: list[Fault], *, quote: bool) -> None:
    """Row, column and reason, as a CSV that a spreadsheet opens as it is. Readable by its owner only."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["row", "column", "reason", *(["cell"] if quote else [])])
    for fault in faults:
        writer.writerow(
            [fault.row, _harmless(fault.column), fault.reason, *([_harmless(fault.cell)] if quote else [])]
        )
    try:
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(target, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text.getvalue().encode("utf-8-sig"))
    except OSError as error:
        raise Invalid(f"the report cannot be written: {type(error).__name__}", where="--report") from error


def _harmless(text: str) -> str:
    """A spreadsheet works out what begins like a formula; an apostrophe keeps it text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
