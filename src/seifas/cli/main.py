"""The `seifas` command. Each verb lives in a file named for it, and is loaded when it is asked for (verbs.py)."""

from __future__ import annotations

import typer

from seifas.cli.verbs import Verbs, listed

app = typer.Typer(
    name="seifas", cls=Verbs, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="A patient-record and photo vault that stays standing when the clinic is attacked.",
)
listed(app)


def run() -> None:
    """Entry point of the program."""
    app()


if __name__ == "__main__":
    run()
