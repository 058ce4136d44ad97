"""`seifas erase` and `seifas hold`: ending a patient's record for good, and forbidding it."""

from __future__ import annotations

import re
from datetime import datetime
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, console, reporting, tell
from seifas.errors import Invalid, Missing
from seifas.keeper.client import BlockingClient

hold = typer.Typer(no_args_is_help=True, help="Legal holds: a held patient is not erased.")

Patient = Annotated[str, typer.Argument(help="The patient's id, 32 hex characters, as FHIR shows it.")]
Why = Annotated[str, typer.Option("--why", help="Why, in a few words; sealed under the patient's own key.")]


def erase(
    patient: Patient,
    by: Annotated[str, typer.Option("--by", help="In whose name it is asked for: an account's login.")] = "",
    ground: Annotated[
        str, typer.Option("--ground", help="patient-asked, retention-ended, mistake or ordered.")
    ] = "patient-asked",
    now: Annotated[bool, typer.Option("--now", help="In a demo only: erase at once.")] = False,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="Write the certificate there, as text (and .json beside it).")
    ] = None,
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Erase a patient: two people approve at the desk, 72 hours pass, then the keys are destroyed.

    Without --by and --now it tells what became of a request, and writes the certificate when it was carried out.
    """
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        ident = _ident(patient)
        if now:
            made = keeper.call("admin.erase_now", patient=ident)
            told = {"state": "erased", **made}
            _write(keeper, ident, certificate)
            tell(json, told, lambda: _erased(made, demo=True))
        elif by:
            asked = keeper.call("admin.erase_ask", patient=ident, by=by, ground=ground)
            tell(json, asked, lambda: _asked(asked))
        else:
            found = keeper.call("admin.erase_status", patient=ident)
            if found["state"] == "none":
                raise Missing("nobody asked for the erasure of this patient: say who does with --by", where=patient)
            if certificate is not None and found["state"] != "erased":
                raise Missing("there is no certificate before the erasure is carried out", where=patient)
            _write(keeper, ident, certificate)
            tell(json, {key: value for key, value in found.items() if key != "text"}, lambda: _found(found))


@hold.command("set")
def hold_set(
    patient: Patient, why: Why, data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False
) -> None:
    """Forbid erasing a patient until the hold is cleared."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        tell(json, keeper.call("admin.hold_set", patient=_ident(patient), why=why), f"{patient} is held")


@hold.command("clear")
def hold_clear(
    patient: Patient, why: Why, data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False
) -> None:
    """Clear a hold."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        tell(json, keeper.call("admin.hold_clear", patient=_ident(patient), why=why), f"{patient} is no longer held")


@hold.command("list")
def hold_list(data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """List who is held, since when and by whom."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        found = keeper.call("admin.hold_list")

        def words() -> None:
            for one in found:
                console.print(f"{one['patient'].hex()}  since {_day(one['since_ms'])}, {one['by']}")

        tell(json, {"holds": found}, words)


def _ident(text: str) -> bytes:
    bare = text.strip().removeprefix("Patient/").replace("-", "").lower()
    if not re.fullmatch(r"[0-9a-f]{32}", bare, re.ASCII):
        raise Invalid("a patient's id is 32 hex characters", where=text[:60])
    return bytes.fromhex(bare)


def _write(keeper: BlockingClient, patient: bytes, path: Path | None) -> None:
    if path is None:
        return
    found = keeper.call("admin.erase_status", patient=patient)
    path.write_text(found["text"], encoding="utf-8")
    beside = path.with_name(path.name + ".json")
    beside.write_text(dumps(found["certificate"], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def _asked(asked: dict[str, Any]) -> None:
    console.print(f"asked for; two people approve it at the desk, not before {_day(asked['not_before_ms'])}")
    if not asked["ripens"]:
        console.print(
            "[yellow]it cannot ripen[/]: it has to be announced by mail and by webhook, and not both are set up "
            "(\\[alarms] in settings.toml); nor are there two people, other than who asks, who could read it on their "
            "desks", markup=True,
        )


def _erased(made: dict[str, Any], *, demo: bool) -> None:
    console.print(f"erased: {made['patient']}, tombstone {made['number']}, {made['rows']} stored rows")
    if demo:
        console.print("[yellow]the demo's people approved it; outside a demo two people do, and 72 hours pass[/]",
                      markup=True)
    if made["dies_with_key_copies"]:
        console.print(f"copies of the key store from before run out by {made['key_copies_until']}")
    else:
        console.print(f"dead at once in every copy: destroyed in {', '.join(made['tokens'])}")
    console.print("take kit/tombstones.note away with the custodians' kit: no restore without it")


def _found(found: dict[str, Any]) -> None:
    if found["state"] == "erased":
        console.print(found["text"])
        return
    people = ", ".join(found["approvals"]) or "nobody yet"
    when = f"not before {_day(found['not_before_ms'])}" if found["not_before_ms"] else "not yet announced twice"
    console.print(f"{found['state']}; approved by {people}; {when}")
