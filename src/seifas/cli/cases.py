"""`seifas cases`: incident cases from the command line, as the officer's desk shows them. They are kept at the desk."""

from __future__ import annotations

import json as json_module
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from seifas.cli import cases_bundle, cases_exercising, reach
from seifas.cli.frame import Data, Json, PassphraseFile, console, ident, reporting, tell
from seifas.keeper.client import BlockingClient

cases = typer.Typer(no_args_is_help=True, help="Incident cases: what stands in them, and their evidence.")

cases.command("bundle")(cases_bundle.bundle)
cases.command("exercise")(cases_exercising.exercise)


@cases.command("list")
def listed(data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """List incident cases, newest first."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        told = keeper.call("case.admin_list")
        tell(json, {"cases": told}, lambda: _say_cases(told))


@cases.command("show")
def show(
    case: Annotated[str, typer.Argument(help="The case, as `seifas cases list` prints it.")],
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Show one case: its entries word for word, what it sent, the lines of the log that belong to it."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        case_id = ident(case, "case", "seifas cases list", where="case")
        told = keeper.call("case.admin_show", case=case_id)
        told["entries"] = _entries(keeper, case_id)
        tell(json, told, lambda: _say_case(told))


def _entries(keeper: BlockingClient, case: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := keeper.call("case.admin_entries", case=case, after=found[-1]["seq"] if found else 0):
        found += page
    return [{**one, "body": json_module.loads(one["body"])} for one in found]


def _say_cases(told: list[dict[str, Any]]) -> None:
    for one in told:
        state = f"closed {_at(one['closed_ms'])}" if one["closed_ms"] else f"open since {_at(one['opened_ms'])}"
        exercise = "EXERCISE " if one["exercise"] else ""
        console.print(
            f"{one['case'].hex()}  {exercise}{one['title']}  {state}, {one['entries']} entries", markup=False
        )
    if not told:
        console.print("no incident case; an officer opens one at the desk")


def _say_case(told: dict[str, Any]) -> None:
    _say_cases([told["status"]])
    for one in told["entries"]:
        signed = ", signed" if one["signed"] else ""
        console.print(
            f"{one['seq']:>5}  {_at(one['ms'])}  {one['kind']}  {one['by']}{signed}  line {one['line']}  "
            f"{one['entry'].hex()}", markup=False,
        )  # fmt: skip
        console.print(json_module.dumps(one["body"], ensure_ascii=False, indent=2), markup=False)
    for one in told["sendings"]:
        word = f" ({one['word']})" if one["word"] else ""
        console.print(
            f"{_at(one['queued_ms'])}  {one['kind']} {one['state']}{word}, tries {one['tries']}", markup=False
        )
    console.print(f"{len(told['lines'])} lines of the log belong to it", markup=False)


def _at(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(ms / 1000))
