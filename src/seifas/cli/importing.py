"""`seifas import fhir`: bundles and resources from files, each file whole or not at all.

An import that was cut off is run again: ids are derived from each file's bytes under a key of this vault, so a file
that is here already is recognised and skipped.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import itertools
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, bar, console, reporting, tell
from seifas.errors import Conflict, Invalid, SeifasError, TooLarge
from seifas.fhir.bundle import Plan, plan, plan_resource, read_bundle
from seifas.keeper.client import BlockingClient

importer = typer.Typer(no_args_is_help=True, help="Bring records in: FHIR files, or tables.")

_LARGEST = 256 * 2**20
_ENDINGS = (".json", ".json.gz", ".ndjson", ".ndjson.gz")


class Done(msgspec.Struct):
    """What became of an import so far."""

    files: int = 0
    imported: int = 0
    skipped: int = 0
    resources: int = 0
    patients: list[str] = []
    rejected: list[dict[str, Any]] = []


@importer.command("fhir")
def fhir(
    paths: Annotated[list[Path], typer.Argument(help="Files (.json, .json.gz, .ndjson) or directories.")],
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Import FHIR R4 bundles and resources. Every rejected file is named with the field that is wrong."""
    done = Done()
    with reporting(json):
        files = list(_files(paths))
        if not files:
            raise Invalid("there is no .json, .json.gz or .ndjson file there", where=str(paths[0]))
        with reach.keeper(data, passphrase_file) as keeper:
            key = keeper.call("admin.import_key")
            with bar("import", len(files), quiet=json) as advance:
                for path in files:
                    done.files += 1
                    _one_file(keeper, key, path, done)
                    advance(1)
        told = {**msgspec.structs.asdict(done), "ok": not done.rejected}

        def words() -> None:
            console.print(
                f"{done.files} files: {done.imported} imported ({done.resources} resources, "
                f"{len(done.patients)} patients), {done.skipped} were here already, {len(done.rejected)} rejected"
            )
            for one in done.rejected:
                console.print(f"  [red]{one['file']}[/]{one['line']}: {one['message']}  {one['where']}", markup=True)

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


def _one_file(keeper: BlockingClient, key: bytes, path: Path, done: Done) -> None:
    try:
        raw = _read(path)
    except SeifasError as error:
        _reject(done, path, 0, error)
        return
    if ".ndjson" in path.name:
        for number, line in enumerate(raw.split(b"\n"), 1):
            if line.strip():
                _one(keeper, key, line, path, number, done)
    else:
        _one(keeper, key, raw, path, 0, done)


def _read(path: Path) -> bytes:
    """Raises TooLarge (also for what unpacks to too much) and Invalid for a broken archive or an unreadable file."""
    try:
        if path.name.endswith(".gz"):
            with gzip.open(path) as file:
                raw = file.read(_LARGEST + 1)
        else:
            with path.open("rb") as plain:
                raw = plain.read(_LARGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        said = "the packed file was cut off" if isinstance(error, EOFError) else "this is a damaged gzip file, or none"
        raise Invalid(said, where=path.name) from error
    except OSError as error:
        raise Invalid(f"the file cannot be read: {type(error).__name__}", where=path.name) from error
    if len(raw) > _LARGEST:
        raise TooLarge(f"a file has at most {_LARGEST // 2**20} MiB; split it", where=path.name)
    return raw


def _one(keeper: BlockingClient, key: bytes, raw: bytes, path: Path, line: int, done: Done) -> None:
    try:
        planned = _plan(raw, _ids(key, raw))
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
        done.resources += made["resources"]
        done.patients += [patient.hex() for patient in patients]
    except SeifasError as error:
        _reject(done, path, line, error)


def _plan(raw: bytes, make_id: Callable[[], str]) -> Plan:
    now = int(time.time() * 1000)
    if b'"Bundle"' in raw[:4096]:
        return plan(read_bundle(raw, collections=True, make_id=make_id, limit=_LARGEST), now_ms=now)
    return plan_resource(raw, now_ms=now)


def _ids(key: bytes, raw: bytes) -> Callable[[], str]:
    """Ids from the file's bytes under the vault's key: the same file gives the same ids here, and nowhere else."""
    content = hashlib.sha256(raw).digest()
    numbers = itertools.count()

    def make_id() -> str:
        return hmac.digest(key, content + next(numbers).to_bytes(4, "big"), "sha256")[:16].hex()

    return make_id


def _reject(done: Done, path: Path, line: int, error: SeifasError) -> None:
    where = f":{line}" if line else ""
    done.rejected.append({"file": str(path), "line": where, "message": error.message, "where": error.where})
