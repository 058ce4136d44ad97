"""Ways to somebody's photos that are none: another's id, another hat, used passes, a telephone, a copy put back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_origin

import msgspec
import pytest
from keeper_rig import Asked, Rig
from photo_rig import (
    keep,
    lines,
    opened,
    patient_of,
    sealed,
    take,
    with_gesture,
)

from seifas.errors import (
    Invalid,
    Missing,
    OverBudget,
    ReasonNeeded,
    Refused,
    SeifasError,
    SignIn,
    StepUp,
)
from seifas.keeper import photo_model
from seifas.keeper.door import OPS
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.photo_passes import CAPTURE_MS, GRANT_MS, TICKET_MS


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


class _Moved:
    """Moves the boot clock of a keeper on."""

    def __init__(self, asked: Asked) -> None:
        self._keeper, self._now, self._by = asked.keeper, asked.keeper.now, 0
        self._keeper.now = self._later  # type: ignore[method-assign]

    def _later(self) -> Any:
        moment = self._now()
        return moment._replace(boot_ms=moment.boot_ms + self._by)

    def on(self, by_ms: int) -> None:
        self._by += by_ms


def test_only_those_who_treat_see_photos(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        for hat in ("reception", "officer", "administrator", "auditor"):
            other = await asked.person(f"kitas-{hat}", hat)
            for op, args in (
                ("photo.open", {"photo": photo, "rendition": "thumb", "reason": "visit"}),
                ("photo.open_many", {"patient": patient, "photos": [photo], "reason": "visit"}),
                ("photo.list", {"patient": patient, "reason": "visit"}),
                ("photo.begin", {"patient": patient, "reason": "visit"}),
                ("photo.describe", {"photo": photo, "body_site": "", "view": "", "note": "x", "expect": 1}),
                ("photo.delete", {"photo": photo, "expect": 1}),
                ("capture.ticket", {"patient": patient, "reason": "visit"}),
                ("publication.make", {"photo": photo, "use": "teaching", "consent": os.urandom(16)}),
                ("publication.list", {}),
            ):
                with pytest.raises(Refused):
                    await asked.desk(op, session=other, **args)
        nobody = [line for line in await lines(asked, Action.PHOTO_SHOWN) if line.outcome == Outcome.DONE]
        assert nobody == []

    rig.run(deed)


def test_a_stranger_costs_a_reason_and_unknown_ids_tell_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, other = await asked.person("gydytoja", "doctor"), await asked.person("kita", "nurse")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        observation = await asked.create(doctor, "Observation", patient, status="final", code={"text": "x"})
        asked.keeper.ledger._books.clinic.registered.clear()  # as if registered long ago: no longer warm as new
        with pytest.raises(ReasonNeeded):
            await asked.desk("photo.open", session=other, photo=photo, rendition="thumb")
        with pytest.raises(ReasonNeeded):
            await asked.desk("photo.list", session=other, patient=patient)
        told = await asked.desk("photo.open", session=other, photo=photo, rendition="thumb", reason="visit")
        assert (await opened(asked, told["ticket"])).endswith(b"thumb")
        (line,) = [one for one in await lines(asked, Action.PHOTO_SHOWN) if one.outcome == Outcome.DONE]
        assert line.charge
        facts = photo_model.record_id(asked.keeper.require_unlocked().keyring, photo)
        said = set()
        for ident in (os.urandom(16), observation, patient, facts, b"short", b""):
            with pytest.raises(Missing) as refused:
                await asked.desk("photo.open", session=other, photo=ident, rendition="thumb", reason="visit")
            said.add((refused.value.message, refused.value.where))
        assert len(said) == 1

    rig.run(deed)


def test_other_patients_photos_are_not_among_ones_own(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        one, two = await patient_of(asked, doctor), await patient_of(asked, doctor, "Kazlauskas")
        photo = await take(asked, doctor, two)
        own = await take(asked, doctor, one)
        with pytest.raises(Missing):
            await asked.desk("photo.open_many", session=doctor, patient=one, photos=[own, photo], reason="visit")
        assert [row["photo"] for row in await asked.desk("photo.list", session=doctor, patient=one)] == [own]

    rig.run(deed)


def test_what_leads_to_the_bytes_is_shown_by_no_op(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        vault = asked.keeper.require_unlocked().vault
        ident = photo_model.record_id(vault.keyring, photo)
        key = photo_model.facts_of(
            vault, vault.head(patient), photo_model.photo_entries(vault, vault.head(patient), photo)[1]
        ).key
        for op in ("record.read", "record.where"):
            with pytest.raises(Missing):
                await asked.desk(op, session=doctor, type="Photo", id=ident, reason="visit")
        everything = await asked.desk("record.list", session=doctor, patient=patient, reason="visit")
        assert {row["type"] for row in everything} == {"Patient", "Media"}
        named = await asked.desk("record.list", session=doctor, patient=patient, types=["Photo"], reason="visit")
        assert named == []
        shown = msgspec.msgpack.encode([everything, await asked.desk("photo.list", session=doctor, patient=patient)])
        assert key not in shown
        assert key.hex().encode() not in shown
        body = msgspec.json.encode({"resourceType": "Photo", "id": ident.hex()})
        for change in (
            {"op": "create", "type": "Photo", "id": os.urandom(16), "patient": patient, "expect": 0, "body": body},
            {"op": "update", "type": "Photo", "id": ident, "patient": patient, "expect": 1, "body": body},
            {"op": "delete", "type": "Photo", "id": ident, "patient": patient, "expect": 1},
        ):
            with pytest.raises(SeifasError):
                await asked.desk("record.write", session=doctor, changes=[change])
        with pytest.raises(Invalid):
            await asked.admin("import", changes=[
                {"op": "create", "type": "Photo", "id": os.urandom(16), "patient": patient, "expect": 0, "body": body}
            ])

    rig.run(deed)


def test_passes_work_once_for_their_role_and_not_for_long(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        moved = _Moved(asked)

        async def ticket() -> bytes:
            told = await asked.desk("photo.open", session=doctor, photo=photo, rendition="screen")
            return bytes(told["ticket"])

        used = await ticket()
        await opened(asked, used)
        for spent in (used, os.urandom(32), b""):
            with pytest.raises(Missing):
                await asked.op("darkroom", "darkroom.ticket", ticket=spent)
        for peer in ("public", "portal"):
            stolen = await ticket()
            with pytest.raises(Missing):
                await opened(asked, stolen, peer)
            with pytest.raises(Missing):
                await opened(asked, stolen)  # and it is burnt
        old = await ticket()
        moved.on(TICKET_MS + 1)
        with pytest.raises(Missing):
            await opened(asked, old)
        begun = await asked.desk("photo.begin", session=doctor, patient=patient)
        with pytest.raises(Missing):  # a grant is no ticket, and a ticket is no grant
            await asked.op("darkroom", "darkroom.ticket", ticket=begun["grant"])
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.grant", grant=await ticket())
        facts = await sealed(asked, begun["grant"], b"picture")
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.grant", grant=begun["grant"])
        kept = await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **facts)
        # Told of it again it says the same, whatever else is told, and nothing is written.
        written = asked.keeper.require_unlocked().audit.size
        told = await asked.op("darkroom", "darkroom.stored", grant=begun["grant"], **{**facts, "sha256": bytes(32)})
        assert told == kept
        assert asked.keeper.require_unlocked().audit.size == written
        for op, more in (("darkroom.failed", {"why": "bomb"}), ("darkroom.grant", {})):
            with pytest.raises(Missing):
                await asked.op("darkroom", op, grant=begun["grant"], **more)
        late = await asked.desk("photo.begin", session=doctor, patient=patient)
        moved.on(GRANT_MS + 1)
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.grant", grant=late["grant"])

    rig.run(deed)


def test_only_the_darkroom_redeems(rig: Rig) -> None:
    for name, op in OPS.table.items():
        if name.startswith("darkroom."):
            assert op.roles == {"darkroom"}, name
        if name.startswith(("photo.", "capture.", "publication.")):
            assert op.roles == {"desk"}, name
        if name.startswith("gallery."):
            assert op.roles == {"public"}, name


def test_the_darkroom_stores_only_what_it_was_let(rig: Rig) -> None:
    """A darkroom that was broken into names another photo's objects, so that erasing one would take the other's."""

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        first = await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        theirs = await sealed(asked, first["grant"], b"theirs")
        await asked.op("darkroom", "darkroom.stored", grant=first["grant"], **theirs)
        second = await asked.desk("photo.begin", session=doctor, patient=patient, reason="visit")
        await sealed(asked, second["grant"], b"mine")
        with pytest.raises(Invalid):
            await asked.op("darkroom", "darkroom.stored", grant=second["grant"], **theirs)
        told = await asked.desk("photo.open", session=doctor, photo=first["photo"], rendition="full")
        assert await opened(asked, told["ticket"]) == b"theirsfull"

    rig.run(deed)


def test_a_frozen_session_gets_and_adds_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        told = await asked.desk("photo.open", session=doctor, photo=photo, rendition="full")
        begun = await asked.desk("photo.begin", session=doctor, patient=patient)
        waiting = await asked.desk("photo.begin", session=doctor, patient=patient)
        facts = await sealed(asked, waiting["grant"], b"under way")
        link = await asked.desk("capture.ticket", session=doctor, patient=patient)
        phone = await asked.desk("capture.redeem", token=(
            await asked.desk("capture.ticket", session=doctor, patient=patient))["token"], address="127.0.0.1")
        moment = asked.keeper.now()
        ident = asked.keeper.sessions.by_token(doctor, moment.wall_ms).id
        asked.keeper.sessions.freeze(ident, "thief")
        for work in (
            asked.desk("photo.open", session=doctor, photo=photo, rendition="thumb"),
            asked.desk("photo.list", session=doctor, patient=patient),
            asked.desk("photo.begin", session=doctor, patient=patient),
            asked.op("darkroom", "darkroom.ticket", ticket=told["ticket"]),
            asked.op("darkroom", "darkroom.grant", grant=begun["grant"]),
            asked.op("darkroom", "darkroom.stored", grant=waiting["grant"], **facts),
            asked.desk("capture.redeem", token=link["token"], address="127.0.0.1"),
            asked.desk("photo.begin", session=phone["session"], patient=patient, source="capture"),
        ):
            with pytest.raises((Refused, Missing)):
                await work
        other = await asked.person("kita", "doctor")
        assert len(await asked.desk("photo.list", session=other, patient=patient, reason="visit")) == 1
        assert officer

    rig.run(deed)


def test_a_decoys_photos_ring_and_freeze(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, thief = await asked.person("gydytoja", "doctor"), await asked.person("vagis", "nurse")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        asked.keeper.canaries.add(patient)
        with pytest.raises(OverBudget):
            await asked.desk("photo.open", session=thief, photo=photo, rendition="thumb", reason="visit")
        for work in (
            asked.desk("photo.open", session=thief, photo=photo, rendition="thumb", reason="visit"),
            asked.desk("photo.list", session=thief, patient=patient, reason="visit"),
        ):
            with pytest.raises(Refused):
                await work
        assert asked.alarms("canary") == 1
        (line,) = await lines(asked, Action.PHOTO_SHOWN)
        assert line.outcome == Outcome.STOPPED

    rig.run(deed)


def test_an_idle_session_is_asked_who_is_there(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await patient_of(asked, doctor)
        photo = await take(asked, doctor, patient)
        begun = await asked.desk("photo.begin", session=doctor, patient=patient)
        asked.keeper.sessions.lock(asked.keeper.sessions.by_token(doctor, asked.keeper.now().wall_ms).id)
        for op, args in (
            ("photo.open", {"photo": photo, "rendition": "thumb"}), ("photo.list", {"patient": patient}),
            ("photo.begin", {"patient": patient}), ("photo.delete", {"photo": photo, "expect": 1}),
        ):
            with pytest.raises(StepUp) as idle:
                await asked.desk(op, session=doctor, **args)
            assert idle.value.where == "idle"
        assert await keep(asked, begun["grant"], b"was under way"), "what was begun before is kept"

    rig.run(deed)


def test_a_telephone_takes_photos_of_its_patient_and_nothing_else(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient, other = await patient_of(asked, doctor), await patient_of(asked, doctor, "Kazlauskas")
        photo = await take(asked, doctor, patient)
        moved = _Moved(asked)
        link = await asked.desk("capture.ticket", session=doctor, patient=patient)
        phone = await asked.desk("capture.redeem", token=link["token"], address="127.0.0.1")
        assert phone["label"] == "O. P., 1984"
        with pytest.raises(Missing):
            await asked.desk("capture.redeem", token=link["token"], address="127.0.0.1")
        token = phone["session"]
        begun = await asked.desk("photo.begin", session=token, patient=patient, source="capture")
        await keep(asked, begun["grant"], b"by telephone")
        with pytest.raises(Missing):
            await asked.desk("photo.begin", session=token, patient=other, source="capture")
        for name, op in OPS.table.items():
            if "desk" not in op.roles or name in ("photo.begin", "capture.who", "capture.end") or "session" not in (
                op.decoder.type.__struct_fields__
            ):
                continue
            args = {field: _some(kind, photo, patient) for field, kind in _needed(op.decoder.type)}
            with pytest.raises((SignIn, Missing, Invalid, Refused)):
                await asked.desk(name, **{**args, "session": token})
        (line,) = [one for one in await lines(asked, Action.PHOTO_KEPT) if one.note == "capture"]
        assert line.account == next(one.id for one in asked.keeper.accounts if one.name == "gydytoja")
        moved.on(CAPTURE_MS + 1)
        for session in (token, link["token"]):
            with pytest.raises(SignIn):
                await asked.desk("photo.begin", session=session, patient=patient, source="capture")

    rig.run(deed)


def _needed(kind: Any) -> list[tuple[str, Any]]:
    return [(field.encode_name, field.type) for field in msgspec.structs.fields(kind) if field.required]


def _some(kind: Any, photo: bytes, patient: bytes) -> Any:
    kinds: dict[Any, Any] = {str: "x", bytes: patient, int: 1, bool: False, dict: {}}
    return kinds.get(get_origin(kind) or kind, [])


def test_broken_glass_shows_text_and_photos_after_a_gesture(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient, other = await patient_of(asked, doctor), await patient_of(asked, doctor, "Kazlauskas")
        photo, others = await take(asked, doctor, patient), await take(asked, doctor, other)
        asked.keeper.ledger._books.clinic.registered.clear()
        await asked.account("naktinis", "doctor")
        passkey = await asked.enrol("naktinis")
        session = await asked.by_passkey(passkey)
        await with_gesture(asked, session, passkey, "glass.break", session=session, patient=patient, reason="apalpo")
        assert await asked.desk("record.list", session=session, patient=patient)
        with pytest.raises(StepUp) as needed:
            await asked.desk("photo.open", session=session, photo=photo, rendition="full")
        with pytest.raises(StepUp):
            await asked.desk("photo.list", session=session, patient=patient)
        with pytest.raises(StepUp):  # nor by way of a telephone that lays it over its camera
            await asked.desk("capture.ticket", session=session, patient=patient, ghost=photo)
        await asked.gesture(session, passkey, bytes.fromhex(needed.value.where))
        with pytest.raises(ReasonNeeded):  # the gesture is over this patient's photos, not the other's
            await asked.desk("photo.open", session=session, photo=others, rendition="full")
        told = await asked.desk("photo.open", session=session, photo=photo, rendition="full")
        assert (await opened(asked, told["ticket"])).endswith(b"full")
        assert len(await asked.desk("photo.list", session=session, patient=patient)) == 1

    rig.run(deed)
