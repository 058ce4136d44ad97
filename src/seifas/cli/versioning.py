"""`seifas version`."""

from __future__ import annotations

import typer

from seifas import __version__
from seifas.cli.frame import Json


def version(json: Json = False) -> None:
    """Print the version."""
    typer.echo(f'{{"version": "{__version__}"}}' if json else __version__)
