"""Incidents against what a reviewer found: the same thing done twice at once, stores that fail, bounds that slip."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

from keeper_rig import Asked, Clocks, Rig
from notice_rig import NoticeClinic

from seifas.errors import Conflict, OverBudget, Refused, StepUp, Unavailable
from seifas.keeper import letter_waves, tip_book, tip_reading
from seifas.settings import Alarms

Run = Callable[[Callable[[NoticeClinic], Awaitable[None]]], None]
DAY = 86_400_000


@pytest.fixture
def run(tmp_path: Path, clocks: Clocks) -> Run:
    rig = Rig(tmp_path / "vault", demo=False, alarms=Alarms(smtp_host="127.0.0.1", smtp_from="info@klinika.example"))

    def running(deed: Callable[[NoticeClinic], Awaitable[None]]) -> None:
        async def main(asked: Asked) -> None:
            await deed(await NoticeClinic(asked, clocks).open())

        rig.run(main)

    return running


@contextmanager
def failing(asked: Asked) -> Iterator[None]:
    """Nothing becomes durable meanwhile: the disk is full."""
    keeper: Any = asked.keeper

    def full(*_: Any, **__: Any) -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        future.set_exception(Unavailable("the disk is full"))
        return future

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(keeper), "commit", full)
        yield


# -- notices


def test_asking_twice_at_once_lays_out_one_letter_a_person(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        await clinic.wave(await clinic.breach(4))
        begun = [clinic.asked.op("jobs", "case.letters_begin") for _ in range(3)]
        assert sum(one["letters"] for one in await asyncio.gather(*begun)) == 4
        assert (await clinic.told())["letters"] == 4

    run(deed)


def test_words_that_cannot_be_read_end_neither_jobs_nor_the_notices_of_others(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(4)
        made = await clinic.officer(
            "wave_make", case=clinic.case_id, snapshot=snapshot, grades=("taken",), channels=("letter",),
            body=b'{"known_on": 5}',
        )
        await clinic.asked.approve(await clinic.session("pav"), clinic.keys["pav"], made["approval"])
        await clinic.jobs()
        await clinic.jobs()
        clinic.clocks.run(2 * 3_600_000)
        await clinic.jobs()
        told = await clinic.told()
        assert told["counts"] == {"unreached": {"bounced": 4}}

    run(deed)


def test_a_stop_that_was_not_stored_stops_when_it_is_pressed_again(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(4))
        await clinic.asked.op("jobs", "case.letters_begin")
        with failing(clinic.asked), pytest.raises(Unavailable):
            await clinic.officer("wave_stop", case=clinic.case_id, wave=wave)
        assert (await clinic.told())["state"] == "going"
        assert (await clinic.officer("wave_stop", case=clinic.case_id, wave=wave))["stopped"] == 4
        assert (await clinic.told())["state"] == "stopped"

    run(deed)


def test_whoever_a_stopped_wave_left_queued_can_be_written_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(4)
        wave = await clinic.wave(snapshot)
        await clinic.asked.op("jobs", "case.letters_begin")

        async def killed(*_: Any) -> None:
            raise Unavailable("killed")

        with monkeypatch.context() as patch:
            patch.setattr(letter_waves, "store", killed)
            with pytest.raises(Unavailable):
                await clinic.officer("wave_stop", case=clinic.case_id, wave=wave)
        assert (await clinic.told())["state"] == "stopped"
        await clinic.wave(snapshot)
        assert (await clinic.told())["people"] == 4

    run(deed)


def test_a_batch_that_could_not_be_handed_over_still_lies_there(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(3))
        await clinic.jobs()
        body = await clinic.batch(wave)
        kept = set(clinic.asked.keeper.letters.objects())
        with failing(clinic.asked), pytest.raises(Unavailable):
            await clinic.officer("wave_handed", case=clinic.case_id, wave=wave, number=1)
        assert set(clinic.asked.keeper.letters.objects()) == kept
        assert await clinic.batch(wave) == body

    run(deed)


def test_a_batch_is_not_given_out_once_its_wave_was_stopped_meanwhile(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(3))
        await clinic.jobs()
        taken, _ = await asyncio.gather(
            clinic.batch(wave), clinic.officer("wave_stop", case=clinic.case_id, wave=wave), return_exceptions=True
        )
        assert isinstance(taken, Refused)

    run(deed)


def test_a_stolen_session_downloads_no_letters(run: Run) -> None:
    """Names, addresses and what was exposed of everybody in a wave take the officer's passkey, once a session."""
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(3))
        await clinic.jobs()
        of = {"case": clinic.case_id, "wave": wave, "number": 1}
        with pytest.raises(StepUp):
            await clinic.officer("wave_batch", **of)
        await clinic.batch(wave)
        assert (await clinic.officer("wave_batch", **of))["letters"] == 3
        with pytest.raises(StepUp):
            await clinic.asked.desk("case.wave_batch", session=await clinic.session("pav"), **of)

    run(deed)


def test_whoever_approves_is_told_that_the_exempt_are_written_to(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(3)
        made = await clinic.officer(
            "wave_make", case=clinic.case_id, snapshot=snapshot, grades=("taken", "ciphertext"), channels=("letter",),
            body=b"{}", exempt=True,
        )
        rows = await clinic.asked.desk("approval.list", session=await clinic.session("pav"))
        assert "34(3)(a)" in next(one["about"] for one in rows if one["id"] == made["approval"])

    run(deed)


def test_a_case_is_not_closed_over_people_who_wait_for_their_letter(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        wave = await clinic.wave(await clinic.breach(3))
        await clinic.jobs()
        for step in ("made", "taken"):
            with pytest.raises(Conflict) as said:
                await clinic.officer("close", case=clinic.case_id, word="Baigta")
            assert said.value.where == "case-waves", step
            await clinic.batch(wave)
        await clinic.officer("wave_handed", case=clinic.case_id, wave=wave, number=1)
        await clinic.officer("close", case=clinic.case_id, word="Baigta")

    run(deed)


def test_a_yes_that_lapsed_lays_out_nothing(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        snapshot = await clinic.breach(4)
        await clinic.wave(snapshot)
        clinic.clocks.run(60 * DAY)
        assert (await clinic.asked.op("jobs", "case.letters_begin"))["letters"] == 0
        assert (await clinic.told())["letters"] == 0

    run(deed)


# -- what a case sends


def test_what_cannot_be_opened_holds_up_nothing_else(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        case = (await clinic.officer("open", title="Įsilaužimas", kind="hand"))["case"]
        asked, large = clinic.asked, json.dumps({"query": "A" * 5_000}).encode()
        for payload in (large, json.dumps({"query": "A" * 80}).encode()):
            await clinic.officer("send", case=case, kind="stamp", payload=payload)
            clinic.clocks.run(1_000)
        lost = next(one for one in asked.keeper.cases.sendings_of(case) if one.object)
        asked.keeper.require_unlocked().objects.delete(lost.object)
        due = await asked.op("jobs", "case.due", count=20)
        assert [one["kind"] for one in due] == ["stamp"]
        assert [one["state"] for one in await clinic.officer("sendings", case=case)] == ["refused", "queued"]

    run(deed)


# -- the gates are no oracle


def test_publishing_is_no_search_without_a_bound(tmp_path: Path, clocks: Clocks) -> None:
    """Whoever holds an officer's session cannot ask without end, by texts to publish, whether somebody is a patient."""
    async def main(asked: Asked) -> None:
        clinic = await NoticeClinic(asked, clocks).open(70)
        case = (await clinic.officer("open", title="Įsilaužimas", kind="hand"))["case"]
        told = 0

        async def probed() -> None:
            nonlocal told
            for n in range(70):
                page = {"title": "Pranešimas", "text": f"Nukentėjo Rūta{n:05} Vardenytė{n:05}."}
                body = json.dumps({"pages": {"lt": page}, "files": {"a.txt": ""}, "basis": "BDAR 34"}).encode()
                entry = (await clinic.officer("append", case=case, kind="statement", body=body))["entry"]
                try:
                    await clinic.officer("publish", case=case, entry=entry)
                except Refused as error:
                    if error.where != "statement-named":
                        raise
                    told += 1

        with pytest.raises((OverBudget, StepUp, Refused)):
            await probed()
        assert 0 < told <= 60

    Rig(tmp_path / "vault", demo=False).run(main)


# -- tips


async def tipped(clinic: NoticeClinic) -> bytes:
    """A tip that staff took down; its id."""
    token = await clinic.session("gydytoja")
    known = {one.id for one in clinic.asked.keeper.tips.tips()}
    await clinic.asked.desk("tip.enter", session=token, via="phone", text="Mačiau")
    return next(one.id for one in clinic.asked.keeper.tips.tips() if one.id not in known)


def test_tips_that_were_opened_on_another_day_count_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tip_reading, "MOST_OPENED_A_DAY", 2)

    async def deed(clinic: NoticeClinic) -> None:
        async def opens(tip: bytes) -> None:
            await clinic.asked.desk("tip.open", session=await clinic.session("vyr"), tip=tip)

        tips = [await tipped(clinic) for _ in range(4)]
        await opens(tips[0])
        await opens(tips[1])
        clinic.clocks.run(2 * DAY)
        await opens(tips[2])
        await opens(tips[3])
        with pytest.raises(OverBudget):
            await opens(tips[0])
        await opens(tips[2])

    run(deed)


def test_a_tip_whose_opening_was_not_stored_is_unread(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        tip, token = await tipped(clinic), await clinic.session("vyr")
        before = clinic.asked.keeper.tips.get(tip)
        with failing(clinic.asked), pytest.raises(Unavailable):
            await clinic.asked.desk("tip.open", session=token, tip=tip)
        assert clinic.asked.keeper.tips.get(tip) == before

    run(deed)


def test_more_under_a_receipt_that_was_not_stored_leaves_the_tip_as_it_was(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        token = await clinic.session("gydytoja")
        receipt = (await clinic.asked.desk("tip.enter", session=token, via="phone", text="Mačiau"))["receipt"]
        tip = clinic.asked.keeper.tips.tips()[0]
        await clinic.asked.desk("tip.answer", session=await clinic.session("vyr"), tip=tip.id, status="closed")
        before = clinic.asked.keeper.tips.get(tip.id)
        with failing(clinic.asked), pytest.raises(Unavailable):
            await clinic.asked.desk("tip.enter", session=token, via="phone", text="Dar", receipt=receipt)
        assert clinic.asked.keeper.tips.get(tip.id) == before

    run(deed)


def test_one_session_of_staff_cannot_fill_the_box_of_tips(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tip_book, "MOST_ENTERED_A_DAY", 3)

    async def deed(clinic: NoticeClinic) -> None:
        for _ in range(3):
            await tipped(clinic)
        with pytest.raises(OverBudget) as said:
            await tipped(clinic)
        assert said.value.where == "entered"
        clinic.clocks.run(2 * DAY)
        await tipped(clinic)

    run(deed)


# -- who is affected


def test_what_a_hostile_officer_saw_through_a_case_counts_as_taken(run: Run) -> None:
    """Cards that were opened from a snapshot, and letters that were downloaded, are shown like any others."""
    async def deed(clinic: NoticeClinic) -> None:
        asked, keeper = clinic.asked, clinic.asked.keeper
        snapshot = await clinic.breach(3)
        hostile, token = await clinic.session("pav"), await clinic.session("vyr")
        row = (await clinic.officer("snapshot", case=clinic.case_id, snapshot=snapshot, grade="taken"))["rows"][0]
        args = {"case": clinic.case_id, "snapshot": snapshot, "patient": row["patient"], "reason": "paklausė"}
        with pytest.raises(StepUp) as wanted:
            await asked.desk("case.open_affected", session=hostile, **args)
        await asked.gesture(hostile, clinic.keys["pav"], bytes.fromhex(wanted.value.where))
        await asked.desk("case.open_affected", session=hostile, **args)
        wave = await clinic.wave(snapshot)
        await clinic.jobs()
        await clinic.batch(wave)
        now = keeper.now().wall_ms
        ids = [keeper.sessions.by_token(one, now).id for one in (hostile, token)]
        taken = [await clinic.officer("snapshots", case=clinic.case_id)]
        for ident in ids:
            await clinic.snapshot(ident)
            taken.append((await clinic.officer("snapshots", case=clinic.case_id))[0]["counts"]["taken"])
        assert taken[1:] == [1, 3]

    run(deed)
