"""The box of questions that wait for their answers: full, flooded, hostile, locked, it treats all alike."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from keeper_rig import Clocks
from notice_asking import pages_of, sent
from notice_rig import MailServer, NoticeClinic, Run, mailing, running, still

from seifas.crypto.typed_codes import new_code
from seifas.errors import Invalid, OverBudget
from seifas.jobs import noticing
from seifas.keeper import letter_asking, letter_questions


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return still(monkeypatch)


@pytest.fixture
def mails() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def run(tmp_path: Path, clocks: Clocks, mails: MailServer) -> Run:
    return running(mailing(tmp_path / "vault", mails), clocks)


def test_a_full_box_refuses_patient_and_stranger_alike_and_rings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        monkeypatch.setattr(letter_asking, "MOST_WAITING", 3)
        asking = pages_of(clinic)
        for n in range(3):
            assert (await sent(asking, "affected", contact=f"a{n}@b.lt"))[0] == 200
        known = await sent(asking, "affected", contact="p0@pastas0.lt")
        stranger = await sent(asking, "affected", contact="niekas@niekur.lt")
        assert known[:3] == stranger[:3]
        assert known[0] == 503
        assert clinic.asked.alarms("asked-full") == 1

    run(deed)


def test_one_network_asks_only_so_often_and_others_go_on(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        asking = pages_of(clinic, paced=True)
        answers = [(await sent(asking, "affected", contact=f"a{n}@b.lt"))[0] for n in range(12)]
        assert answers == [200] * 10 + [429] * 2
        codes = [(await sent(asking, "code", code=new_code()))[0] for _ in range(22)]
        assert codes == [404] * 20 + [429] * 2

    run(deed)


def test_hostile_bytes_in_the_box_are_dealt_with_and_hold_up_nobody(run: Run, mails: MailServer) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        for size in (0, 1, letter_questions.SEALED - 1, letter_questions.SEALED + 1, 100_000):
            with pytest.raises(Invalid):
                await clinic.asked.op("public", "case.asked", id=secrets.token_bytes(16), sealed=bytes(size))
        for _ in range(5):
            rubbish = secrets.token_bytes(letter_questions.SEALED)
            await clinic.asked.op("public", "case.asked", id=secrets.token_bytes(16), sealed=rubbish)
        await sent(pages_of(clinic), "affected", contact="p0@pastas0.lt")
        await clinic.jobs()
        await clinic.jobs(noticing.send_all)
        assert not clinic.asked.keeper.letters.asks
        assert len(mails.taken) == 1

    run(deed)


@pytest.mark.parametrize("contact", ["", " ", "x", "@", "a@b", "12", "A" * 10_000, "\0", "a@b.lt" + " " * 300])
def test_what_is_no_contact_is_said_so_at_once(run: Run, contact: str) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        assert (await sent(pages_of(clinic), "affected", contact=contact))[0] == 400
        assert not clinic.asked.keeper.letters.asks

    run(deed)


def test_while_the_vault_is_locked_the_answer_is_the_same(run: Run) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        asking, keeper = pages_of(clinic), clinic.asked.keeper
        opened = await sent(asking, "affected", contact="p0@pastas0.lt")
        known, keeper.open = keeper.open, None
        try:
            locked = await sent(asking, "affected", contact="p0@pastas0.lt")
            stranger = await sent(asking, "affected", contact="niekas@niekur.lt")
            assert (await sent(asking, "code", code=new_code()))[0] == 503
        finally:
            keeper.open = known
        assert opened[:3] == locked[:3] == stranger[:3]
        assert asking.held == 2
        await asking.pass_on()
        assert (asking.held, len(keeper.letters.asks)) == (0, 3)

    run(deed)


def test_questions_at_once_are_bounded_while_they_are_under_way(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(clinic: NoticeClinic) -> None:
        monkeypatch.setattr(letter_asking, "MOST_WAITING", 10)
        sealed = secrets.token_bytes(letter_questions.SEALED)
        answers = await asyncio.gather(
            *(clinic.asked.op("public", "case.asked", id=secrets.token_bytes(16), sealed=sealed) for _ in range(50)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, OverBudget) for one in answers) == 40
        assert len(clinic.asked.keeper.letters.asks) == 10

    run(deed)
