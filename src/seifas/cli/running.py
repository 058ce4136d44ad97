"""`seifas serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seifas.cli.frame import Data, PassphraseFile, reporting
from seifas.cli.serving import serve as run_all


def serve(
    data: Data = Path("."),
    port: Annotated[int | None, typer.Option(help="Public listener; staff is PORT+1, unlock page PORT+2.")] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Serve the clinic: every process, each under its own user when started as root."""
    with reporting(False):
        raise typer.Exit(run_all(data, port, passphrase_file))
