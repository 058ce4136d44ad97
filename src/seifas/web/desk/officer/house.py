"""The state of the house and the programs: what protects the clinic, what it does without, and what mends it."""

from __future__ import annotations

import time
from typing import Any

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.officer.frame import ident, of_hat, show
from seifas.web.desk.officer.kinds import BARS, EXPORTS
from seifas.web.desk.room import Room

_DAY_MS = 86_400_000
_BACKUP_DAYS, _REHEARSAL_DAYS = 2, 180
_SILENT_S = 24 * 3600
_EXPORTS_SHOWN = 20
_STATES = {"good": "house-good", "warn": "house-warn", "bad": "house-bad"}


async def house(room: Room, exchange: Exchange) -> None:
    """GET /desk/house: one row a part, in plain words, with the command that mends it."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer", "administrator")
    told = await room.client.call("house.state", session=visit.token)
    await show(
        room, exchange, "officer/house.html", visit, tab="/desk/house", told=told,
        rows=rows_of(told, time.time_ns() // 1_000_000),
    )  # fmt: skip


def rows_of(told: dict[str, Any], now_ms: int) -> list[dict[str, Any]]:
    """[{state: good | warn | bad, head, words, values, mend}]; `mend` is a command as it is typed."""
    last, ways, witness, people = told["last"], told["ways"], told["witness"], told["people"]

    def row(key: str, state: str, words: str, mend: str = "", **values: Any) -> dict[str, Any]:
        mend = mend if state != "good" else ""
        return {
            "head": key, "state": state, "tag": _STATES[state], "words": words, "mend": mend, "values": values,
        }

    backup_days = (now_ms - last["backup"]) // _DAY_MS if last["backup"] else -1
    tried_days = (now_ms - last["rehearsal"]) // _DAY_MS if last["rehearsal"] else -1
    channels = told["channels"]
    return [
        row("house-backup", "bad" if backup_days < 0 else "warn" if backup_days > _BACKUP_DAYS else "good",
            "house-backup-never" if backup_days < 0 else "house-backup-age",
            "seifas backup --to DIR --keys-to DIR", n=backup_days),
        row("house-replica", "good" if told["replica"]["there"] else "warn",
            "house-replica-there" if told["replica"]["there"] else "house-replica-not", "[paths] replica"),
        _witness(row, witness),
        row("house-keys", "good" if told["keys"]["apart"] else "warn",
            "house-keys-apart" if told["keys"]["apart"] else "house-keys-beside", "[paths] keys"),
        _ways(row, ways),
        row("house-rehearsal", "warn" if tried_days < 0 or tried_days > _REHEARSAL_DAYS else "good",
            "house-rehearsal-never" if tried_days < 0 else "house-rehearsal-age", "seifas recovery-test",
            n=tried_days),
        row("house-retention", "good" if told["retention"]["years"] else "warn",
            "house-retention-set" if told["retention"]["years"] else "house-retention-unset",
            "[retention] years", n=told["retention"]["years"]),
        _channels(row, channels),
        row("house-people", "good" if people["officers"] >= 2 else "warn",
            "house-people-enough" if people["officers"] >= 2 else "house-people-few",
            "seifas account add NAME --hats officer", n=people["officers"]),
        row("house-passkeys", "good" if people["passkeys"] >= people["able"] and people["able"] else "warn",
            "house-passkeys-said", passkeys=people["passkeys"], able=people["able"]),
        row("house-canaries", "good" if told["canaries"]["number"] else "warn",
            "house-canaries-said" if told["canaries"]["number"] else "house-canaries-none",
            n=told["canaries"]["number"]),
        row("house-log", "good" if told["log"]["checked"] and told["log"]["checked"]["ok"] else "warn",
            _checked(told["log"]["checked"]), "seifas audit verify", n=told["log"]["lines"]),
    ]  # fmt: skip


def _witness(row: Any, witness: dict[str, Any]) -> dict[str, Any]:
    if not witness["watched"]:
        return dict(row("house-witness", "warn", "house-witness-none", "witness_key"))
    silent = witness["heard_s"] < 0 or witness["heard_s"] > _SILENT_S
    return dict(row(
        "house-witness", "bad" if silent else "good", "house-witness-silent" if silent else "house-witness-heard",
        "seifas audit witness", n=witness["behind"],
    ))  # fmt: skip


def _ways(row: Any, ways: dict[str, Any]) -> dict[str, Any]:
    enough = ways["custodians"] > 0 or ways["passphrases"] > 1
    return dict(row(
        "house-ways", "good" if enough else "warn", "house-ways-said" if ways["custodians"] else "house-ways-alone",
        "seifas custodians new", passphrases=ways["passphrases"], custodians=ways["custodians"],
        needed=ways["needed"],
    ))  # fmt: skip


def _channels(row: Any, channels: dict[str, Any]) -> dict[str, Any]:
    number = channels["mail"] + channels["webhook"]
    words = ("house-channels-none", "house-channels-one", "house-channels-two")[number]
    return dict(row("house-channels", ("bad", "warn", "good")[number], words, "[alarms] smtp_host, mail_to, webhook"))


def _checked(checked: dict[str, Any] | None) -> str:
    if checked is None:
        return "house-log-unchecked"
    return "house-log-whole" if checked["ok"] else "house-log-not-whole"


async def programs(room: Room, exchange: Exchange) -> None:
    """/desk/programs: what reads and writes by itself; shut here, added and opened at the machine."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer", "administrator")
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        if sent.get("do") == "shut":
            await room.client.call("client.disable", session=visit.token, client=sent.get("client", ""))
        elif sent.get("do") == "stop-export":
            await room.client.call("export.stop", session=visit.token, id=ident(sent.get("id", "")))
        else:
            raise Invalid("There is no such button.", where="do")
        await answers.see_other(exchange, "/desk/programs")
        return
    rows = await room.client.call("client.list", session=visit.token)
    for one in rows:
        one["bars"] = [{**bar, "words": BARS[bar["bound"]]} for bar in one["bars"]]
    exports = await room.client.call("export.list", session=visit.token) if visit.hat == "officer" else []
    for one in exports:
        one["id"], one["stands"] = one["id"].hex(), EXPORTS[one["state"]]
    await show(
        room, exchange, "officer/programs.html", visit, tab="/desk/programs", rows=rows,
        exports=exports[:_EXPORTS_SHOWN],
    )  # fmt: skip
