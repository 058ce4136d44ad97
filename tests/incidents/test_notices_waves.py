"""Waves of notices in a keeper: approved, laid out, set, sent, bounced, told again, stopped."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pypdf
import pytest
from keeper_rig import Clocks, Rig
from notice_rig import CODE, WORDS, MailServer, NoticeClinic, Run, mailing, running, still

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.jobs import noticing
from seifas.keeper import letter_asking, letter_batches


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return still(monkeypatch)


@pytest.fixture
def mails() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks, mails: MailServer) -> Rig:
    return mailing(tmp_path / "vault", mails)


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks)


def texts(body: bytes) -> dict[str, str]:
    """The words of each letter of a zip, by reference."""
    with zipfile.ZipFile(io.BytesIO(body)) as opened:
        return {
            name.removesuffix(".pdf"): " ".join(
                page.extract_text() for page in pypdf.PdfReader(io.BytesIO(opened.read(name))).pages
            )
            for name in opened.namelist()
        }


def test_nothing_is_written_before_two_people_said_yes(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(4)
        made = await clinic.officer(
            "wave_make", case=clinic.case_id, snapshot=snapshot, grades=("taken",), channels=("letter",),
            body=msgspec.json.encode(WORDS),
        )
        assert made["people"] == 4
        await clinic.jobs()
        told = await clinic.told()
        assert (told["state"], told["letters"], told["batches"]) == ("asked", 0, [])
        second = await clinic.session("pav")
        assert await clinic.asked.approve(second, clinic.keys["pav"], made["approval"]) == "approved"
        await clinic.jobs()
        told = await clinic.told()
        assert (told["state"], told["counts"]) == ("going", {"letter": {"made": 4}})
        letters = texts(await clinic.batch(made["wave"]))
        assert len(letters) == 4
        for n in range(4):
            (own,) = [text for text in letters.values() if f"Vardenytė{n:05}" in text]
            assert set(re.findall(r"\d{5}", "".join(re.findall(r"(?:Vardenytė|Rūta|Gatvės)\d{5}", own)))) == {f"{n:05}"}
            assert len(CODE.findall(own)) == 1
            assert ("Records were copied" in own) == bool(n % 2), "in the patient's language"
        await clinic.jobs()
        assert len((await clinic.told())["batches"]) == 1, "nothing is set twice"

    run(deed)


def test_a_refused_wave_writes_to_nobody(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(2)
        made = await clinic.officer(
            "wave_make", case=clinic.case_id, snapshot=snapshot, grades=("taken",), channels=("letter",),
            body=msgspec.json.encode(WORDS),
        )
        second = await clinic.session("pav")
        await clinic.asked.desk("approval.decide", session=second, id=made["approval"], approve=False, word="anksti")
        await clinic.jobs()
        assert (await clinic.told())["state"] == "refused"
        assert (await clinic.told())["letters"] == 0

    run(deed)


def test_who_is_exempt_is_told_only_where_it_was_chosen(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(2)
        ask = {"case": clinic.case_id, "snapshot": snapshot, "channels": ("letter",),
               "body": msgspec.json.encode(WORDS)}  # fmt: skip
        with pytest.raises(Invalid) as refused:
            await clinic.officer("wave_make", grades=("taken", "ciphertext"), **ask)
        assert refused.value.where == "grades"
        with pytest.raises(Refused):
            await clinic.officer("wave_make", grades=("published",), **ask)
        clinic.asked.keeper.canaries.add(clinic.patients[8])
        both = await clinic.officer("wave_make", grades=("taken", "ciphertext"), exempt=True, **ask)
        assert both["people"] == 8, "never a decoy"

    run(deed)


@pytest.mark.parametrize(("change", "where"), [
    ({"grades": ()}, "grades"), ({"grades": ("taken", "taken")}, "grades"), ({"grades": ("all",)}, "grades"),
    ({"channels": ()}, "channels"), ({"channels": ("fax",)}, "channels"), ({"body": b"[]"}, "body"),
    ({"body": b"{" * 100_000}, "body"), ({"body": b""}, "body"),
])  # fmt: skip
def test_a_wave_that_is_none_is_refused(run: Run, change: dict[str, object], where: str) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        clinic.patients[1:] = []
        snapshot = await clinic.breach(1)
        ask = {"case": clinic.case_id, "snapshot": snapshot, "grades": ("taken",), "channels": ("letter",),
               "body": b"{}", **change}
        with pytest.raises(Invalid) as refused:
            await clinic.officer("wave_make", **ask)
        assert refused.value.where == where

    run(deed)


def test_a_second_wave_tells_only_what_is_worse(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(3)
        await clinic.wave(snapshot)
        await clinic.jobs()
        with pytest.raises(Refused) as refused:
            await clinic.wave(snapshot)
        assert refused.value.where == "wave-nobody"

    run(deed)


def test_a_batch_is_downloaded_handed_over_and_gone(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(3))
        await clinic.jobs()
        of = {"case": clinic.case_id, "wave": wave, "number": 1}
        with pytest.raises(Refused):
            await clinic.officer("wave_handed", **of)
        first = await clinic.batch(wave)
        assert await clinic.batch(wave) == first, "as often as it takes"
        objects = set(clinic.asked.keeper.letters.objects())
        assert (await clinic.officer("wave_handed", **of))["letters"] == 3
        with pytest.raises(Conflict):
            await clinic.officer("wave_batch", **of)
        assert not set(clinic.asked.keeper.require_unlocked().objects.ids()) & objects
        told = await clinic.told()
        assert (told["state"], told["counts"]) == ("done", {"letter": {"sent": 3}})
        refs = tuple(texts(first))
        came = await clinic.officer("wave_came_back", case=clinic.case_id, state="delivered", refs=(refs[0].lower(),))
        assert came["told"] == 1
        returned = {"case": clinic.case_id, "state": "returned"}
        back = await clinic.officer("wave_came_back", refs=(refs[1], "ZZZZ-ZZZZ"), **returned)
        assert (back["told"], back["unknown"]) == (1, ["ZZZZ-ZZZZ"])
        again = await clinic.officer("wave_came_back", refs=(refs[1],), **returned)
        assert (again["told"], again["not_sent"]) == (0, 1)
        told = await clinic.officer("waves", case=clinic.case_id)
        assert told["unreached"] == {"returned": 1}, "counted for the public notice"

    run(deed)


def test_who_has_no_mail_gets_a_text_message_and_then_a_letter(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(9), channels=("mail", "sms", "letter"))
        mails.refuses.add("p3@pastas3.lt")
        for _ in range(2):
            await clinic.jobs()
            await clinic.jobs(noticing.send_all)
        await clinic.jobs()
        told = await clinic.told()
        assert told["counts"] == {"mail": {"sent": 2}, "sms": {"made": 4}, "letter": {"made": 3}}
        assert told["tried"] == {"mail": {"nowhere": 6, "bounced": 1}, "sms": {"nowhere": 3}}
        assert sorted(address for address, _ in mails.taken) == ["p0@pastas0.lt", "p6@pastas6.lt"]
        for address, text in mails.taken:
            assert len(CODE.findall(text)) == 1
            assert "pavyzdys" not in text.lower(), address
        kinds = {one["channel"]: one["number"] for one in told["batches"]}
        rows = list(csv.reader(io.StringIO((await clinic.batch(wave, kinds["sms"])).decode("utf-8-sig"))))
        assert sorted(row[1] for row in rows[1:]) == [f"+3706{n:07}" for n in (1, 3, 4, 7)]
        assert all(CODE.search(row[2]) for row in rows[1:])
        await clinic.jobs(noticing.send_all)
        assert len(mails.taken) == 2

    run(deed)


def test_who_was_erased_is_not_written_to_and_leaves_no_letter_behind(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        keeper = clinic.asked.keeper
        wave = await clinic.wave(await clinic.breach(4))
        await clinic.asked.op("jobs", "case.letters_begin")
        gone = clinic.patients[0]
        head = keeper.require_unlocked().vault.heads.pop(gone)
        await clinic.jobs()
        assert (await clinic.told())["counts"] == {"letter": {"gone": 1, "made": 3}}
        keeper.require_unlocked().vault.heads[gone] = head
        # And one who is erased when the letter lies in a batch already.
        other = clinic.patients[1]
        keeper.require_unlocked().vault.heads.pop(other)
        assert not any("Vardenytė00001" in text for text in texts(await clinic.batch(wave)).values())
        before = set(keeper.letters.objects())
        assert await letter_batches.forget(keeper, {gone, other}) == 2
        assert not set(keeper.letters.objects()) & before, "sealed anew without them"
        assert not keeper.letters.of_patient(other)
        assert len(texts(await clinic.batch(wave))) == 2

    run(deed)


def test_an_exercise_sends_nothing_and_stamps_every_letter(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(9, exercise=True)
        wave = await clinic.wave(snapshot, channels=("mail", "sms", "letter"))
        for _ in range(2):
            await clinic.jobs()
            await clinic.jobs(noticing.send_all)
        told = await clinic.told()
        assert told["counts"]["mail"] == {"held": 9}
        assert not mails.taken
        assert not told["batches"]
        await clinic.officer("wave_stop", case=clinic.case_id, wave=wave)
        other = await clinic.officer("open", title="Pratybos 2", kind="hand", exercise=True)
        clinic.case_id = other["case"]
        wave = await clinic.wave(await clinic.snapshot(*(one.id for one in clinic.asked.keeper.sessions)))
        await clinic.jobs()
        for text in texts(await clinic.batch(wave)).values():
            assert "PRATYBOS" in text or "EXERCISE" in text
            code = re.search(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){5}\b", text)
            assert code is not None
            assert await clinic.asked.op("public", "case.code", code=code[0]) == {"found": False}

    run(deed)


def test_what_was_read_of_a_merged_record_is_told_to_who_asks(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        await clinic.wave(await clinic.breach(1))
        await clinic.jobs()
        doctor = await clinic.session("gydytoja")
        read, other, nobody = clinic.patients[0], clinic.patients[3], clinic.patients[4]
        await clinic.asked.desk("patient.merge", session=doctor, survivor=other, other=read, reason="tas pats")
        assert letter_asking.state_of(clinic.asked.keeper, other)[0] == "taken"
        assert letter_asking.state_of(clinic.asked.keeper, nobody)[0] != "taken"

    run(deed)


def test_a_stopped_wave_gives_nothing_out_any_more(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(5), channels=("mail", "letter"))
        await clinic.jobs()
        due = await clinic.asked.op("jobs", "case.message_due", channel="mail")
        await clinic.asked.op("jobs", "case.message_told", id=due["id"], result="sent")
        assert (await clinic.officer("wave_stop", case=clinic.case_id, wave=wave))["stopped"] == 4
        await clinic.jobs()
        await clinic.jobs(noticing.send_all)
        assert not mails.taken
        told = await clinic.told()
        assert told["state"] == "stopped"
        assert told["counts"]["mail"]["sent"] == 1
        assert sum(states.get("stopped", 0) for states in told["counts"].values()) == 4

    run(deed)


def test_every_name_that_leaves_has_its_line_and_only_officers_ask(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(3))
        await clinic.jobs()
        await clinic.batch(wave)
        officer = await clinic.session("vyr")
        lines = await clinic.asked.desk("audit.list", session=officer, count=100)
        pseudonyms = {clinic.asked.keeper.require_unlocked().keyring.pseudonym(one) for one in clinic.patients[:3]}
        assert {one["patient"] for one in lines if one["action"] == "letter" and one["note"] == "letter"} == pseudonyms
        assert [one["note"] for one in lines if one["action"] == "letter" and one["note"] in ("taken", "batch")]
        assert clinic.asked.alarms("case-letters-taken") == 1
        for name in ("gydytoja", "adminas", "registratore", "tikrintoja"):
            session = await clinic.session(name)
            for op, more in (("waves", {}), ("wave_batch", {"wave": wave, "number": 1}), ("wave_stop", {"wave": wave})):
                with pytest.raises((Refused, Missing)):
                    await clinic.asked.desk(f"case.{op}", session=session, case=clinic.case_id, **more)

    run(deed)
