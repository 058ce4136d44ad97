"""A published photo hangs on a consent to exactly that: nothing else publishes it, and without the consent it dies."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from keeper_rig import Asked, Rig
from photo_rig import consent_to, lines, opened, patient_of, publish, supervised, take

from seifas.errors import Conflict, Missing, OverBudget, Refused, StepUp, Tampered
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def test_a_photo_is_published_only_by_its_own_consent(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        await asked.account("vedeja", "doctor")
        passkey = await asked.enrol("vedeja")
        session = await asked.by_passkey(passkey)
        patient, other = await patient_of(asked, doctor), await patient_of(asked, doctor, "Kazlauskas")
        photo, second, others = [await take(asked, doctor, one) for one in (patient, patient, other)]
        fine = await consent_to(asked, doctor, patient, photo)
        for name, ident, wanted in (
            ("none at all", os.urandom(16), Missing),
            ("of another patient", await consent_to(asked, doctor, other, others), Missing),
            ("of another photo", await consent_to(asked, doctor, patient, second), Refused),
            ("for another use", await consent_to(asked, doctor, patient, photo, "teaching"), Refused),
            ("not active", await consent_to(asked, doctor, patient, photo, status="inactive"), Refused),
            ("of other bytes", await consent_to(asked, doctor, patient, photo, provision={
                "type": "permit", "code": [{"coding": [{"code": "publication"}]}],
                "data": [{"meaning": "instance", "reference": {
                    "reference": f"Media/{photo.hex()}", "identifier": {"value": "00" * 32}}}]}), Refused),
            ("that has run out", await _limited(asked, doctor, patient, photo, "2020-01-01"), Refused),
            ("that denies", await _denied(asked, doctor, patient, photo), Refused),
        ):
            with pytest.raises(wanted) as refused:
                await asked.desk("publication.make", session=session, photo=photo, use="publication", consent=ident,
                                 reason="visit")
            assert not isinstance(refused.value, StepUp), name
        with pytest.raises(StepUp):  # without a gesture, not even the right one
            await asked.desk("publication.make", session=session, photo=photo, use="publication", consent=fine,
                             reason="visit")
        published = await publish(asked, session, passkey, photo, fine)
        with pytest.raises(Conflict):
            await asked.desk("publication.make", session=session, photo=photo, use="publication", consent=fine)
        shown = await asked.op("public", "gallery.list")
        assert [one["id"] for one in shown] == [published]
        assert set(shown[0]) == {"id", "caption", "width", "height"}
        ticket = (await asked.op("public", "gallery.ticket", id=published))["ticket"]
        with pytest.raises(OverBudget):
            await asked.op("public", "gallery.ticket", id=published)
        assert (await opened(asked, ticket, "public")).startswith(b"marked ")

    rig.run(deed)


async def _limited(asked: Asked, session: str, patient: bytes, photo: bytes, end: str) -> bytes:
    ident = await consent_to(asked, session, patient, photo)
    return await _changed(asked, session, patient, ident, lambda body: body["provision"].update(period={"end": end}))


async def _denied(asked: Asked, session: str, patient: bytes, photo: bytes) -> bytes:
    ident = await consent_to(asked, session, patient, photo)
    no = {"type": "deny", "code": [{"coding": [{"code": "publication"}]}]}
    return await _changed(asked, session, patient, ident, lambda body: body["provision"].update(provision=[no]))


async def _changed(asked: Asked, session: str, patient: bytes, ident: bytes, change: Any) -> bytes:
    read = await asked.desk("record.read", session=session, type="Consent", id=ident)
    body = msgspec.json.decode(read["body"])
    change(body)
    await asked.desk("record.write", session=session, changes=[{
        "op": "update", "type": "Consent", "id": ident, "patient": patient, "expect": read["version"],
        "body": msgspec.json.encode(body)}])
    return ident


@pytest.mark.parametrize("way", ["withdrawn", "publication", "overwritten", "deleted", "photo", "erased"])
def test_whichever_way_a_consent_ends_the_copy_dies(rig: Rig, way: str) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        await asked.account("vedeja", "doctor")
        passkey = await asked.enrol("vedeja")
        session = await asked.by_passkey(passkey)
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        consent = await consent_to(asked, doctor, patient, photo)
        published = await publish(asked, session, passkey, photo, consent)
        waiting = (await asked.op("public", "gallery.ticket", id=published))["ticket"]
        stored = asked.keeper.publications.get(published)
        assert stored is not None
        if way == "withdrawn":
            done = await asked.desk("consent.withdraw", session=doctor, consent=consent)
            assert done == {"version": 2, "unpublished": 1}
            read = await asked.desk("record.read", session=doctor, type="Consent", id=consent)
            assert msgspec.json.decode(read["body"])["status"] == "inactive"
        elif way == "publication":
            await asked.desk("publication.withdraw", session=doctor, id=published)
        elif way == "overwritten":  # through FHIR, by whoever may write charts
            await _changed(asked, doctor, patient, consent, lambda body: body.update(status="rejected"))
        elif way == "deleted":
            await asked.desk("record.write", session=doctor, changes=[
                {"op": "delete", "type": "Consent", "id": consent, "patient": patient, "expect": 1}])
        elif way == "photo":
            await asked.desk("photo.delete", session=doctor, photo=photo, expect=1)
        else:
            with supervised(asked, rig.root):
                await asked.admin("erase_now", patient=patient)
        assert await asked.op("public", "gallery.list") == []
        with pytest.raises(Missing):
            await asked.op("public", "gallery.ticket", id=published)
        with pytest.raises(Missing):
            await opened(asked, waiting, "public")
        while asked.keeper.publications.hidden():
            await asyncio.sleep(0.01)
        state = asked.keeper.require_unlocked().state
        assert asked.keeper.tag(Kind.PUBLICATION, published) not in dict(state.load())
        await asyncio.sleep(0.05)
        with pytest.raises(Missing):
            asked.keeper.require_unlocked().objects.size(stored.object)
        ended = await lines(asked, Action.UNPUBLISHED)
        assert [one.objects for one in ended] == ([] if way == "erased" else [(photo, published)])

    rig.run(deed)


def test_a_publication_put_back_from_a_copy_keeps_the_vault_locked(rig: Rig) -> None:
    async def published(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        await asked.account("vedeja", "doctor")
        passkey = await asked.enrol("vedeja")
        session = await asked.by_passkey(passkey)
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        consent = await consent_to(asked, doctor, patient, photo)
        ident = await publish(asked, session, passkey, photo, consent)
        kept["tag"] = asked.keeper.tag(Kind.PUBLICATION, ident)
        kept["consent"] = consent

    async def withdraw(asked: Asked) -> None:
        doctor = await asked.sign_in("gydytoja")
        assert len(await asked.op("public", "gallery.list")) == 1
        await asked.desk("consent.withdraw", session=doctor, consent=kept["consent"])

    async def nothing(asked: Asked) -> None:
        assert await asked.op("public", "gallery.list") == []

    kept: dict[str, bytes] = {}
    rig.run(published)
    copy = rig.data.with_name("copy")
    shutil.copytree(rig.data, copy)
    rig.run(withdraw)
    rig.run(nothing)
    table, names = _state_table(rig.data / "state" / "keeper.db")
    with sqlite3.connect(copy / "state" / "keeper.db") as former:
        row = former.execute(f"SELECT * FROM {table} WHERE {names[0]} = ?", (kept["tag"],)).fetchone()
    assert row is not None, "the copy holds the row that is put back"
    former.close()
    with sqlite3.connect(rig.data / "state" / "keeper.db") as now:
        now.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    now.close()
    with pytest.raises(Tampered):
        rig.run(nothing)


def _state_table(path: Path) -> tuple[str, list[str]]:
    """The table of state rows: the one with a 32-byte key."""
    with sqlite3.connect(path) as base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [one[1] for one in base.execute(f"PRAGMA table_info({name})").fetchall()]
            first = base.execute(f"SELECT {columns[0]} FROM {name} LIMIT 1").fetchone()
            if first is not None and isinstance(first[0], bytes) and len(first[0]) == 32:
                return name, columns
    raise AssertionError("no table of state rows")
