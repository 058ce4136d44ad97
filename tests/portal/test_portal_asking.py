"""Requests, messages, appointments, consents and photos: between a patient and the clinic, each under its own rule."""

from __future__ import annotations

import datetime
import json
import os

import pytest
from keeper_rig import Asked, Rig
from portal_people import Patient, doctor, letters, patient, with_mail

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SignIn
from seifas.keeper import portal_doors, rotating
from seifas.keeper.portal_requests import month_after


@pytest.mark.parametrize(("day", "due"), [
    ("2026-01-31", "2026-02-28"), ("2028-01-31", "2028-02-29"), ("2026-12-15", "2027-01-15"),
    ("2026-03-31", "2026-04-30"), ("2026-02-28", "2026-03-28"),
])
def test_a_month_is_the_same_date_or_the_last(day: str, due: str) -> None:
    assert month_after(datetime.date.fromisoformat(day)).isoformat() == due


def test_a_request_is_listed_opened_and_answered(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        token = await ona.entered()
        await with_mail(asked, token, "ona@example.lt")
        made = await asked.op("portal", "portal.ask", session=token, kind="correction", text="Ne „kairė“, o dešinė.")
        await asked.op("portal", "portal.ask", session=token, kind="erasure", text="")
        reception = await asked.person("registratorė", "reception")
        officer = await asked.person("pareigūnė", "officer")
        rows = await asked.desk("portal.requests", session=reception)
        assert [(one["kind"], one["label"], one["late"]) for one in rows] == [
            ("correction", "Žukauskienė O.", False), ("erasure", "Žukauskienė O.", False)]
        assert "dešinė" not in str(rows)
        assert {one["kind"] for one in await asked.desk("portal.requests", session=staff)} == {"correction"}
        assert asked.alarms("portal-erasure") == 1
        found = await asked.desk("portal.request", session=officer, id=made["id"])
        assert found["text"] == "Ne „kairė“, o dešinė."
        with pytest.raises(Invalid):
            await asked.desk("portal.answer", session=officer, id=made["id"], state="refused", text="")
        await asked.desk("portal.answer", session=officer, id=made["id"], state="done", text="Ištaisyta.")
        with pytest.raises(Conflict):
            await asked.desk("portal.answer", session=reception, id=made["id"], state="refused", text="Nenorime")
        rows = await asked.op("portal", "portal.asked", session=token)
        answered = next(one for one in rows if one["id"] == made["id"])
        assert (answered["state"], answered["answer"]) == ("done", "Ištaisyta.")
        told = await letters(asked)
        assert [one["to"] for one in told] == ["ona@example.lt"]
        assert "Ištaisyta" not in told[0]["text"]
        assert await letters(asked) == []
        with pytest.raises(Refused):
            await asked.desk("portal.requests", session=await asked.person("adminas", "administrator"))

    rig.run(deed)


def test_bad_requests(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        token = await ona.entered()
        for kind, text in (("correction", ""), ("nothing", "x"), ("access", "x" * 4001), ("access", "a\x00b"),
                           ("access", "\u202eabc")):
            with pytest.raises(Invalid):
                await asked.op("portal", "portal.ask", session=token, kind=kind, text=text)
        for _ in range(12):
            await asked.op("portal", "portal.ask", session=token, kind="access")
        with pytest.raises(OverBudget):
            await asked.op("portal", "portal.ask", session=token, kind="access")

    rig.run(deed)


def test_an_appointment_is_confirmed_and_called_off(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona, rasa = await patient(asked, staff), await patient(asked, staff, "Rasaitė")
        token, others = await ona.entered(), await rasa.entered()
        entry = (await asked.op("portal", "portal.appointments", session=token))[0]
        await asked.op("portal", "portal.confirm", session=token, id=entry["id"])
        assert (await asked.op("portal", "portal.appointments", session=token))[0]["confirmed"]
        with pytest.raises(Missing):
            await asked.op("portal", "portal.confirm", session=others, id=entry["id"])
        with pytest.raises(Missing):
            await asked.op("portal", "portal.ask", session=others, kind="cancel", about=entry["id"])
        made = await asked.op("portal", "portal.ask", session=token, kind="cancel", about=entry["id"])
        with pytest.raises(Conflict):
            await asked.op("portal", "portal.ask", session=token, kind="cancel", about=entry["id"])
        reception = await asked.person("registratorė", "reception")
        found = await asked.desk("portal.request", session=reception, id=made["id"])
        assert found["appointment"]["status"] == "booked"
        await asked.desk("portal.answer", session=reception, id=made["id"], state="done")
        assert (await asked.op("portal", "portal.appointments", session=token))[0]["status"] == "cancelled"

    rig.run(deed)


def test_messages_to_and_fro(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        with pytest.raises(Missing):
            await asked.desk("portal.reply", session=staff, patient=ona.ident, text="Kas nors?")
        token = await ona.entered()
        await with_mail(asked, token, "ona@example.lt")
        await asked.op("portal", "portal.write", session=token, text="Ar galima į pirtį?\r\n\r\nOna")
        threads = await asked.desk("portal.threads", session=staff)
        assert [(one["label"], one["unread"]) for one in threads] == [("Žukauskienė O.", 1)]
        thread = await asked.desk("portal.thread", session=staff, patient=ona.ident)
        assert thread["messages"][0]["text"] == "Ar galima į pirtį?\n\nOna"
        await asked.desk("portal.reply", session=staff, patient=ona.ident, text="Po dviejų savaičių.")
        assert (await asked.op("portal", "portal.who", session=token))["unread"] == 1
        assert [one["subject"] for one in await letters(asked)] == ["Yra žinutė"]
        exchange = await asked.op("portal", "portal.messages", session=token)
        assert [(one["clinic"], one["new"]) for one in exchange] == [(False, False), (True, True)]
        assert (await asked.op("portal", "portal.who", session=token))["unread"] == 0
        for _ in range(19):
            await asked.op("portal", "portal.write", session=token, text="Dar kartą")
        with pytest.raises(OverBudget):
            await asked.op("portal", "portal.write", session=token, text="Dar kartą")
        for text in ("", "  ", "x" * 4001, "\x1b[2J"):
            with pytest.raises(Invalid):
                await asked.op("portal", "portal.write", session=token, text=text)

    rig.run(deed)


async def consent(ona: Patient, staff: str, status: str = "active") -> bytes:
    ident = os.urandom(16)
    body = {
        "resourceType": "Consent", "id": ident.hex(), "status": status, "dateTime": "2026-01-01",
        "patient": {"reference": f"Patient/{ona.ident.hex()}"},
        "scope": {"coding": [{"code": "treatment"}]}, "category": [{"text": "Gydymas"}],
    }
    change = {"op": "create", "type": "Consent", "id": ident, "patient": ona.ident, "expect": 0,
              "body": json.dumps(body).encode()}
    await ona.asked.desk("record.write", session=staff, changes=[change])
    return ident


def test_a_consent_is_withdrawn_with_one_tap_and_only_ones_own(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona, rasa = await patient(asked, staff), await patient(asked, staff, "Rasaitė")
        own, anothers = await consent(ona, staff), await consent(rasa, staff)
        token = await ona.entered()
        assert [one["id"] for one in await asked.op("portal", "portal.consents", session=token)] == [own]
        for ident in (anothers, os.urandom(16), b"", ona.ident):
            with pytest.raises(Missing):
                await asked.op("portal", "portal.consent_withdraw", session=token, id=ident)
        assert (await asked.op("portal", "portal.consent_withdraw", session=token, id=own)) == {"unpublished": 0}
        body = json.loads((await asked.op("portal", "portal.consents", session=token))[0]["body"])
        assert body["status"] == "inactive"
        assert body["meta"]["versionId"] == "2"

    rig.run(deed)


def test_the_record_is_whole_and_only_ones_own(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona, rasa = await patient(asked, staff), await patient(asked, staff, "Rasaitė")
        await asked.create(staff, "Observation", ona.ident, status="final", code={"text": "Ūgis"})
        await asked.create(staff, "Observation", rasa.ident, status="final", code={"text": "Svoris"})
        token = await ona.entered()
        found = await asked.op("portal", "portal.record", session=token)
        assert sorted(one["type"] for one in found["records"]) == ["Observation", "Patient"]
        assert rasa.ident.hex() not in str(found["records"])
        taken = await asked.op("portal", "portal.export", session=token, form="fhir")
        assert [one["body"] for one in taken["records"]] == [one["body"] for one in found["records"]]
        with pytest.raises(Missing):
            await asked.op("portal", "portal.export", session=token, form="xml")
        lines = (await asked.op("portal", "portal.opened", session=token, own=True))["lines"]
        assert "exported" in [one["action"] for one in lines]

    rig.run(deed)


def test_erasing_takes_the_portal_along(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def root(keeper: object) -> bytes:
        return rig.root

    monkeypatch.setattr(rotating, "root_again", root)

    async def first(asked: Asked) -> None:
        staff = await doctor(asked)
        ona, rasa = await patient(asked, staff), await patient(asked, staff, "Rasaitė")
        token, others = await ona.entered(), await rasa.entered()
        await asked.op("portal", "portal.write", session=token, text="Labas")
        await asked.op("portal", "portal.ask", session=token, kind="erasure")
        await asked.op("portal", "portal.write", session=others, text="Labas")
        await ona.invited()
        assert len(portal_doors.away_with(asked.keeper, ona.ident)) == 5
        await asked.admin("erase_now", patient=ona.ident)
        assert portal_doors.away_with(asked.keeper, ona.ident) == []
        assert len(portal_doors.away_with(asked.keeper, rasa.ident)) == 3
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)
        assert (await asked.op("portal", "portal.who", session=others))["name"]

    async def then(asked: Asked) -> None:
        assert len(asked.keeper.portal.messages) == 1
        assert not asked.keeper.portal.requests

    rig.run(first)
    rig.run(then)


def test_a_document_is_handed_out_to_its_patient_only(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona, rasa = await patient(asked, staff), await patient(asked, staff, "Rasaitė")
        ident = os.urandom(16)
        body = {"resourceType": "Binary", "id": ident.hex(), "contentType": "application/pdf", "data": "JVBERi0=",
                "securityContext": {"reference": f"Patient/{ona.ident.hex()}"}}
        await asked.desk("record.write", session=staff, changes=[
            {"op": "create", "type": "Binary", "id": ident, "patient": ona.ident, "expect": 0,
             "body": json.dumps(body).encode()}])
        token, others = await ona.entered(), await rasa.entered()
        found = await asked.op("portal", "portal.document", session=token, id=ident)
        assert json.loads(found["body"])["data"] == "JVBERi0="
        listed = await asked.op("portal", "portal.record", session=token)
        assert "Binary" not in [one["type"] for one in listed["records"]], "bytes are opened one by one"
        taken = await asked.op("portal", "portal.export", session=token, form="fhir")
        assert "Binary" in [one["type"] for one in taken["records"]]
        for wrong in (ident, os.urandom(16), b"", ona.ident):
            with pytest.raises(Missing) as caught:
                await asked.op("portal", "portal.document", session=others, id=wrong)
            assert caught.value.where == ""

    rig.run(deed)
