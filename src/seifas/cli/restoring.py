"""`seifas restore`: a vault comes back on a bare machine. No server runs, and none is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from seifas import hardening
from seifas.cli.frame import (
    Json,
    PassphraseFile,
    PinFile,
    asked_secrets,
    console,
    reporting,
    secret_from,
    secret_lines,
    stages,
    tell,
)
from seifas.errors import Locked
from seifas.restoring.bringing_back import Order, restore


def bring_back(
    data: Annotated[Path, typer.Option("--data", help="The new vault's directory: empty, or not there yet.")],
    source: Annotated[Path | None, typer.Option("--from", help="A backup, or the target with several.")] = None,
    replica: Annotated[Path | None, typer.Option("--from-replica", help="The second place, instead.")] = None,
    keys_from: Annotated[
        Path | None, typer.Option("--keys-from", help="A copy of the key store, or the place with several.")
    ] = None,
    keys_at: Annotated[str, typer.Option("--keys", help="Where the new key store goes; better another disk.")] = "keys",
    tombstones: Annotated[
        Path | None, typer.Option("--tombstones", help="The newest tombstone list, from the custodians' kit.")
    ] = None,
    without_tombstones: Annotated[
        bool, typer.Option("--without-tombstones", help="Without the list: custodians only, and the log says so.")
    ] = False,
    witness: Annotated[
        Path | None, typer.Option("--witness", help="The newest checkpoint that the witness cosigned.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    pin_file: PinFile = None,
    custodians: Annotated[bool, typer.Option("--custodians", help="Open with the custodians' secrets.")] = False,
    secrets_file: Annotated[
        Path | None, typer.Option("--secrets-file", help="The custodians' secrets, one a line, instead of asking.")
    ] = None,
    approved_by: Annotated[str, typer.Option("--approved-by", help="The first of two people: a login.")] = "",
    second: Annotated[str, typer.Option("--and", help="The second: another login.")] = "",
    shown_file: Annotated[
        Path | None, typer.Option("--approvals-file", help="Both people's own secrets, one a line, instead of asking.")
    ] = None,
    json: Json = False,
) -> None:
    """Restore a vault from a backup or a replica. Two people approve, each with a passphrase or secret of their own."""
    with reporting(json):
        hardening.forbid_dumps()
        secrets: tuple[str, ...] = ()
        passphrase = ""
        if custodians or secrets_file is not None:
            asked = asked_secrets("A custodian's secret")
            secrets = secret_lines(secrets_file) if secrets_file is not None else tuple(asked)
        elif passphrase_file is not None:
            passphrase = secret_from(passphrase_file, data)
        elif sys.stdin.isatty():
            passphrase = str(typer.prompt("Passphrase", hide_input=True))
        else:
            raise Locked("give the passphrase with --passphrase-file, or open with --custodians")
        shown: tuple[str, ...] = ()
        if shown_file is not None:
            shown = secret_lines(shown_file)
        elif approved_by and sys.stdin.isatty():
            shown = tuple(
                str(typer.prompt(f"{name}: passphrase or custodian's secret (empty: the one above)", default="",
                                 hide_input=True)).strip()
                for name in (approved_by, second)
            )
        order = Order(
            data=data, backup=source, replica=replica, keys_from=keys_from, keys_at=keys_at, tombstones=tombstones,
            without_tombstones=without_tombstones, witness=witness, passphrase=passphrase, secrets=secrets,
            pin=secret_from(pin_file, data) if pin_file is not None else "",
            approved_by=tuple(name for name in (approved_by, second) if name),
            shown=tuple(one for one in shown if one),
        )
        with stages(quiet=json) as watch:
            told = restore(order, watch=watch)

        def words() -> None:
            old = told["old_log"]
            console.print(f"restored {told['patients']} patients into {data} in {told['seconds']} s")
            console.print(f"a new audit log begins; the old one ended at line {old['size']} and lies beside it")
            if told["lines_lost"]:
                console.print(f"[yellow]{told['lines_lost']} lines of the log were written after this backup[/]",
                              markup=True)
            console.print(f"erased patients kept out: {told['erased']}; approved by {', '.join(told['approved_by'])}")
            for line in told["warnings"]:
                console.print(f"[yellow]at risk[/]: {escape(line)}", markup=True)
            console.print(f"next: seifas serve --data {data}")

        tell(json, told, words)
