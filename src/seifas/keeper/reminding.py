"""Reminders a day before: the jobs process is given an address, a language and a time, and nothing else.

Each has its line in the log, durable before the address leaves; jobs never learns a name, nor a doctor, nor what for.
An appointment is given out once (three times where the mail server does not take it), so a jobs process that is taken
over learns the addresses of tomorrow's patients and no others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from seifas.errors import Missing
from seifas.keeper.clinic_profile import profile_of
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind
from seifas.keeper.reminders import FAILED, GIVEN, NOWHERE, OFF, OUTBOX, SENT, Reminder, due_again, wishes_of
from seifas.keeper.schedule.pages import Entry

_AT_ONCE = 20
_LATEST_HOUR = 20


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes
    taken: bool


@OPS.op("reminder.due", NoArgs, "jobs")
async def due(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """[{id, channel (mail or sms), address, language, time (HH:MM), phone (the clinic's)}], at most _AT_ONCE. Empty
    where reminders are off, outside their hours, and always in a demo, whose reminders go to nobody."""
    moment = keeper.now()
    keeper.require_unlocked()
    settings = keeper.settings.reminders
    local = datetime.fromtimestamp(moment.wall_ms / 1000, keeper.schedule.zone)
    if not (settings.on or keeper.settings.demo) or not settings.hour <= local.hour < _LATEST_HOUR:
        return []
    today = local.date()
    tomorrow = (today + timedelta(days=1)).isoformat()
    entries = [
        one for one in keeper.schedule.calendar.day(tomorrow)
        if one.status == "booked" and one.kind == "appointment"
        and due_again(keeper.reminders.get(one.id), moment.wall_ms)
    ][:_AT_ONCE]
    given, leaves, changed = [], [], []
    for entry in entries:
        told = _for(keeper, entry)
        before = keeper.reminders.get(entry.id)
        state = told.get("state", GIVEN)
        changed.append(Reminder(entry.id, tomorrow, state, moment.wall_ms, before.tries + 1 if before else 1))
        leaves.append(keeper.leaf(
            moment, Action.REMINDED, outcome=Outcome.DONE if state == GIVEN else Outcome.REFUSED,
            patient=entry.patient, objects=(entry.id,), note=told.get("channel", state),
        ))
        if state == GIVEN:
            given.append({"id": entry.id, **told})
    old = [one for one in keeper.reminders.values() if one.day < today.isoformat()]
    if leaves or old:
        await keeper.commit(
            leaves, [keeper.row(Kind.REMINDER, one.entry, one) for one in changed],
            [keeper.tag(Kind.REMINDER, one.entry) for one in old],
        )
    for one in old:
        keeper.reminders.pop(one.entry, None)
    for one in changed:
        keeper.reminders[one.entry] = one
    return given


@OPS.op("reminder.told", Told, "jobs")
async def told(keeper: Keeper, caller: Caller, args: Told) -> dict[str, Any]:
    """Whether the mail server or the webhook took it."""
    moment = keeper.now()
    reminder = keeper.reminders.get(args.id)
    if reminder is None or reminder.state not in (GIVEN, FAILED):
        raise Missing("there is no such reminder")
    changed = msgspec.structs.replace(reminder, state=SENT if args.taken else FAILED, at_ms=moment.wall_ms)
    await keeper.commit([], [keeper.row(Kind.REMINDER, changed.entry, changed)])
    keeper.reminders[changed.entry] = changed
    return {}


def _for(keeper: Keeper, entry: Entry) -> dict[str, str]:
    """What jobs is told of one appointment, or only the `state` in which it rests."""
    vault = keeper.require_unlocked().vault
    card = keeper.directory.card(entry.patient)
    if card is None or card.deceased or not card.active or entry.patient in keeper.canaries:
        return {"state": NOWHERE}
    head = vault.head(entry.patient)
    wishes = wishes_of(vault.record(head, vault.entry(head, "Patient", entry.patient)).body)
    if not wishes.wanted:
        return {"state": OFF}
    if card.emails and keeper.settings.alarms.smtp_host:
        channel, address = "mail", card.emails[0]
    elif card.phones and keeper.settings.reminders.sms_webhook:
        channel, address = "sms", card.phones[0]
    elif keeper.settings.demo and (card.emails or card.phones):
        return {"state": OUTBOX}
    else:
        return {"state": NOWHERE}
    if keeper.settings.demo:
        return {"state": OUTBOX}
    languages = keeper.settings.clinic.languages
    return {
        "channel": channel, "address": address,
        "language": wishes.language if wishes.language in languages else languages[0],
        "time": _clock(keeper, entry.start_ms), "phone": profile_of(keeper).contact.phone,
    }


def _clock(keeper: Keeper, ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, keeper.schedule.zone).strftime("%H:%M")

