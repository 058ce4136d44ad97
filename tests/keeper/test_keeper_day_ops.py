"""The day's ops, asked straight: typing, the schedule's views, recalls, locks, reminders."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyotp
import pytest
from keeper_rig import Alarms, Asked, Rig

from seifas.errors import Conflict, Invalid, Missing, Refused, StepUp
from seifas.jobs import reminding as letters
from seifas.keeper import reminding
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.reminders import NO_REMINDERS, wishes_of
from seifas.settings import Reminders

ZONE = ZoneInfo("Europe/Vilnius")
HOUR = 3_600_000


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def noon(days: int) -> int:
    day = datetime.datetime.now(ZONE).date() + datetime.timedelta(days=days)
    return int(datetime.datetime(day.year, day.month, day.day, 12, tzinfo=ZONE).timestamp() * 1000)


def day(days: int) -> str:
    return (datetime.datetime.now(ZONE).date() + datetime.timedelta(days=days)).isoformat()


async def patient(asked: Asked, session: str, family: str, **fields: Any) -> bytes:
    return await asked.create(session, "Patient", name=[{"family": family, "given": ["Ona"]}], **fields)


def test_typing_lists_few_or_nobody_and_never_stops_anyone(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        for letter in "abcdefghijkl":
            await patient(asked, doctor, f"Daugelis{letter}")
        await patient(asked, doctor, "Vienintelis")
        for number in range(70):
            await patient(asked, doctor, f"Retas{number // 7:02}{'xyzuvwq'[number % 7]}")
        other = await asked.person("kita", "reception")
        many = await asked.desk("patient.typing", session=other, text="daugel")
        assert many == {"hits": [], "many": True, "ask": False}
        one = await asked.desk("patient.typing", session=other, text="vieninteli")
        assert len(one["hits"]) == 1
        assert await asked.desk("patient.typing", session=other, text="da") == {"hits": [], "many": False, "ask": False}
        assert (await asked.desk("patient.typing", session=other, text="1984-02-31 x"))["hits"] == []
        listed: set[bytes] = {one["hits"][0]["patient"]}
        stopped = 0
        for number in range(10):
            told = await asked.desk("patient.typing", session=other, text=f"retas{number:02}")
            listed |= {hit["patient"] for hit in told["hits"]}
            stopped += told["ask"]
        assert len(listed) <= asked.keeper.settings.budget.search_session
        assert stopped >= 1
        who = await asked.desk("session.who", session=other)
        assert who["frozen"] == ""
        left = asked.keeper.ledger.remaining(who["account_id"], who["session_id"], asked.keeper.now().budget_ms)
        assert left.search_session >= 0
        for _ in range(asked.keeper.settings.budget.search_queries):
            told = await asked.desk("patient.typing", session=other, text="daugel")
        assert told["ask"], "so many an hour, and then with a gesture"
        assert asked.alarms("searches") == 0

    rig.run(deed)


def test_what_is_left_stands_in_the_bar(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        strangers = [await patient(asked, doctor, f"Svetimas{letter}") for letter in "abcdefgh"]
        other = await asked.person("kita", "nurse")
        asked.keeper.ledger = type(asked.keeper.ledger)(asked.keeper.settings.budget)
        before = (await asked.desk("session.who", session=other))["left"]
        assert (before["cold"], before["hour"], before["near"]) == (10, 10, False)
        for one in strangers:
            await asked.desk("record.read", session=other, type="Patient", id=one, reason="visit")
        after = (await asked.desk("session.who", session=other))["left"]
        assert (after["cold"], after["hour"], after["near"]) == (2, 2, True)
        for hat in ("officer", "administrator", "auditor"):
            watcher = await asked.person(f"zmogus{hat}", hat)
            assert (await asked.desk("session.who", session=watcher))["left"] is None
        with pytest.raises(Missing):
            await asked.desk("patient.caller", session=other, surname="Nieko", birthdate="1900-01-01")
        assert (await asked.desk("session.who", session=other))["left"]["misses"] == before["misses"] - 1

    rig.run(deed)


def test_a_session_is_locked_by_hand_and_goes_on_for_the_same_person_only(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        passkey = await asked.add_passkey(doctor)
        await asked.desk("session.lock", session=doctor)
        await asked.desk("session.lock", session=doctor)
        for op, args in (
            ("session.here", {}), ("schedule.day", {"date": day(0)}), ("patient.typing", {"text": "abc"}),
            ("patient.search", {"name": "Abcd"}), ("worklist.list", {}), ("session.hat", {"hat": "doctor"}),
            ("schedule.taken", {"first": day(0), "days": 3}), ("clinic.profile", {}),
        ):  # fmt: skip
            with pytest.raises(StepUp) as locked:
                await asked.desk(op, session=doctor, **args)
            assert locked.value.where == "idle"
        thief = await asked.person("vagis", "doctor")
        other = await asked.add_passkey(thief)
        begun = await asked.desk("session.resume_begin", session=doctor)
        forged = json.loads(begun["options"])
        forged.pop("allowCredentials")
        touched = other.get(json.dumps(forged), asked.keeper.settings.origins[0])
        with pytest.raises(Refused):
            await asked.desk("session.resume_finish", session=doctor, handle=begun["handle"], credential=touched)
        begun = await asked.desk("session.resume_begin", session=doctor)
        touched = passkey.get(begun["options"], asked.keeper.settings.origins[0])
        await asked.desk("session.resume_finish", session=doctor, handle=begun["handle"], credential=touched)
        assert (await asked.desk("session.here", session=doctor))["idle_ms"] == 10 * 60_000

    rig.run(deed)


def test_password_and_code_resume_and_count_as_attempts(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        secret = (await asked.desk("password.begin", session=doctor))["secret"]
        codes = pyotp.TOTP(secret)
        word = "tyli audra prie ezero 7"
        now = datetime.datetime.now(datetime.UTC)
        recovery = (await asked.desk("password.finish", session=doctor, password=word, code=codes.at(now)))["recovery"]
        await asked.desk("session.lock", session=doctor)
        resume = {"session": doctor, "address": "127.0.0.1"}
        with pytest.raises(Refused) as wrong:
            await asked.desk("session.resume_password", **resume, password="neteisingas zodis", code="123456")
        assert wrong.value.where == "again"
        assert (await asked.desk("session.who", session=doctor))["idle"]
        asked.keeper.guard = type(asked.keeper.guard)()
        await asked.desk("session.resume_password", **resume, password=word, code=recovery[0])
        assert not (await asked.desk("session.who", session=doctor))["idle"]
        await asked.desk("session.lock", session=doctor)
        asked.keeper.sessions.freeze((await asked.desk("session.who", session=doctor))["session_id"], "test")
        with pytest.raises(Refused) as frozen:
            await asked.desk("session.resume_password", **resume, password=word, code=recovery[1])
        assert frozen.value.where == "frozen"

    rig.run(deed)


def test_a_tablet_locks_sooner(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        await asked.account("gydytoja", "doctor")
        passkey = await asked.enrol("gydytoja")
        begun = await asked.desk("session.passkey_begin", address="127.0.0.1")
        touched = passkey.get(begun["options"], asked.keeper.settings.origins[0])
        signed = await asked.desk("session.passkey_finish", handle=begun["handle"], credential=touched,
                                  address="127.0.0.1", device="tablet")  # fmt: skip
        who = await asked.desk("session.who", session=signed["token"])
        assert (who["device"], who["idle_ms"]) == ("tablet", 3 * 60_000)
        with pytest.raises(Invalid):
            await asked.desk("session.passkey_finish", handle="x", credential="{}", address="127.0.0.1", device="phone")

    rig.run(deed)


def test_the_day_from_booked_to_done_and_the_views_of_it(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        reception = await asked.person("registratore", "reception")
        doctor, who = os.urandom(16), await patient(asked, reception, "Kazlauskas")
        book = {"session": reception, "doctor": doctor, "minutes": 30, "patient": who}
        made = (await asked.desk("schedule.book", **book, start_ms=noon(1), note="pastaba"))["id"]
        with pytest.raises(Conflict):
            await asked.desk("schedule.book", **book, start_ms=noon(1))
        one = await asked.desk("schedule.entry", session=reception, id=made)
        assert (one["name"], one["date"], one["note"], one["reminded"]) == ("Kazlauskas O.", day(1), "pastaba", "")
        taken = await asked.desk("schedule.taken", session=reception, first=day(0), days=3)
        assert [len(taken[day(number)]) for number in range(3)] == [0, 1, 0]
        assert taken[day(1)][0].keys() == {"doctor", "start_ms", "minutes", "status"}
        with pytest.raises(Invalid):
            await asked.desk("schedule.status", session=reception, id=made, status="started")
        await asked.desk("schedule.move", session=reception, id=made, doctor=doctor, start_ms=noon(2), minutes=20)
        here = (await asked.desk("schedule.book", **book, start_ms=noon(0), walk_in=True))["id"]
        for state in ("started", "done"):
            await asked.desk("schedule.status", session=reception, id=here, status=state)
        states = [row["status"] for row in await asked.desk("schedule.day", session=reception, date=day(0))]
        assert states == ["done"]
        for bad in ({"first": day(0), "days": 0}, {"first": day(0), "days": 32}, {"first": "x", "days": 1}):
            with pytest.raises(Invalid):
                await asked.desk("schedule.taken", session=reception, **bad)
        with pytest.raises(Missing):
            await asked.desk("schedule.entry", session=reception, id=os.urandom(16))

    rig.run(deed)


def test_a_sheet_has_telephones_of_warm_patients_only_and_only_near_today(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        reception, colleague = await asked.person("registratore", "reception"), await asked.person("kita", "reception")
        phone = [{"system": "phone", "value": "+37061234567"}]
        mine = await patient(asked, reception, "Mano", telecom=phone)
        doctor = os.urandom(16)
        made = await asked.desk("schedule.book", session=colleague, doctor=doctor, minutes=30, patient=mine,
                                start_ms=noon(2))  # fmt: skip
        young = await asked.desk("schedule.sheet", session=reception, date=day(2))
        assert [(row["name"], row["phone"]) for row in young] == [("Mano O.", "")], "booked a moment ago: not settled"
        page = asked.keeper.schedule.calendar.find(made["id"])
        settled = tuple(msgspec.structs.replace(one, made_at_ms=one.made_at_ms - 25 * HOUR) for one in page.entries)
        asked.keeper.schedule.put(msgspec.structs.replace(page, entries=settled))
        told = await asked.desk("schedule.sheet", session=reception, date=day(2), doctor=doctor)
        assert [row["phone"] for row in told] == ["37061234567"]
        for days in (-4, 4, 400):
            with pytest.raises(Invalid):
                await asked.desk("schedule.sheet", session=reception, date=day(days))

    rig.run(deed)


def test_recalls_are_signed_opened_ticked_and_nobody_elses(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        reception, other = await asked.person("registratore", "reception"), await asked.person("kita", "reception")
        passkey = await asked.add_passkey(reception)
        patients = [await patient(asked, reception, f"Senas{letter}") for letter in "abc"]
        digest = request_digest("worklist.make", {"title": "Rudenį", "patients": patients})
        with pytest.raises(StepUp):
            await asked.desk("worklist.make", session=reception, title="Rudenį", patients=patients)
        await asked.gesture(reception, passkey, digest)
        with pytest.raises(StepUp):
            await asked.desk("worklist.make", session=reception, title="Rudenį", patients=patients[:2])
        await asked.gesture(reception, passkey, digest)
        made = (await asked.desk("worklist.make", session=reception, title="Rudenį", patients=patients))["id"]
        await asked.desk("worklist.tick", session=reception, id=made, patient=patients[1], result="no-answer")
        await asked.desk("worklist.tick", session=reception, id=made, patient=patients[1], result="booked")
        shown = await asked.desk("worklist.show", session=reception, id=made)
        assert [(row["name"], row["result"]) for row in shown["rows"]] == [
            ("Senasa O.", ""), ("Senasb O.", "booked"), ("Senasc O.", "")]  # fmt: skip
        await asked.desk("worklist.tick", session=reception, id=made, patient=patients[1], result="")
        assert not any(row["result"] for row in (await asked.desk("worklist.show", session=reception, id=made))["rows"])
        with pytest.raises(Invalid):
            await asked.desk("worklist.tick", session=reception, id=made, patient=patients[1], result="naked words")
        with pytest.raises(Missing):
            await asked.desk("worklist.tick", session=reception, id=made, patient=os.urandom(16), result="booked")
        for op, more in (("show", {}), ("tick", {"patient": patients[0], "result": "booked"}),
                         ("open", {"patient": patients[0]})):  # fmt: skip
            with pytest.raises(Missing):
                await asked.desk(f"worklist.{op}", session=other, id=made, **more)

    rig.run(deed)


def test_who_was_here_and_has_booked_nothing_since(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        reception = await asked.person("registratore", "reception")
        doctor = os.urandom(16)
        gone, back = [await patient(asked, reception, name) for name in ("Dingęs", "Grįžtantis")]
        for one in (gone, back):
            await asked.desk("schedule.book", session=reception, doctor=doctor, minutes=30, patient=one,
                             start_ms=noon(0), walk_in=True)  # fmt: skip
        page = asked.keeper.schedule.calendar.page(doctor, day(0))
        old = msgspec.structs.replace(page, date=day(-30), entries=tuple(
            msgspec.structs.replace(one, start_ms=noon(-30)) for one in page.entries))  # fmt: skip
        asked.keeper.schedule.load([old])
        await asked.desk("schedule.book", session=reception, doctor=doctor, minutes=30, patient=back, start_ms=noon(5))
        found = await asked.desk("schedule.past", session=reception, first=day(-31), last=day(-29))
        assert [(row["patient"], row["name"]) for row in found] == [(gone, "D… O.")]
        for first, last in ((day(-2), day(0)), (day(-2), day(-3)), (day(-200), day(-2)), ("x", day(-2))):
            with pytest.raises(Invalid):
                await asked.desk("schedule.past", session=reception, first=first, last=last)

    rig.run(deed)


def remindable(tmp_path: Path, **more: Any) -> Rig:
    return Rig(tmp_path / "vault", demo=False, reminders=Reminders(on=True, hour=0), **more)


def test_reminders_tell_an_address_a_language_and_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "_LATEST_HOUR", 24)
    rig = remindable(tmp_path, alarms=Alarms(smtp_host="mail.example.org"))
    mail = [{"system": "email", "value": "ona@example.org"}]
    spoken = [{"language": {"coding": [{"code": "en"}]}, "preferred": True}]

    async def deed(asked: Asked) -> None:
        asked.keeper.settings = msgspec.structs.replace(asked.keeper.settings, demo=True)
        reception = await asked.person("registratore", "reception")
        asked.keeper.settings = msgspec.structs.replace(asked.keeper.settings, demo=False)
        wants = await patient(asked, reception, "Nori", telecom=mail, communication=spoken)
        none = await patient(asked, reception, "Nenori", telecom=mail,
                             extension=[{"url": NO_REMINDERS, "valueBoolean": True}])  # fmt: skip
        nowhere = await patient(asked, reception, "Beadreso")
        made = {}
        for number, one in enumerate((wants, none, nowhere)):
            made[one] = (await asked.desk(
                "schedule.book", session=reception, doctor=os.urandom(16), minutes=30, patient=one,
                start_ms=noon(1) + number * HOUR, note="botokso injekcija",
            ))["id"]  # fmt: skip
        size = asked.keeper.require_unlocked().audit.size
        told = await asked.op("jobs", "reminder.due")
        assert told == [{"id": made[wants], "channel": "mail", "address": "ona@example.org", "language": "en",
                         "time": "12:00", "phone": ""}]  # fmt: skip
        assert asked.keeper.require_unlocked().audit.size == size + 3, "a line each, before the answer"
        assert await asked.op("jobs", "reminder.due") == [], "given out once"
        assert asked.keeper.reminders[made[none]].state == "off"
        assert asked.keeper.reminders[made[nowhere]].state == "nowhere"
        await asked.op("jobs", "reminder.told", id=made[wants], taken=False)
        assert await asked.op("jobs", "reminder.due") == []
        for _ in range(5):
            kept = asked.keeper.reminders[made[wants]]
            asked.keeper.reminders[made[wants]] = msgspec.structs.replace(kept, at_ms=kept.at_ms - HOUR)
            await asked.op("jobs", "reminder.due")
        assert asked.keeper.reminders[made[wants]].tries == 3, "three times, and never again"
        rows = await asked.desk("schedule.day", session=reception, date=day(1))
        assert {row["reminded"] for row in rows} == {"given", "off", "nowhere"}
        with pytest.raises(Missing):
            await asked.op("jobs", "reminder.told", id=os.urandom(16), taken=True)

    rig.run(deed)

    async def later(asked: Asked) -> None:
        assert len(asked.keeper.reminders) == 3, "kept over a restart: nobody is reminded twice"
        assert await asked.op("jobs", "reminder.due") == []

    rig.run(later)


def test_a_demo_and_a_clinic_without_reminders_tell_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "_LATEST_HOUR", 24)
    mail = [{"system": "email", "value": "ona@example.org"}]
    for name, settings, states in (
        ("demo", {"reminders": Reminders(on=True, hour=0), "alarms": Alarms(smtp_host="mail.example.org")}, ["outbox"]),
        ("off", {}, ["outbox"]),
    ):
        rig = Rig(tmp_path / name, **{"reminders": Reminders(hour=0), **settings})

        async def deed(asked: Asked, states: list[str] = states) -> None:
            reception = await asked.person("registratore", "reception")
            one = await patient(asked, reception, "Nori", telecom=mail)
            await asked.desk("schedule.book", session=reception, doctor=os.urandom(16), minutes=30, patient=one,
                             start_ms=noon(1))  # fmt: skip
            assert await asked.op("jobs", "reminder.due") == []
            assert [kept.state for kept in asked.keeper.reminders.values()] == states

        rig.run(deed)


def test_wishes_are_read_from_any_record() -> None:
    assert wishes_of(b'{"resourceType":"Patient"}').wanted
    assert not wishes_of(b"").wanted
    assert not wishes_of(b'{"extension":5}').wanted
    assert not wishes_of(b'{"extension":[{"url":"urn:seifas:no-reminders","valueBoolean":true}]}').wanted
    both = (
        b'{"communication":[{"language":{"coding":[{"code":"ru"}]}},'
        b'{"language":{"coding":[{"code":"lt-LT"}]},"preferred":true}]}'
    )
    assert wishes_of(both).language == "lt"


def test_a_letter_says_when_and_whom_to_call_and_nothing_else(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault", demo=False, reminders=Reminders(on=True))
    one = {"id": b"i" * 16, "channel": "mail", "address": "a@b.lt", "language": "lt", "time": "10:30",
           "phone": "+370 5 1"}  # fmt: skip
    assert letters.worded(one) == (
        "Priminimas", "Rytoj 10:30 esate laukiami vizito. Jei negalite atvykti, paskambinkite: +370 5 1.")
    assert letters.worded({**one, "language": "xx", "phone": ""}) == (
        "Reminder", "You have an appointment tomorrow at 10:30.")
    assert rig.settings.clinic.name not in "".join(letters.worded(one))
    hostile = {**one, "address": "a@b.lt\nBcc: everybody@example.org"}
    assert letters.send(hostile, rig.settings) is False
    plain = msgspec.structs.replace(rig.settings, reminders=Reminders(on=True, sms_webhook="http://example.org"))
    assert letters.send({**one, "channel": "sms", "address": "37061234567"}, plain) is False
    assert letters.send(one, msgspec.structs.replace(rig.settings, demo=True)) is False
