"""A wall clock that is set: nothing lives longer, nobody is seasoned sooner, alarms are told, it rings once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from keeper_rig import Asked, Clocks, Rig

from seifas.errors import Refused, SignIn
from seifas.keeper import living
from seifas.keeper.alarm_book import AlarmBook, new_alarm
from seifas.keeper.identity import approvals
from seifas.keeper.identity.hats import Hat

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


async def _noticed(asked: Asked) -> bool:
    return await living._clock_was_set(asked.keeper)


@pytest.mark.parametrize("back", [HOUR, 365 * DAY])
def test_a_session_does_not_live_longer_when_the_clock_goes_back(rig: Rig, clocks: Clocks, back: int) -> None:
    async def deed(asked: Asked) -> None:
        session = await asked.person("gydytoja", "doctor")
        clocks.run(60_000)
        assert await asked.desk("patient.search", session=session, name="zzz") == []
        clocks.set(-back)
        with pytest.raises(SignIn):
            await asked.desk("patient.search", session=session, name="zzz")
        with pytest.raises(SignIn):
            await asked.desk("session.who", session=session)
        await living.sweep(asked.keeper)
        assert len(asked.keeper.sessions) == 0
        again = await asked.sign_in("gydytoja")
        assert await asked.desk("patient.search", session=again, name="zzz") == []

    rig.run(deed)


def test_a_small_correction_signs_nobody_out(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        session = await asked.person("gydytoja", "doctor")
        for step in (-120_000, 50_000, -300_000, 30_000):
            clocks.set(step)
            assert await asked.desk("patient.search", session=session, name="zzz") == []

    rig.run(deed)


def test_a_login_link_does_not_live_longer(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        await asked.account("gydytoja", "doctor")
        token = (await asked.admin("login_link", name="gydytoja"))["token"]
        clocks.set(-DAY)
        with pytest.raises(SignIn):
            await asked.desk("session.link", token=token, address="")

    rig.run(deed)


def test_setting_the_clock_ahead_seasons_no_hat(rig: Rig, clocks: Clocks) -> None:
    """One administrator at the machine makes two people, sets the clock a day ahead, and approves his own request."""

    async def deed(asked: Asked) -> None:
        await asked.account("pirmas", "officer", "administrator")
        await asked.account("antras", "officer", "administrator")
        keeper = asked.keeper
        keeper.approvals.policy = approvals.Policy(gestures=False)
        keeper.now()
        first, second = keeper.accounts.find("pirmas"), keeper.accounts.find("antras")
        assert first is not None
        assert second is not None
        request = approvals.ask(keeper.approvals, approvals.Kind.SETTINGS, account=first, hat=Hat.OFFICER, details=b"",
                                now_ms=keeper.now().wall_ms)
        clocks.set(2 * DAY)
        session = await asked.sign_in("antras")
        with pytest.raises(Refused, match="less than a day ago"):
            await asked.desk("approval.decide", session=session, id=request.id, approve=True)
        assert await _noticed(asked)
        clocks.run(DAY)
        session = await asked.sign_in("antras")
        done = await asked.desk("approval.decide", session=session, id=request.id, approve=True)
        assert done["state"] == "approved"

    rig.run(deed)


def test_setting_the_clock_ahead_shortens_no_announced_wait(rig: Rig, clocks: Clocks) -> None:
    async def begin(asked: Asked) -> Any:
        for name in ("pareigune", "antra"):
            await asked.account(name, "officer")
        keeper = asked.keeper
        keeper.approvals.policy = approvals.Policy(gestures=False, seasoned_ms=0)
        now = keeper.now().wall_ms
        who = keeper.accounts.find("pareigune"), keeper.accounts.find("antra")
        assert who[0] is not None
        assert who[1] is not None
        request = approvals.ask(keeper.approvals, approvals.Kind.ERASE, account=who[0], hat=Hat.OFFICER, details=b"",
                                now_ms=now)
        for channel in ("mail", "webhook"):
            request = approvals.announce(keeper.approvals, request.id, channel=channel, now_ms=now)
        approvals.approve(keeper.approvals, request.id, account=who[1], hat=Hat.OFFICER, gesture=None,
                          accounts=keeper.accounts, now_ms=now)
        return request.id

    def state(asked: Asked, ident: bytes) -> str:
        keeper = asked.keeper
        settled = approvals.settle(keeper.approvals, ident, accounts=keeper.accounts, now_ms=keeper.now().wall_ms)
        return settled.state.value

    async def deed(asked: Asked) -> None:
        ident = await begin(asked)
        clocks.run(HOUR)
        clocks.set(80 * HOUR)
        assert state(asked, ident) == "pending"
        assert await _noticed(asked)
        clocks.run(70 * HOUR)
        assert state(asked, ident) == "pending"
        clocks.set(-80 * HOUR)
        assert state(asked, ident) == "pending"
        clocks.run(HOUR - 1)
        assert state(asked, ident) == "pending"
        clocks.run(1)
        assert state(asked, ident) == "approved"

    rig.run(deed)


def test_the_moved_wait_survives_a_restart(rig: Rig, clocks: Clocks) -> None:
    async def before(asked: Asked) -> int:
        await asked.account("pareigune", "officer")
        clocks.run(1000)
        asked.keeper.now()
        clocks.set(DAY)
        assert await _noticed(asked)
        account = asked.keeper.accounts.find("pareigune")
        assert account is not None
        return account.hats_since_ms

    async def after(asked: Asked) -> None:
        account = asked.keeper.accounts.find("pareigune")
        assert account is not None
        assert account.hats_since_ms == moved
        assert asked.keeper.now().wall_ms - moved < HOUR
        assert asked.alarms("clock-jump") == 1

    moved = rig.run(before)
    rig.run(after)


def test_a_jump_rings_once_also_when_the_keeper_dies_right_after(rig: Rig, clocks: Clocks) -> None:
    def jump() -> None:
        clocks.run(1000)
        clocks.set(3 * DAY)

    async def before(asked: Asked) -> None:
        await asked.person("gydytoja", "doctor")
        jump()
        assert asked.alarms("clock-jump") == 0
        far = time.monotonic() + 1e6
        await living._upkeep(asked.keeper, asked.keeper.require_unlocked(), living._Due(far, far))
        assert asked.alarms("clock-jump") == 1

    async def after(asked: Asked) -> None:
        asked.keeper.now()
        assert not await _noticed(asked)
        assert asked.alarms("clock-jump") == 1

    rig.run(lambda asked: living.snapshot_budget(asked.keeper))
    rig.killed(before)
    jump()
    clocks.run(2000)
    rig.run(after)


def test_a_clock_set_while_the_keeper_was_dead_rings(rig: Rig, clocks: Clocks) -> None:
    async def after(asked: Asked) -> None:
        asked.keeper.now()
        assert await _noticed(asked)
        assert asked.alarms("clock-jump") == 1

    rig.run(lambda asked: living.snapshot_budget(asked.keeper))
    rig.killed(lambda asked: asked.person("gydytoja", "doctor"))
    clocks.run(1000)
    clocks.set(DAY)
    rig.run(after)


def test_budgets_do_not_refill(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        await asked.account("gydytoja", "doctor")
        account = asked.keeper.accounts.find("gydytoja")
        assert account is not None
        first = asked.keeper.now()
        clocks.run(1000)
        clocks.set(40 * DAY)
        second = asked.keeper.now()
        assert second.budget_ms - first.budget_ms == 1000
        clocks.set(-80 * DAY)
        third = asked.keeper.now()
        assert third.budget_ms == second.budget_ms
        assert await _noticed(asked)

    rig.run(deed)


def test_an_alarm_is_told_although_the_clock_went_back() -> None:
    book = AlarmBook(300)
    noon = 1_800_000_000_000
    alarm = new_alarm("stolen", 3, "x", account="a", session=b"", now_ms=noon)
    note = new_alarm("note", 1, "x", account="a", session=b"", now_ms=noon)
    book.put(alarm)
    book.put(note)
    assert [one.kind for one in book.due(noon - 365 * DAY)] == ["stolen", "note"]
    for one in (alarm, note):
        book.put(book.told(one, ("log",), noon))
    assert book.due(noon + 299_999) == []
    assert [one.kind for one in book.due(noon - DAY)] == ["stolen"], "a note is told once"
    book.put(book.told(alarm, ("log",), noon - DAY))
    assert book.due(noon - DAY) == []
    assert [one.kind for one in book.due(noon - DAY + 300_000)] == ["stolen"]


def test_an_alarm_from_the_future_keeps_no_other_quiet() -> None:
    book = AlarmBook(300)
    noon = 1_800_000_000_000
    book.put(new_alarm("stolen", 3, "x", account="a", session=b"", now_ms=noon))
    assert book.same_live("stolen", "a", noon - 600_000, noon) is not None
    assert book.same_live("stolen", "a", noon - DAY - 600_000, noon - DAY) is None
    assert book.same_live("stolen", "b", noon - 600_000, noon) is None


def test_alarms_pass_from_person_to_person_until_someone_answers() -> None:
    book = AlarmBook(300)
    noon = 1_800_000_000_000
    alarm = new_alarm("stolen", 3, "x", account="a", session=b"", now_ms=noon)
    quiet = msgspec.structs.replace(new_alarm("odd", 2, "y", account="a", session=b"", now_ms=noon - 1))
    book.load([alarm, quiet])
    for level in range(4):
        now = noon + level * 300_000
        due = book.due(now)
        assert [one.kind for one in due] == ["stolen", "odd"], "the loudest first"
        assert [one.level for one in due] == [level, level]
        for one in due:
            book.put(book.told(one, (f"mail:{level + 1}",), now))
        assert book.due(now + 299_999) == []
    answered = book.get(alarm.id)
    assert answered is not None
    assert answered.delivered == ("mail:1", "mail:2", "mail:3", "mail:4")
    book.put(book.acknowledged(answered, "pareigune", noon + HOUR))
    assert [one.kind for one in book.due(noon + 10 * DAY)] == ["odd"]
    assert book.stale(noon + 80 * DAY) == []
    assert [one.kind for one in book.stale(noon + 91 * DAY + HOUR)] == ["stolen"]
