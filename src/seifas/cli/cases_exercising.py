"""`seifas cases exercise`: begins an exercise from the command line. Its steps go on at the officer's desk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, console, reporting
from seifas.errors import Invalid
from seifas.incidents.exercise import EXERCISES, YEARS


def exercise(
    script: Annotated[str, typer.Argument(help="Which case is played again: 2017.")],
    data: Data = Path("."),
    law: Annotated[int, typer.Option("--law", help="By the law of which year: 2017, 2019, 2026.")] = 2017,
    language: Annotated[str, typer.Option("--language", help="lt or en")] = "lt",
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Begin an exercise: a case that happened, with a moved clock. Nothing of it leaves the clinic."""
    with reporting(json):
        played = EXERCISES.get(script)
        if played is None:
            raise Invalid(f"there is one of: {', '.join(EXERCISES)}", where="script")
        if law not in YEARS or language not in ("lt", "en"):
            raise Invalid(f"--law is one of {', '.join(map(str, YEARS))}, --language lt or en", where="law")
        with reach.keeper(data, passphrase_file) as keeper:
            made = keeper.call(
                "case.admin_exercise", title=played.title(language, law), kind=played.script.kind,
                shift_ms=played.at_ms(0, law) - int(time.time() * 1000),
            )  # fmt: skip
            for kind, body in played.entries(0, law, language):
                keeper.call("case.admin_exercise_write", case=made["case"], kind=kind, body=body)
        where = f"{reach.staff_url(data)}/desk/cases/{made['case'].hex()}"
        if json:
            print(msgspec.json.encode({"case": made["case"].hex(), "address": where}).decode())
        else:
            console.print(f"The exercise was begun: {where}", markup=False)
            console.print("Go on with it at the officer's desk.")
