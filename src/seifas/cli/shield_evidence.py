"""`seifas shield events` and `export`: floods that the vault keeps, and their evidence as files elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, bar, console, ident, reporting, tell
from seifas.cli.handing_out import handed_out, is_stdout, kept_outside
from seifas.errors import Invalid, Missing, Tampered
from seifas.keeper.client import BlockingClient
from seifas.shield.evidence import book as books
from seifas.shield.evidence import checking
from seifas.shield.evidence.chain import Checked, Kept
from seifas.shield.evidence.forms import moment
from seifas.shield.evidence.lists import Rule
from seifas.shield.evidence.making import FORMS, Evidence, made
from seifas.shield.evidence.minute_forms import last
from seifas.shield.evidence.paper import About, words_of
from seifas.shield.model import State


def events(data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """List floods, newest first."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        told = keeper.call("shield.admin_events")
        tell(json, {"events": told}, lambda: _say_events(told))


def _say_events(told: list[dict[str, Any]]) -> None:
    for one in told:
        end = f"to {moment(one['ended_ms'])}" if one["ended_ms"] else "going on"
        addresses = "with its addresses" if one["parts"] else "no addresses yet"
        cases = f", in case {one['case'].hex()}" if one["case"] else ""
        console.print(
            f"{one['event'].hex()}  {moment(one['began_ms'])} {end}  {one['minutes']} minutes, {addresses}{cases}",
            markup=False,
        )
    if not told:
        console.print("no flood has been recorded")


def export(
    event: Annotated[str, typer.Argument(help="The flood, as `seifas shield events` prints it.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to make, outside the vault; - for stdout.")
    ] = None,
    form: Annotated[str, typer.Option("--form", help="One of: " + ", ".join(FORMS))] = "summary",
    verify: Annotated[bool, typer.Option("--verify", help="Hold the minutes against the audit log.")] = False,
    language: Annotated[str, typer.Option("--language", help="Of a PDF and the call sheet: lt or en.")] = "lt",
    turned: Annotated[int, typer.Option("--turned", help="List who had so many requests turned away.")] = 3,
    requests: Annotated[int, typer.Option("--requests", help="And who sent so many in all.")] = 300,
    hours: Annotated[int, typer.Option("--hours", help="When a list of addresses to block ends.")] = 24,
    spare: Annotated[list[str] | None, typer.Option("--spare", help="A network that is never listed.")] = None,
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Write a flood's evidence to a file. It is always held against the audit log; with --verify nothing else is done,
    and the command ends with 5 where something is wrong. Addresses are opened for the forms that are made of them, and
    that they were is a line of the log."""
    with reporting(json):
        event_id = ident(event, "flood", "seifas shield events", where="EVENT")
        _check(form, out, data, verify=verify)
        words_of(language)
        own = settings_module.load(data).shield.trusted_proxies
        rule = Rule(turned_at_least=turned, requests_at_least=requests, hours=hours, spared=(*own, *(spare or ())))
        with reach.keeper(data, passphrase_file) as keeper:
            flood = keeper.call("shield.admin_event", event=event_id)
            kept = _minutes(keeper, flood, quiet=json)
            parts = [] if verify or not FORMS[form].addresses else _parts(keeper, flood, quiet=json)
            found = checking.checked_minutes(kept, flood["minutes"])
            found = msgspec.structs.replace(found, problems=(*found.problems, *checking.wrong_parts(parts)))
            if verify:
                _say_checked(found, kept, as_json=json)
                return
            evidence = Evidence(
                _about(data, flood, kept, found), kept,
                checking.changes_in(flood["changes"]),
                books.joined([one.body for one in parts]) if parts else None, _uplink(keeper, flood),
            )  # fmt: skip
        body = made(form, evidence, rule, language)
        assert out is not None
        with handed_out(out) as file:
            file.write(body)
        told = {"file": str(out), "bytes": len(body), "minutes": len(kept), "problems": list(found.problems)}
        if not is_stdout(out):
            tell(json, told, lambda: _say_made(told))


def _check(form: str, out: Path | None, data: Path, *, verify: bool) -> None:
    if form not in FORMS:
        raise Invalid("a form is one of: " + ", ".join(FORMS), where="--form")
    if verify:
        return
    if out is None:
        raise Invalid("say with --out where the file goes, or only --verify", where="--out")
    kept_outside(out, data)


def _minutes(keeper: BlockingClient, flood: dict[str, Any], *, quiet: bool) -> tuple[Kept, ...]:
    kept: list[Kept] = []
    after = 0
    with bar("minutes", flood["minutes"], quiet=quiet) as advance:
        while page := keeper.call("shield.admin_minutes", event=flood["event"], after=after):
            after = page[-1]["seq"]
            kept += map(_kept, page)
            advance(len(page))
    return tuple(kept)


def _parts(keeper: BlockingClient, flood: dict[str, Any], *, quiet: bool) -> list[Kept]:
    """Of the editions of the book that hold all. Raises Missing where there is none yet."""
    whole = {one["edition"]: one for one in flood["editions"] if one["whole"]}
    editions = books.needed((made, one["bytes"]) for made, one in whole.items())
    if not editions:
        raise Missing("there is no book of this flood yet: its addresses come every ten minutes, and at its end")
    parts: list[Kept] = []
    with bar("addresses", sum(whole[one]["of"] for one in editions), quiet=quiet) as advance:
        for edition in editions:
            for number in range(whole[edition]["of"]):
                told = keeper.call("shield.admin_book", event=flood["event"], part=number, edition=edition)
                parts.append(_kept(told))
                advance(1)
    return parts


def _kept(told: dict[str, Any]) -> Kept:
    return Kept(told["line"], bytes(told["logged"]), bytes(told["body"]))


def _about(data: Path, flood: dict[str, Any], kept: tuple[Kept, ...], found: Checked) -> About:
    settings = settings_module.load(data)
    line, digest = last(kept)
    return About(
        clinic=settings.clinic.name, event=flood["event"].hex(), made_ms=time.time_ns() // 1_000_000,
        ended_ms=flood["ended_ms"], host=settings.listen.host, ports=_ports(settings),
        log=_log_name(data), line=line, digest=digest, problems=found.problems, provider=settings.shield.provider,
        provider_phone=settings.shield.provider_phone, provider_number=settings.shield.provider_number,
    )  # fmt: skip


def _ports(settings: settings_module.Settings) -> str:
    listeners = (settings.listen.redirect, settings.listen.public, settings.listen.staff)
    return ", ".join(dict.fromkeys(one.rpartition(":")[2] for one in listeners if one))


def _log_name(data: Path) -> str:
    """The log's public key names it; a vault that was never served has none yet."""
    try:
        return (data / "audit" / "key").read_text("ascii", "replace").partition("+")[0].strip()
    except OSError:
        return ""


def _uplink(keeper: BlockingClient, flood: dict[str, Any]) -> dict[str, float]:
    """The line's figures now, while the flood goes on."""
    if flood["ended_ms"] or not (state := keeper.call("shield.admin_status")["state"]):
        return {}
    try:
        return msgspec.json.decode(state, type=State).uplink
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}  # the shield's own words: what does not read is not there


def _say_checked(found: Checked, kept: tuple[Kept, ...], *, as_json: bool) -> None:
    line, digest = last(kept)
    told = {
        "ok": not found.problems, "minutes": len(found.links), "problems": list(found.problems), "line": line,
        "sha256": digest,
    }  # fmt: skip

    def words() -> None:
        if not found.problems:
            console.print(f"whole: {len(found.links)} minutes; line {line} of the audit log proves all of them")
        for problem in found.problems:
            console.print(f"NOT whole: {problem}", markup=False)

    tell(as_json, told, words)
    if found.problems:
        raise typer.Exit(Tampered.exit_status)


def _say_made(told: dict[str, Any]) -> None:
    console.print(f"{told['file']}: {told['bytes']} bytes, of {told['minutes']} minutes", markup=False)
    for problem in told["problems"]:
        console.print(f"NOT whole: {problem}", markup=False)
    console.print("Addresses are personal data. An address that sent is no culprit.")
