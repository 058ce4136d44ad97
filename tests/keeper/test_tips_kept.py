"""Tips in the keeper: what is put in and comes out, evidence from a file, bounds, what survives a lock."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from keeper_rig import Asked, Rig
from tip_rig import TEXT, answers, fresh, run, sent, told

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.crypto.stream import sealed_size
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SeifasError, Tampered
from seifas.keeper import leak_keeping, tip_book, tip_reading, tip_receipts, tip_receiving, tip_sealing
from seifas.keeper.tip_model import KEPT_CLOSED_MS, Upload
from seifas.keeper.tip_receipts import Keys


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def test_a_tip_goes_both_ways_and_survives_a_lock(rig: Rig) -> None:
    async def first(asked: Asked) -> tuple[Keys, bytes]:
        _, keys = fresh(asked)
        assert await answers(asked, keys) == []
        await told(asked, keys)
        assert await answers(asked, keys) == []
        officer = await asked.person("ona", "officer")
        row, = await asked.desk("tip.list", session=officer)
        assert (row["status"], row["unread"], row["texts"], row["via"]) == ("received", 1, 1, "site")
        tip = await asked.desk("tip.open", session=officer, tip=row["tip"])
        assert [(one["kind"], one["text"], one["language"]) for one in tip["parts"]] == [("text", TEXT, "lt")]
        await asked.desk("tip.note", session=officer, tip=row["tip"], text="Tik mums")
        await asked.desk("tip.answer", session=officer, tip=row["tip"], text="Kada tai buvo?", status="question")
        assert asked.alarms("tip") == 1
        return keys, row["tip"]

    async def second(asked: Asked) -> None:
        assert [(one.status, one.text) for one in await answers(asked, keys)] == [("question", "Kada tai buvo?")]
        await told(asked, keys, "Vakar")
        officer = await asked.sign_in("ona")
        row, = await asked.desk("tip.list", session=officer)
        assert (row["unread"], row["status"]) == (1, "question")
        opened = await asked.desk("tip.open", session=officer, tip=tip)
        assert [one["text"] for one in opened["parts"]] == [TEXT, "Tik mums", "Kada tai buvo?", "Vakar"]
        assert (await asked.desk("tip.list", session=officer))[0]["unread"] == 0
        await asked.desk("tip.answer", session=officer, tip=tip, status="closed")
        await told(asked, keys, "Dar kai kas")
        assert (await asked.desk("tip.list", session=officer))[0]["status"] == "received"
        assert [one.status for one in await answers(asked, keys)] == ["question", "closed"]
        for wrong in ({"text": " "}, {"status": "lost"}, {"text": "x" * 4001}, {"text": "\u202e"}):
            with pytest.raises(Invalid):
                await asked.desk("tip.answer", session=officer, tip=tip, **wrong)

    keys, tip = run(rig, first)
    run(rig, second)


def test_the_same_part_is_kept_once(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        _, keys = fresh(asked)
        part = await told(asked, keys)
        await told(asked, keys, ident=part)
        assert len(asked.keeper.tips.parts_of(asked.keeper.tips.tips()[0].id)) == 1
        _, other = fresh(asked)
        with pytest.raises(Conflict):
            await told(asked, other, ident=part)
        data = os.urandom(1000)
        part = await sent(asked, keys, data)
        with pytest.raises(Conflict):
            await asked.op("public", "tip.file_begin", id=part, size=100)

    run(rig, deed)


def test_a_file_becomes_evidence_without_being_read(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        _, keys = fresh(asked)
        data = os.urandom(9 * 1024 * 1024 + 17)
        part = await sent(asked, keys, data, name="C:\\tmp\\\u202egpj.paveikslas\n")
        officer = await asked.person("ona", "officer")
        tip = asked.keeper.tips.tips()[0].id
        opened = await asked.desk("tip.open", session=officer, tip=tip)
        one, = opened["parts"]
        assert (one["name"], one["size"], one["sha256"]) == ("gpj.paveikslas", len(data), hashlib.sha256(data).digest())
        assert one["text"] == ""
        leak = (await asked.desk("leak.begin", session=officer, title="Pavogta", ground="BDAR 6(1)(f)"))["case"]
        made = await asked.desk("tip.adopt", session=officer, tip=tip, part=part, leak=leak)
        status = await asked.desk("leak.status", session=officer, case=leak)
        assert [(file["id"], file["size"], file["name"]) for file in status["files"]] == [
            (made["file"], len(data), "gpj.paveikslas")]
        file, = asked.keeper.leaks.files_of(leak)
        assert (file.sha256, file.sha512) == (hashlib.sha256(data).digest(), hashlib.sha512(data).digest())
        case = asked.keeper.leaks.get(leak)
        sealed = b"".join(asked.keeper.require_unlocked().objects.get(file.object))
        assert data == stream.open_object(
            leak_keeping.object_key(case, file.object), sealed, purpose=Purpose.OBJECT,
            clinic=asked.keeper.settings.clinic_id, patient=leak, record=file.object, version=1,
        )
        with pytest.raises(Conflict):
            await asked.desk("tip.adopt", session=officer, tip=tip, part=part, leak=leak)
        with pytest.raises(Missing):
            await asked.desk("tip.adopt", session=officer, tip=tip, part=os.urandom(16), leak=leak)
        opened = await asked.desk("tip.open", session=officer, tip=tip)
        assert opened["parts"][0]["adopted"] == [leak]
        await asked.desk("tip.remove", session=officer, tip=tip)
        assert asked.keeper.leaks.files_of(leak), "what was taken into a case stays there"
        assert set(asked.keeper.require_unlocked().objects.ids()) == {file.object}

    run(rig, deed)


def test_a_file_that_is_not_what_was_said_is_no_evidence(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        _, keys = fresh(asked)
        officer = await asked.person("ona", "officer")
        leak = (await asked.desk("leak.begin", session=officer, title="Pavogta", ground="BDAR 6(1)(f)"))["case"]
        wrong = await sent(asked, keys, b"tikra", sha256=bytes(32))
        short = await sent(asked, keys, b"tikra", size=4)
        swapped = await sent(asked, keys, b"tikra")
        row = asked.keeper.tips.part(swapped)
        assert row is not None
        before = set(asked.keeper.require_unlocked().objects.ids())
        asked.keeper.require_unlocked().objects.delete(row.objects[0])
        asked.keeper.require_unlocked().objects.put(row.objects[0], (b"x" * row.size,))
        tip = asked.keeper.tips.tips()[0].id
        for part in (wrong, short, swapped):
            with pytest.raises(Tampered):
                await asked.desk("tip.adopt", session=officer, tip=tip, part=part, leak=leak)
        assert asked.keeper.leaks.files_of(leak) == []
        assert set(asked.keeper.require_unlocked().objects.ids()) == before, "nothing half-made is left"

    run(rig, deed)


def test_uploads_that_lie_or_stop_leave_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        _, keys = fresh(asked)
        part, whole = os.urandom(16), tip_sealing.PART
        for size in (0, -1, sealed_size(tip_sealing.MOST_FILE) + 1):
            with pytest.raises(Invalid):
                await asked.op("public", "tip.file_begin", id=part, size=size)
        await asked.op("public", "tip.file_begin", id=part, size=whole + 10)
        for number, data in ((1, b"x" * 10), (0, b"x" * 10), (-1, b"x" * whole)):
            with pytest.raises(Conflict):
                await asked.op("public", "tip.file_part", id=part, number=number, data=data)
        with pytest.raises(Invalid):
            await asked.op("public", "tip.file_part", id=part, number=0, data=b"x" * (whole + 1))
        await asked.op("public", "tip.file_part", id=part, number=0, data=b"x" * whole)
        await asked.op("public", "tip.file_part", id=part, number=0, data=b"x" * whole)  # the answer was lost
        end = {"lookup": keys.lookup, "answer_key": keys.public, "id": part, "sealed": os.urandom(4000)}
        with pytest.raises(Conflict):
            await asked.op("public", "tip.file_end", **end)
        with pytest.raises(Conflict):
            await asked.op("public", "tip.file_part", id=part, number=1, data=b"x" * 11)
        assert len(asked.keeper.tips.objects()) == 1
        await asked.op("public", "tip.file_drop", id=part)
        assert asked.keeper.tips.objects() == set()
        assert list(asked.keeper.require_unlocked().objects.ids()) == []
        for name, args in (("file_part", {"number": 0, "data": b"x"}), ("file_drop", {})):
            with pytest.raises(Missing):
                await asked.op("public", f"tip.{name}", id=part, **args)
        await asked.op("public", "tip.file_begin", id=part, size=whole + 10)
        await asked.op("public", "tip.file_part", id=part, number=0, data=b"x" * whole)
        asked.keeper.tips.upload(part).began_ms -= tip_book.UPLOAD_MS + 1
        await tip_receiving.sweep(asked.keeper)
        assert list(asked.keeper.require_unlocked().objects.ids()) == []

    run(rig, deed)


def test_a_flood_is_bounded_and_rings_and_drops_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tip_book, "MOST_AN_HOUR", 6)
    monkeypatch.setattr(tip_book, "MOST_BYTES", 300_000)
    monkeypatch.setattr(tip_book, "MOST_UPLOADS", 2)

    async def deed(asked: Asked) -> None:
        kept = []
        for _ in range(6):
            _, keys = fresh(asked)
            kept.append(await told(asked, keys))
        for other in (fresh(asked)[1], keys):  # a new receipt and a known one alike
            with pytest.raises(OverBudget) as caught:
                await told(asked, other)
            assert caught.value.where == "pace"
        assert asked.alarms("tips-pace") == 1
        assert all(asked.keeper.tips.part(one) is not None for one in kept)
        await sent(asked, keys, os.urandom(100_000))
        with pytest.raises(OverBudget) as caught:
            await sent(asked, keys, os.urandom(200_000))
        assert caught.value.where == "full"
        assert asked.alarms("tips-full") == 1
        for number in range(3):
            begun = asked.op("public", "tip.file_begin", id=bytes([number]) * 16, size=100)
            if number < 2:
                await begun
            else:
                with pytest.raises(OverBudget):
                    await begun

    run(rig, deed)
    monkeypatch.setattr(tip_book, "MOST_AN_HOUR", 100)
    monkeypatch.setattr(tip_book, "MOST_UNREAD", 7)

    async def full(asked: Asked) -> None:
        with pytest.raises(OverBudget) as caught:
            await told(asked, fresh(asked)[1])
        assert caught.value.where == "full"
        officer = await asked.person("ona", "officer")
        await asked.desk("tip.open", session=officer, tip=asked.keeper.tips.tips()[0].id)
        await told(asked, fresh(asked)[1])

    run(rig, full)


def test_reading_has_its_pace_and_other_hats_read_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tip_reading, "MOST_OPENED_A_DAY", 2)

    async def deed(asked: Asked) -> None:
        officer = await asked.person("ona", "officer")
        for _ in range(3):
            await told(asked, fresh(asked)[1])
        tips = [one.id for one in asked.keeper.tips.tips()]
        for tip in (*tips[:2], *tips[:2]):
            await asked.desk("tip.open", session=officer, tip=tip)
        with pytest.raises(OverBudget):
            await asked.desk("tip.open", session=officer, tip=tips[2])
        assert asked.alarms("tips-read") == 1
        for name, hat in (("jonas", "doctor"), ("rasa", "reception"), ("ada", "administrator"), ("aud", "auditor")):
            session = await asked.person(name, hat)
            for op, args in (
                ("list", {}), ("open", {"tip": tips[0]}), ("remove", {"tip": tips[0]}),
                ("answer", {"tip": tips[0], "text": "x"}), ("note", {"tip": tips[0], "text": "x"}),
                ("adopt", {"tip": tips[0], "part": bytes(16), "leak": bytes(16)}),
            ):  # fmt: skip
                with pytest.raises(Refused):
                    await asked.desk(f"tip.{op}", session=session, **args)
        with pytest.raises(Missing):
            await asked.desk("tip.open", session=officer, tip=bytes(16))

    run(rig, deed)


def test_staff_take_a_tip_down_and_the_caller_reads_the_answer(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        desk = await asked.person("rasa", "reception")
        made = await asked.desk("tip.enter", session=desk, via="phone", text="Skambino kaimynas")
        keys = tip_receipts.keys_of(tip_receipts.read(made["receipt"]), asked.keeper.settings.clinic_id)
        again = await asked.desk(
            "tip.enter", session=desk, via="oral", text="Dar prisiminė", receipt=made["receipt"].lower()
        )
        assert tip_receipts.read(again["receipt"]) == tip_receipts.read(made["receipt"])
        officer = await asked.person("ona", "officer")
        row, = await asked.desk("tip.list", session=officer)
        assert (row["via"], row["texts"], row["by"], row["unread"]) == ("phone", 2, "Rasa", 2)
        await asked.desk("tip.answer", session=officer, tip=row["tip"], text="Ačiū")
        assert [one.text for one in await answers(asked, keys)] == ["Ačiū"]
        for wrong in (
            {"via": "site", "text": "x"}, {"via": "phone", "text": "  "}, {"via": "", "text": "x"},
            {"via": "phone", "text": "x", "receipt": "AAAA"},
        ):  # fmt: skip
            with pytest.raises(Invalid):
                await asked.desk("tip.enter", session=desk, **wrong)
        with pytest.raises(Refused):
            await asked.desk("tip.enter", session=await asked.person("ada", "administrator"), via="oral", text="x")

    run(rig, deed)


def test_a_closed_tip_goes_after_a_while_and_its_receipt_is_a_strangers(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        _, keys = fresh(asked)
        await told(asked, keys)
        await sent(asked, keys, b"x")
        officer = await asked.person("ona", "officer")
        tip = asked.keeper.tips.tips()[0]
        await asked.desk("tip.answer", session=officer, tip=tip.id, status="closed", text="Ačiū")
        await tip_receiving.sweep(asked.keeper)
        spam = fresh(asked)[1]
        await told(asked, spam)
        case = (await asked.desk("case.open", session=officer, title="Pavogta", kind="tip", links=(tip.id,)))["case"]
        with pytest.raises(Conflict):
            await asked.desk("tip.remove", session=officer, tip=tip.id)
        assert next(one for one in await asked.desk("tip.list", session=officer) if one["tip"] == tip.id)["cases"] == [
            case]
        other = next(one for one in asked.keeper.tips.tips() if one.id != tip.id)
        await asked.desk("tip.remove", session=officer, tip=other.id)
        closed = asked.keeper.tips.get(tip.id)
        asked.keeper.tips.put(msgspec.structs.replace(closed, closed_ms=closed.closed_ms - KEPT_CLOSED_MS - 1))
        await tip_receiving.sweep(asked.keeper)
        assert len(await answers(asked, keys)) == 1, "what belongs to a case stays"
        asked.keeper.cases.put(msgspec.structs.replace(asked.keeper.cases.get(case), links=()))
        await tip_receiving.sweep(asked.keeper)
        assert await answers(asked, keys) == []
        assert asked.keeper.tips.tips() == []
        assert list(asked.keeper.require_unlocked().objects.ids()) == []
        await told(asked, keys, "Ar girdite?")  # nothing that is sent is lost
        assert len(asked.keeper.tips.tips()) == 1

    run(rig, deed)

    async def after(asked: Asked) -> int:
        return len(asked.keeper.tips.tips())

    assert run(rig, after) == 1


def test_what_cannot_be_stored_is_not_there(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(asked: Asked) -> None:
        _, keys = fresh(asked)
        await told(asked, keys)
        officer = await asked.person("ona", "officer")
        tip = asked.keeper.tips.tips()[0]

        def failed(*_: Any) -> Any:
            raise SeifasError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(type(asked.keeper), "commit", failed)
            for lookup in (keys, fresh(asked)[1]):
                with pytest.raises(SeifasError):
                    await told(asked, lookup)
            with pytest.raises(SeifasError):
                await asked.desk("tip.answer", session=officer, tip=tip.id, text="x", status="closed")
        assert len(asked.keeper.tips.tips()) == 1
        assert len(asked.keeper.tips.parts_of(tip.id)) == 1
        assert asked.keeper.tips.get(tip.id).status == "received"
        assert await answers(asked, keys) == []

    run(rig, deed)


def test_a_hostile_public_process_gets_nowhere(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        _, keys = fresh(asked)
        good = {"lookup": keys.lookup, "answer_key": keys.public, "id": os.urandom(16), "sealed": os.urandom(2000)}
        for name, value in (
            ("lookup", b""), ("answer_key", b"x"), ("id", b"1"), ("sealed", b""), ("sealed", os.urandom(40_000)),
        ):  # fmt: skip
            with pytest.raises(Invalid):
                await asked.op("public", "tip.put", **{**good, name: value})
        await asked.op("public", "tip.put", **{**good, "answer_key": bytes(1216)})
        officer = await asked.person("ona", "officer")
        tip = asked.keeper.tips.tips()[0].id
        opened = await asked.desk("tip.open", session=officer, tip=tip)
        assert [one["readable"] for one in opened["parts"]] == [False]
        with pytest.raises(Invalid) as caught:
            await asked.desk("tip.answer", session=officer, tip=tip, text="x")
        assert caught.value.where == "answer"
        asked.keeper.tips.begin(Upload(b"u" * 16, 5, 0, []))
        with pytest.raises(Invalid):
            await asked.op("public", "tip.look", lookup=b"")

    run(rig, deed)
