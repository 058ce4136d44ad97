"""`seifas import fhir`: bundles and resources from files, each file whole or not at all.

While the keeper stores one bundle the next is planned, so both work at once and no more than three are in memory. An
import that was cut off is run again: ids are derived from each file's bytes under a key of this vault, so a file
that is here already is recognised and skipped.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import hmac
import itertools
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import msgspec
import typer
from rich.markup import escape

from seifas.cli import importing_csv, importing_photos, reach
from seifas.cli.frame import Data, Json, PassphraseFile, bar, console, reporting, tell
from seifas.errors import Conflict, Invalid, SeifasError, TooLarge
from seifas.fhir.bundle import Plan, plan, plan_parsed, read_bundle
from seifas.fhir.json_text import RESOURCE_LIMIT, read
from seifas.keeper.client import BlockingClient
from seifas.keeper.inline_pictures import take_out

importer = typer.Typer(no_args_is_help=True, help="Bring records in: FHIR files, or tables.")

_LARGEST = 256 * 2**20
_AHEAD = 1
_LEFT_OUT = (
    "{} pictures were left out of these records: no record may hold one, as it would leave unmarked. Those that are "
    "photos of patients: save them in folders and bring them in with `seifas import photos`"
)
_ENDINGS = (".json", ".json.gz", ".ndjson", ".ndjson.gz")


class Done(msgspec.Struct):
    """What became of an import so far."""

    files: int = 0
    imported: int = 0
    skipped: int = 0
    resources: int = 0
    patients: list[str] = []
    pictures: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []


@importer.command("fhir")
def fhir(
    paths: Annotated[list[Path], typer.Argument(help="Files (.json, .json.gz, .ndjson) or directories.")],
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Import FHIR R4 bundles and resources. Every rejected file is named with the field that is wrong.

    Pictures inside are left out and named: photos come in with `seifas import photos`.
    """
    done = Done()
    with reporting(json):
        files = list(_files(paths))
        if not files:
            raise Invalid("there is no .json, .json.gz or .ndjson file there", where=str(paths[0]))
        with reach.keeper(data, passphrase_file) as keeper:
            key = keeper.call("admin.import_key")
            total = sum(_size(path) for path in files)
            with bar("import", total, quiet=json, in_bytes=True) as advance, ThreadPoolExecutor(1) as sender:
                under_way: list[Future[None]] = []
                for path in files:
                    done.files += 1
                    for piece in _pieces(path, done, advance):
                        _send(keeper, key, piece, done, sender, under_way)
                _settle(under_way, 0)
        told = {**msgspec.structs.asdict(done), "ok": not done.rejected}

        def words() -> None:
            console.print(
                f"{done.files} files: {done.imported} imported ({done.resources} resources, "
                f"{len(done.patients)} patients), {done.skipped} were here already, {len(done.rejected)} rejected"
            )
            for one in done.rejected:
                rest = escape(f"{one['line']}: {one['message']}  {one['where']}")
                console.print(f"  [red]{escape(one['file'])}[/]{rest}", markup=True)
            if done.pictures:
                console.print(_LEFT_OUT.format(len(done.pictures)))
            for one in done.pictures:
                rest = escape(f"{one['line']}: {one['where']}")
                console.print(f"  [yellow]{escape(one['file'])}[/]{rest}", markup=True)

        tell(json, told, words)
        if done.rejected:
            raise typer.Exit(2)


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.name.endswith(_ENDINGS) and one.is_file())
        elif path.is_file():
            yield path
        else:
            raise Invalid("there is no such file", where=str(path))


class Piece(msgspec.Struct, frozen=True):
    """A bundle or a resource as it stands in a file; `line` counts from 1 in files of lines, else it is 0."""

    raw: bytes
    path: Path
    line: int


def _pieces(path: Path, done: Done, advance: Callable[[int], None]) -> Iterator[Piece]:
    """What a file holds, piece after piece: of a file of lines never more than one is in memory."""
    size, told = _size(path), 0
    try:
        with _opened(path) as (text, at):
            if ".ndjson" not in path.name:
                yield Piece(_at_most(text.read(_LARGEST + 1), path), path, 0)
            else:
                number = 0
                while line := _at_most(text.readline(_LARGEST + 1), path):
                    number += 1
                    advance(at() - told)
                    told = at()
                    if line.strip():
                        yield Piece(line, path, number)
    except SeifasError as error:
        _reject(done, path, 0, error)
    advance(size - told)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # gone meanwhile: opening it says so


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """(what is in the file, how far it was read as it lies on the disk). Raises Invalid for a broken archive or an
    unreadable file, whenever that shows."""
    try:
        with path.open("rb") as plain:
            if path.name.endswith(".gz"):
                with gzip.GzipFile(fileobj=plain) as unpacked:
                    yield cast(BinaryIO, unpacked), plain.tell
            else:
                yield plain, plain.tell
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        said = "the packed file was cut off" if isinstance(error, EOFError) else "this is a damaged gzip file, or none"
        raise Invalid(said, where=path.name) from error
    except OSError as error:
        raise Invalid(f"the file cannot be read: {type(error).__name__}", where=path.name) from error


def _at_most(raw: bytes, path: Path) -> bytes:
    """Raises TooLarge, also for what unpacks to too much."""
    if len(raw) > _LARGEST:
        raise TooLarge(f"a bundle has at most {_LARGEST // 2**20} MiB; split it", where=path.name)
    return raw


def _send(
    keeper: BlockingClient, key: bytes, piece: Piece, done: Done, sender: ThreadPoolExecutor,
    under_way: list[Future[None]],
) -> None:  # fmt: skip
    """Plans a piece here while the one before is stored there: a commit waits for its disk, planning does not."""
    try:
        planned, left_out = _plan(piece.raw, _ids(key, piece.raw))
    except SeifasError as error:
        _settle(under_way, 0)  # what is told stays in the order of the files
        _reject(done, piece.path, piece.line, error)
        return
    _settle(under_way, _AHEAD)
    under_way.append(sender.submit(_store, keeper, planned, left_out, piece, done))


def _settle(under_way: list[Future[None]], left: int) -> None:
    while len(under_way) > left:
        under_way.pop(0).result()


def _store(keeper: BlockingClient, planned: Plan, left_out: list[str], piece: Piece, done: Done) -> None:
    """One commit, or one rejection. On the sender's thread, the only one that speaks with the keeper by then."""
    try:
        if not planned.changes:
            done.skipped += 1
            return
        patients = sorted({one.patient for one in planned.changes if one.patient and any(one.patient)})
        if patients and all(keeper.call("admin.have", patients=patients)):
            done.skipped += 1
            done.patients += [patient.hex() for patient in patients]
            return
        try:
            made = keeper.call("admin.import", changes=[msgspec.structs.asdict(one) for one in planned.changes])
        except Conflict:
            if patients:
                raise
            done.skipped += 1
            return
        done.imported += 1
        done.pictures += [{"file": str(piece.path), "line": _line(piece.line), "where": where} for where in left_out]
        done.resources += made["resources"]
        done.patients += [patient.hex() for patient in patients]
    except SeifasError as error:
        _reject(done, piece.path, piece.line, error)


def _plan(raw: bytes, make_id: Callable[[], str]) -> tuple[Plan, list[str]]:
    """What is to be stored, and where pictures stood that are not."""
    now = int(time.time() * 1000)
    if b'"Bundle"' in raw[:4096]:
        draft = read_bundle(raw, collections=True, make_id=make_id, limit=_LARGEST)
        left_out = [
            f"{entry.where}.resource{where.removeprefix(entry.type)}"
            for entry in draft.entries if entry.resource is not None for where in take_out(entry.resource)
        ]
        return plan(draft, now_ms=now), left_out
    resource = read(raw, limit=_LARGEST)
    left_out = take_out(resource)
    return plan_parsed(resource, now_ms=now, limit=RESOURCE_LIMIT), left_out


def _ids(key: bytes, raw: bytes) -> Callable[[], str]:
    """Ids from the file's bytes under the vault's key: the same file gives the same ids here, and nowhere else."""
    content = hashlib.sha256(raw).digest()
    numbers = itertools.count()

    def make_id() -> str:
        return hmac.digest(key, content + next(numbers).to_bytes(4, "big"), "sha256")[:16].hex()

    return make_id


def _reject(done: Done, path: Path, line: int, error: SeifasError) -> None:
    done.rejected.append({"file": str(path), "line": _line(line), "message": error.message, "where": error.where})


def _line(number: int) -> str:
    return f":{number}" if number else ""


importer.command("csv")(importing_csv.table)
importer.command("photos")(importing_photos.photos)
