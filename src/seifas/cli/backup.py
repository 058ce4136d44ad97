"""`seifas backup`: copies of a vault onto another disk, checking them, and letting superseded keys run out."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, PinFile, bar, console, reporting, tell
from seifas.errors import BY_CODE, Invalid, Missing, SeifasError, Unavailable
from seifas.keeper import backup_manifest
from seifas.keeper.backup_manifest import KEYS, OBJECTS, Manifest
from seifas.keeper.client import BlockingClient
from seifas.storage.durable import overwrite_and_unlink, sync_directory

backup = typer.Typer(help="Copies of the vault; all of it sealed, keys apart from data.")

_DAY_MS = 86_400_000


@backup.callback(invoke_without_command=True)
def make(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option("--to", help="Where backups of the data are kept: another disk.")] = None,
    keys_to: Annotated[
        Path | None, typer.Option("--keys-to", help="Where copies of the key store are kept: yet another disk.")
    ] = None,
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Back the vault up, whether it is being served or not. Nothing in the target is overwritten or removed."""
    if context.invoked_subcommand is not None:
        return
    with reporting(json):
        named = settings_module.load(data).backups
        to = to or _named(data, named.data)
        keys_to = keys_to or _named(data, named.keys)
        if to is None:
            raise Invalid("say where to with --to DIR, or set [backups] data in the settings", where="--to")
        owner = reach.owner(data)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"[:-3] + f"Z-{secrets.token_hex(2)}"
        place = _new(to, f"seifas-{name}", owner)
        objects = _new(to, OBJECTS, owner, again=True)
        keys_place = _new(keys_to, f"seifas-keys-{name}", owner) if keys_to is not None else None
        with reach.keeper(data, passphrase_file, pin_file=pin_file) as keeper:
            keeper.call(
                "admin.backup", to=str(place), objects=str(objects), keys_to=str(keys_place) if keys_place else ""
            )
            told = _watch(keeper, quiet=json)
        warnings = _warnings(data, to, keys_to)
        told = {
            "directory": str(place), "keys_directory": str(keys_place) if keys_place else "", **told,
            "warnings": warnings,
        }

        def words() -> None:
            console.print(f"{told['files']} files, {told['bytes'] / 2**20:.1f} MiB in {place}, {told['seconds']} s")
            if keys_place is not None:
                console.print(f"the key store, generation {told['generation']}, in {keys_place}")
            for line in warnings:
                console.print(f"[yellow]at risk[/]: {escape(line)}", markup=True)

        tell(json, told, words)


def _named(data: Path, place: str) -> Path | None:
    return data / place if place else None


def _new(parent: Path, name: str, owner: int | None, *, again: bool = False) -> Path:
    """A directory for the keeper to write into, made in its name where this is root."""
    path = parent.resolve() / name
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=again)
        if owner is not None:
            os.chown(path, owner, owner)
        sync_directory(path.parent)  # the keeper's user may not be able to read it
    except OSError as error:
        raise Unavailable(f"the target does not take a new directory: {error.strerror}", where=str(path)) from error
    return path


def _watch(keeper: BlockingClient, *, quiet: bool) -> dict[str, Any]:
    shown = 0
    with bar("backup", None if quiet else 100, quiet=quiet) as advance:
        while True:
            job = keeper.call("admin.backup_status")
            percent = 100 * job["done"] // job["total"] if job["total"] else 0
            advance(percent - shown)
            shown = percent
            if job["finished"]:
                break
            time.sleep(0.1)
    if job["error"]:
        raise BY_CODE.get(job["code"], SeifasError)(job["error"], where=job["stage"])
    told: dict[str, Any] = job["told"]
    return told


def _warnings(data: Path, to: Path, keys_to: Path | None) -> list[str]:
    settings = settings_module.load(data)
    found = []
    disk = os.stat(to).st_dev
    if disk == os.stat(data).st_dev:
        found.append("the backup lies on the same disk as the vault")
    if keys_to is None:
        found.append("the key store was not copied (--keys-to): this backup opens only with a copy of it")
    else:
        if os.stat(keys_to).st_dev in (disk, os.stat(data).st_dev):
            found.append("the copy of the key store lies on the same disk as the data: who takes one takes both")
        late = _superseded(keys_to, settings.retention.key_backup_days)
        if late:
            found.append(
                f"{len(late)} copies of the key store are superseded and older than "
                f"{settings.retention.key_backup_days} days: `seifas backup prune --keys {keys_to}`"
            )
    if settings.paths.replica and disk == os.stat(data / settings.paths.replica).st_dev:
        found.append("the backup lies on the same disk as the replica")
    return found


@backup.command("verify")
def verify(
    directory: Annotated[Path, typer.Argument(help="A backup, or the target with several: the newest is checked.")],
    json: Json = False,
) -> None:
    """Read every file of a backup and name what is not as written. Needs no keys."""
    with reporting(json):
        place = backup_manifest.find(directory)
        total = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        with bar("verify", total, quiet=json) as advance:
            report = backup_manifest.check(place, read_bytes=advance)
        told: dict[str, Any] = {"directory": str(place), "ok": report.ok, "problems": list(report.problems)}
        if report.manifest is not None:
            told |= backup_manifest.told(report.manifest)

        def words() -> None:
            for line in report.problems:
                console.print(f"[red]{escape(line)}[/]", markup=True)
            if report.ok and report.manifest is not None:
                console.print(f"{place.name}: all {told['files']} files are as written, {_of(report.manifest)}")

        tell(json, told, words)
        if not report.ok:
            raise typer.Exit(5)


def _of(manifest: Manifest) -> str:
    keys = f"key store generation {manifest.generation}"
    return keys if manifest.kind == KEYS else f"{manifest.patients} patients, opens with {keys} or later"


@backup.command("prune")
def prune(
    keys: Annotated[
        Path | None, typer.Option("--keys", help="Where copies of the key store lie, if not where the settings say.")
    ] = None,
    data: Data = Path("."),
    json: Json = False,
) -> None:
    """Overwrite and remove superseded copies of the key store past [retention] key_backup_days; the newest stays."""
    with reporting(json):
        settings = settings_module.load(data)
        days = settings.retention.key_backup_days
        keys = keys or _named(data, settings.backups.keys)
        if keys is None:
            raise Invalid("say where they are with --keys DIR, or set [backups] keys in the settings", where="--keys")
        removed = []
        for place in _superseded(keys, days):
            # The note first: what is left of a removal that is cut off is no backup any more.
            for path in sorted(place.iterdir(), key=lambda path: path.name != backup_manifest.NOTE):
                overwrite_and_unlink(path)
            place.rmdir()
            removed.append(place.name)
        tell(json, {"removed": removed, "days": days}, f"removed {len(removed)} superseded copies of the key store")


def _superseded(place: Path, days: int) -> list[Path]:
    """Finished copies of key stores of one clinic that a later generation in the same place has superseded long ago."""
    if not place.is_dir():
        raise Missing("there is no such directory", where=str(place))
    found: list[tuple[Path, Manifest]] = []
    for path in sorted(place.glob("seifas-keys-*")):
        try:
            found.append((path, backup_manifest.read(path, KEYS)[0]))
        except SeifasError:
            continue
    newest: dict[str, int] = {}
    for _, manifest in found:
        newest[manifest.clinic] = max(newest.get(manifest.clinic, 0), manifest.generation)
    limit = time.time() * 1000 - days * _DAY_MS
    return [
        path for path, manifest in found
        if manifest.generation < newest[manifest.clinic] and manifest.created_ms < limit
    ]
