"""`seifas move`: takes a vault to PostgreSQL or S3, and back to files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seifas import hardening
from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, PinFile, console, reporting, stages, tell
from seifas.cli.separating import own, share_object_key
from seifas.errors import Conflict, Invalid
from seifas.keeper import unlocking
from seifas.moving.going_over import Secrets
from seifas.moving.going_over import give_up as discard_copy
from seifas.moving.going_over import move as go_over
from seifas.moving.planning import marked
from seifas.settings import Storage
from seifas.upgrading import refuse_if_due


class Engine(StrEnum):
    """Where state, rows and keys lie."""

    sqlite = "sqlite"
    postgresql = "postgresql"


class Objects(StrEnum):
    """Where pictures and documents lie."""

    files = "files"
    s3 = "s3"

_LEFT = (
    "the move is given up and the vault is where it was; what had been copied lies in the other place still, sealed. "
    "Destroy it there if that comes back: its copy of the keys outlives erasures"
)


def move(
    data: Data = Path("."),
    to: Annotated[Engine | None, typer.Option("--to", help="Where state, rows and keys go.")] = None,
    database: Annotated[str, typer.Option(help="postgresql: \"host=db1,db2 dbname=seifas user=seifas\".")] = "",
    database_password_file: Annotated[Path | None, typer.Option(help="File with that user's password.")] = None,
    keys_database: Annotated[str, typer.Option(help="The key store's own database; none: keys stay in files.")] = "",
    keys_password_file: Annotated[Path | None, typer.Option(help="File with that user's password.")] = None,
    objects: Annotated[Objects | None, typer.Option("--objects", help="Where pictures and documents go.")] = None,
    s3_endpoint: Annotated[str, typer.Option(help="s3: https://s3.example.lt:9000")] = "",
    s3_bucket: Annotated[str, typer.Option(help="s3: the bucket, which must be there.")] = "",
    s3_key_file: Annotated[Path | None, typer.Option(help="s3: file with a key's id and secret, a line each.")] = None,
    s3_region: Annotated[str, typer.Option(help="s3: the bucket's region.")] = "us-east-1",
    s3_prefix: Annotated[str, typer.Option(help="s3: put before every name.")] = "",
    s3_ca_file: Annotated[Path | None, typer.Option(help="s3: PEM of who signed the service's certificate.")] = None,
    give_up: Annotated[bool, typer.Option("--give-up", help="Discard what a move that was cut off copied.")] = False,
    leave_copy: Annotated[bool, typer.Option(
        "--leave-copy", help="With --give-up, where that place is gone for good: leave what lies there."
    )] = False,
    passphrase_file: PassphraseFile = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Take the vault to PostgreSQL or S3, or back to files: copied, compared, opened, then switched. Stop it before."""
    with reporting(json):
        settings = settings_module.load(data)
        if reach.is_running(data):
            raise Conflict("this vault is being served: stop it first, a move works alone", where=str(data))
        refuse_if_due(data, settings)
        hardening.forbid_dumps()
        begun = marked(data)
        if give_up:
            with stages(quiet=json) as watch:
                told = discard_copy(data, leave_copy=leave_copy, watch=watch)
            tell(json, told, _LEFT if leave_copy else "what had been copied is discarded; the vault is where it was")
            return
        if leave_copy:
            raise Invalid("this goes with --give-up alone", where="--leave-copy")
        wanted = settings.storage
        if to is Engine.postgresql:
            wanted = msgspec.structs.replace(
                wanted, engine="postgresql", database=_said(database or wanted.database, "--database"),
                database_password_file=_file(database_password_file), keys_database=keys_database,
                keys_password_file=_file(keys_password_file),
            )
        elif to is Engine.sqlite:
            usual = Storage()
            wanted = msgspec.structs.replace(
                wanted, engine=usual.engine, database="", database_password_file="", keys_database="",
                keys_password_file="",
            )  # fmt: skip
        if objects is Objects.s3:
            wanted = msgspec.structs.replace(
                wanted, objects="s3", s3_endpoint=_said(s3_endpoint, "--s3-endpoint"),
                s3_bucket=_said(s3_bucket, "--s3-bucket"), s3_key_file=_said(_file(s3_key_file), "--s3-key-file"),
                s3_region=s3_region, s3_prefix=s3_prefix, s3_ca_file=_file(s3_ca_file),
            )
        elif objects is Objects.files:
            usual = Storage()
            wanted = msgspec.structs.replace(
                wanted, objects="files", s3_endpoint="", s3_bucket="", s3_key_file="", s3_prefix="", s3_ca_file="",
                s3_region=usual.s3_region,
            )  # fmt: skip
        if to is None and objects is None:
            if begun is None:
                raise Invalid("say what goes where: --to postgresql or sqlite, --objects s3 or files", where="--to")
            wanted = begun.new
        owner = reach.owner(data)
        try:
            with stages(quiet=json) as watch:
                told = go_over(data, wanted, lambda: _secrets(data, passphrase_file, pin_file), watch=watch)
        finally:
            if owner is not None:
                in_force = settings_module.load(data)
                own(data, in_force, owner)
                share_object_key(data, in_force)
        tell(json, told, lambda: _words(told, wanted))


def _words(told: dict[str, Any], wanted: Storage) -> None:
    if not told["moved"]:
        console.print("an earlier move had been cut off at its end; what lay in the old place is gone now")
        return
    for name, what in (("state", "rows of the state"), ("lines", "audit lines"), ("rows", "rows"), ("keys", "keys"),
                       ("objects", "objects")):
        if name in told:
            console.print(f"{told[name]} {what}, each read back")
    console.print(
        f"{told['patients']} patients open in the new place ({wanted.engine}, objects in {wanted.objects}); it is in "
        f"force now, and the old one is cleared; {told['seconds']} s"
    )


def _secrets(data: Path, file: Path | None, pin_file: Path | None) -> Secrets:
    given = reach.opening(data, file, pin_file)
    place = settings_module.load(data).keys_at(data)
    return Secrets(unlocking.root_by_passphrase(place, given["passphrase"]), given["pin"])


def _said(value: str, option: str) -> str:
    if not value:
        raise Invalid(f"{option} is needed for this", where=option)
    return value


def _file(path: Path | None) -> str:
    return "" if path is None else str(path.resolve())
