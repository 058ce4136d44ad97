"""Who is affected at the officer's desk: computed from the log and the leak searches, in snapshots that are compared.

People stand here as labels and proofs. Who somebody is takes a reason and a passkey, one by one.
"""

from __future__ import annotations

from typing import Any, Final

from seifas.errors import Invalid, OverBudget, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.incidents.local_time import span
from seifas.incidents.local_time import told as local
from seifas.incidents.standing import standing
from seifas.incidents.timeline import Event
from seifas.web import answers
from seifas.web.desk.cases.affected_shown import GRADE_WORDS, choices_of, row_of, snapshot_of, spread_of
from seifas.web.desk.cases.chronicle import EVENT_WORDS
from seifas.web.desk.cases.evidence import standing_items
from seifas.web.desk.cases.frame import AT, of_case, said_of, show
from seifas.web.desk.cases.reading import at_words, entries_of
from seifas.web.desk.cases.writing import Sent, one_line, typed_of
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.officer.frame import asked, ident, some_bytes
from seifas.web.desk.room import Room, Visit

SAID: Final = {
    "until": "affected-said-until", "since": "affected-said-long", "at": "affected-said-when",
    "zone": "affected-said-when", "keys": "affected-said-keys", "id": "affected-said-id",
    "sessions": "affected-said-many", "accounts": "affected-said-many", "exports": "affected-said-many",
    "reason": "leak-said-reason", "snapshots": "affected-said-full", "where": "affected-said-id",
}  # fmt: skip
FALLS: Final = {
    "": "affected-keys-none", "host": "affected-keys-host", "root": "affected-keys-root",
    "epoch": "affected-keys-epoch", "keys": "affected-keys-keys",
}  # fmt: skip
_FIELDS: Final = 400
_PAGE: Final = 20
_CHANGES: Final = 50
_BEFORE_MS: Final = 14 * 86_400_000
_SEXES: Final = {"male": "sex-m", "female": "sex-f", "other": "sex-o"}


async def affected(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/affected: the newest snapshot or the one of `snapshot`, people of one `grade` from `after` on,
    compared with the snapshot `with`; a POST computes a new one."""
    visit, _, told = await of_case(room, exchange, case)
    if exchange.method != "POST":
        await _page(room, exchange, visit, told)
        return
    sent = await room.guard.fields(exchange, visit.token, most=_FIELDS)
    try:
        await room.client.call("case.affected", session=visit.token, case=told["case"], **await _basis(
            room, visit, told, sent
        ))  # fmt: skip
    except SeifasError as error:
        said = room.words(exchange, said_of(error, SAID))
        await _page(room, exchange, visit, told, said=said, status=error.http, sent=sent)
        return
    await answers.see_other(exchange, exchange.path)


async def _basis(room: Room, visit: Visit, told: dict[str, Any], sent: Sent) -> dict[str, Any]:
    """What the form says of the time, the hostile and the keys. Evidence that was taken back counts no more."""
    word = sent.get("keys", "")
    if word not in FALLS:
        raise Invalid("no such word", where="keys")
    items = await standing_items(room, visit, told)
    return {
        "since_ms": _minute(room, sent, "since")[0],
        "until_ms": _minute(room, sent, "until")[1] + 1 if sent.get("until-day") else 0,
        "sessions": [*_ticked(sent, "session-"), *_ids(sent, "sessions")], "accounts": _ticked(sent, "account-"),
        "exports": _ids(sent, "exports"), "keys_touched": bool(word), "key_word": word or "host",
        "key_ref": ident(sent["key-event"]) if word and sent.get("key-event") else b"",
        "retracted": [bytes.fromhex(one.file) for one in items if one.retracted],
    }  # fmt: skip


def _minute(room: Room, sent: Sent, name: str) -> tuple[int, int]:
    """The first and the last millisecond of the minute that two fields of the form say."""
    day, time = one_line(sent, f"{name}-day"), one_line(sent, f"{name}-time")[:5] or "00:00"
    found = span(f"{day}T{time}", room.settings.clinic.zone, "minute")
    assert found is not None
    return found


def _ticked(sent: Sent, prefix: str) -> list[bytes]:
    return [some_bytes(name.removeprefix(prefix)) for name, value in sent.items()
            if name.startswith(prefix) and value == "1"]  # fmt: skip


def _ids(sent: Sent, name: str) -> list[bytes]:
    """Ids in hex, as they were typed: between spaces or commas."""
    return [ident(one.lower()) for one in sent.get(name, "").replace(",", " ").split()]


async def open_one(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/affected/open with `snapshot` and `person`, and `reason` when its own page has asked."""
    visit, key, told = await of_case(room, exchange, case)
    sent = await room.guard.fields(exchange, visit.token)
    snapshot, person = ident(sent.get("snapshot", "")), ident(sent.get("person", ""))
    reason, said, status = one_line(sent, "reason")[:300], "", 200
    fields = {"snapshot": snapshot.hex(), "person": person.hex(), "reason": reason}
    if "reason" in sent:
        try:
            card = await room.client.call(
                "case.open_affected", session=visit.token, case=key, snapshot=snapshot, patient=person, reason=reason
            )
            await show(
                room, exchange, "affected_card", visit, told, section="affected", card=card,
                sex=_SEXES.get(card["sex"], "sex-u"), log=f"/desk/log?mark={person.hex()}",
            )
            return
        except StepUp as error:
            await confirm(
                room, exchange, visit, error, f"{AT}/{case}/affected/open", fields, deed="touch-affected-open"
            )
            return
        except OverBudget as error:
            await stopped(room, exchange, visit, error)
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, SAID)), error.http
    await show(
        room, exchange, "affected_reason", visit, told, section="affected", fields=fields, said=said, status=status,
        label=f"P-{person[:4].hex().upper()}",
    )  # fmt: skip


async def _page(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], *, said: str = "", status: int = 200,
    sent: Sent | None = None,
) -> None:  # fmt: skip
    wanted, call, token, case = asked(exchange), room.client.call, visit.token, told["case"]
    zone = room.settings.clinic.zone
    kept = await call("case.snapshots", session=token, case=case)
    chosen = next((one for one in kept if one["snapshot"].hex() == wanted.get("snapshot")), kept[0] if kept else None)
    grade = wanted.get("grade", "") if wanted.get("grade", "") in GRADE_WORDS else ""
    values: dict[str, Any] = {"shown": None, "rows": [], "diff": None, "next": ""}
    if chosen is not None:
        of = {"session": token, "case": case, "snapshot": chosen["snapshot"]}
        after = some_bytes(wanted.get("after", ""))
        page = await call("case.snapshot", **of, grade=grade, after=after, count=_PAGE)
        spread = await call("case.spread", **of, grade=grade)
        values |= {
            "shown": snapshot_of(chosen, zone), "rows": [row_of(one, told["leak"].hex()) for one in page["rows"]],
            "next": page["next"].hex(), "erased": page["erased"], "spread": spread_of(spread),
        }  # fmt: skip
        values["diff"] = await _diff(room, visit, told, kept, chosen, wanted.get("with", ""))
    hints = await call("case.hints", session=token, case=case) if not told["closed_ms"] else {}
    accounts = await call("audit.accounts", session=token)
    entries = await entries_of(room, visit, case, ("event",))
    # Lines of the log are of the wall clock, also where the case has one of its own.
    day, _, time = local(told["now_ms"] - told["shift_ms"], zone).partition("T")
    await show(
        room, exchange, "affected", visit, told, section="affected", said=said, status=status, grade=grade,
        grades=GRADE_WORDS, falls=FALLS, event_words=EVENT_WORDS,
        events=[(one.entry.entry, one.document, at_words(one.document)) for one in standing(entries, "event", Event)],
        snapshots=[snapshot_of(one, zone) for one in kept], hints=choices_of(hints, zone), accounts=accounts,
        decoys=hints.get("decoys", []), retracted=sum(bool(one.retracted) for one in await standing_items(
            room, visit, told
        )),
        typed=typed_of({
            "since-day": local(told["opened_ms"] - _BEFORE_MS, zone)[:10], "since-time": "00:00", "until-day": day,
            "until-time": time,
        }, _as_typed(chosen, zone), sent), **values,
    )  # fmt: skip


def _as_typed(chosen: dict[str, Any] | None, zone: str) -> Sent:
    """The form as the snapshot was computed: the next one begins where this one stood. Its end is now."""
    if chosen is None:
        return {}
    basis = chosen["basis"]
    day, _, time = local(basis["since_ms"], zone).partition("T")
    return {
        "since-day": day, "since-time": time, "exports": " ".join(one.hex() for one in basis["exports"]),
        "sessions": " ".join(one.hex() for one in basis["sessions"]),
        **{f"account-{one.hex()}": "1" for one in basis["accounts"]},
        "keys": basis["fall"]["word"] if basis["fall"] else "",
        "key-event": basis["fall"]["ref"] if basis["fall"] else "",
    }  # fmt: skip


async def _diff(
    room: Room, visit: Visit, told: dict[str, Any], kept: list[dict[str, Any]], chosen: dict[str, Any], other: str
) -> dict[str, Any] | None:
    """What the chosen one says otherwise than the one named, or than the one before it."""
    place = kept.index(chosen)
    before = next((one for one in kept if one["snapshot"].hex() == other), None)
    before = before or (kept[place + 1] if place + 1 < len(kept) else None)
    if before is None:
        return None
    found = await room.client.call(
        "case.diff", session=visit.token, case=told["case"], a=before["snapshot"], b=chosen["snapshot"], count=_CHANGES
    )
    return {**found, "before": snapshot_of(before, room.settings.clinic.zone)}
