"""Waves of notices that are interrupted: whoever is killed, cut off or down, nothing is lost and nothing goes twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from keeper_rig import Asked, Clocks, Rig
from leak_rig import DAY
from notice_rig import CODE, MailServer, NoticeClinic, Run, call_of, mailing, running, still

from seifas.errors import Missing
from seifas.jobs import noticing
from seifas.keeper.letter_model import CLAIM_MS


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


def test_a_mail_server_down_for_a_day_loses_nothing_and_sends_nothing_twice(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        keeper, real = clinic.asked.keeper, clinic.asked.keeper.settings
        down = msgspec.structs.replace(real, alarms=msgspec.structs.replace(real.alarms, smtp_port=1))
        await clinic.wave(await clinic.breach(9), channels=("mail",))
        await clinic.jobs()
        for _ in range(30):
            await clinic.jobs(noticing.send_all, down)
            clinic.clocks.run(DAY // 24)
        counts = (await clinic.told())["counts"]
        assert counts["mail"] == {"queued": 3}, "they wait for as long as it takes"
        assert not mails.taken
        assert keeper.letters.waiting("mail") == 3
        await clinic.jobs(noticing.send_all)
        await clinic.jobs(noticing.send_all)
        assert sorted(address for address, _ in mails.taken) == ["p0@pastas0.lt", "p3@pastas3.lt", "p6@pastas6.lt"]
        assert (await clinic.told())["counts"]["mail"] == {"sent": 3}
        codes = [CODE.findall(text)[0] for _, text in mails.taken]
        assert all([(await clinic.code(one))["found"] for one in codes]), "the codes that went open"

    run(deed)


def test_a_mail_cut_off_after_it_was_sent_goes_another_way_and_not_this_way(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        mails.dies.add("p0@pastas0.lt")
        mails.greylists.add("p3@pastas3.lt")
        await clinic.wave(await clinic.breach(4), channels=("mail", "letter"))
        await clinic.jobs()
        await clinic.jobs(noticing.send_all)
        await clinic.jobs()
        told = await clinic.told()
        assert told["tried"]["mail"] == {"unsure": 1, "nowhere": 2}
        assert told["counts"] == {"mail": {"queued": 1}, "letter": {"made": 3}}
        mails.greylists.clear()
        clinic.clocks.run(2 * 60_000)
        await clinic.jobs(noticing.send_all)
        assert len(mails.to("p0@pastas0.lt")) == 1
        assert len(mails.to("p3@pastas3.lt")) == 1

    run(deed)


def test_jobs_killed_with_a_mail_in_hand_is_not_given_it_again(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        await clinic.wave(await clinic.breach(1), channels=("mail", "letter"))
        await clinic.jobs()
        given = await clinic.asked.op("jobs", "case.message_due", channel="mail")
        assert list(given["address"]) == ["p0@pastas0.lt"]
        assert not await clinic.asked.op("jobs", "case.message_due", channel="mail")
        clinic.clocks.run(CLAIM_MS + 1)
        await clinic.jobs()
        assert (await clinic.told())["tried"]["mail"] == {"unsure": 1}
        with pytest.raises(Missing):
            await clinic.asked.op("jobs", "case.message_told", id=given["id"], result="sent")

    run(deed)


def test_letters_that_a_killed_jobs_process_was_setting_are_set_anew_with_other_codes(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        await clinic.wave(await clinic.breach(3))
        await clinic.asked.op("jobs", "case.letters_begin")
        lost = await clinic.asked.op("jobs", "case.letters_due", channel="letter", count=2)
        assert len(lost["letters"]) == 2
        rest = await clinic.asked.op("jobs", "case.letters_due", channel="letter")
        assert len(rest["letters"]) == 1, "what is claimed is not given again"
        clinic.clocks.run(CLAIM_MS + 1)
        await clinic.jobs()
        told = await clinic.told()
        assert told["counts"] == {"letter": {"made": 3}}
        late = await clinic.asked.op("jobs", "case.letters_made", claim=lost["claim"], body=b"x")
        assert late == {"kept": False}
        assert not (await clinic.code(lost["letters"][0]["code"]))["found"]

    run(deed)


def test_a_killed_keeper_goes_on_where_it_was_and_nobody_gets_two(rig: Rig, clocks: Clocks) -> None:
    made: dict[str, bytes] = {}

    async def first(asked: Asked) -> None:
        clinic = await NoticeClinic(asked, clocks).open()
        made["wave"] = await clinic.wave(await clinic.breach(7))
        made["case"] = clinic.case_id
        call = call_of(asked)
        await asyncio.to_thread(call, "case.letters_begin")
        batch = await asyncio.to_thread(lambda: call("case.letters_due", channel="letter", count=3))
        await asyncio.to_thread(noticing._made, call, batch, noticing._letters)

    async def second(asked: Asked) -> None:
        await asyncio.to_thread(noticing.make_all, call_of(asked), asked.keeper.settings)
        wave = asked.keeper.letters.wave(made["wave"])
        assert [one.letters for one in wave.batches] == [3, 4]
        letters = asked.keeper.letters.letters_of(wave.id)
        assert len({one.patient for one in letters}) == len(letters) == 7
        assert {one.state for one in letters} == {"made"}

    rig.run(first)
    rig.run(second)
