"""The `seifas` command. Each verb lives in a file named for it; this one only puts them together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seifas import __version__
from seifas.cli import (
    accounts,
    auditing,
    backup,
    demo,
    drilling,
    erasing,
    founding,
    importing,
    importing_csv,
    keys,
    locking,
    restoring,
    upgrading,
)
from seifas.cli.frame import Data, Json, PassphraseFile, reporting
from seifas.cli.serving import serve as run_all

app = typer.Typer(
    name="seifas", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="A patient-record and photo vault that stays standing when the clinic is attacked.",
)
app.add_typer(accounts.account, name="account")
app.add_typer(accounts.client, name="client")
app.add_typer(auditing.audit, name="audit")
importing.importer.command("csv")(importing_csv.table)
app.add_typer(importing.importer, name="import")
app.add_typer(erasing.hold, name="hold")
app.command("erase")(erasing.erase)
app.add_typer(backup.backup, name="backup")
app.command("restore")(restoring.bring_back)
app.command("rotate")(keys.rotate)
app.add_typer(keys.passphrase, name="passphrase")
app.add_typer(keys.custodians, name="custodians")
app.command("recovery-test")(keys.recovery_test)
app.command("upgrade")(upgrading.upgrade)
app.command("init")(founding.init)
app.command("demo")(demo.demo)
app.command("demo-serve", hidden=True)(demo.demo_serve)
app.command("drill")(drilling.drill)
app.command("unlock")(locking.unlock)
app.command("lock")(locking.lock)
app.command("status")(locking.status)


@app.command("serve")
def serve(
    data: Data = Path("."),
    port: Annotated[int | None, typer.Option(help="Public listener; staff is PORT+1, unlock page PORT+2.")] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Serve the clinic: every process, each under its own user when started as root."""
    with reporting(False):
        raise typer.Exit(run_all(data, port, passphrase_file))


@app.command("version")
def version(json: Json = False) -> None:
    """Print the version."""
    typer.echo(f'{{"version": "{__version__}"}}' if json else __version__)


def run() -> None:
    """Entry point of the program."""
    app()


if __name__ == "__main__":
    run()
