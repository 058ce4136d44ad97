"""Announcing on desks, raising and refunding budgets, people's accounts: what one alone cannot do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Rig

from seifas.errors import Conflict, Invalid, Missing, Refused, StepUp
from seifas.keeper.identity.approvals import Policy
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.settings_shown import rows
from seifas.settings import Clinic, Settings

_DAY = 86_400_000
_Deed = Callable[[Asked], Awaitable[None]]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def _age(asked: Asked, *names: str, days: int = 400) -> None:
    """Makes accounts old: what is young counts for nothing."""
    for name in names:
        one = asked.keeper.accounts.find(name)
        assert one is not None
        old = {"created_ms": one.created_ms - days * _DAY, "hats_since_ms": one.hats_since_ms - days * _DAY}
        asked.keeper.accounts.put(type(one)(**{**{f: getattr(one, f) for f in one.__struct_fields__}, **old}))


async def _asked_to_erase(asked: Asked) -> tuple[str, bytes]:
    asked.keeper.approvals.policy = Policy(gestures=False)
    doctor = await asked.person("ona", "doctor")
    patient = await asked.create(doctor, "Patient", name=[{"family": "Trinamasis"}])
    officer = await asked.person("guard", "officer")
    await asked.person("clerk", "reception")
    await asked.person("nurse", "nurse")
    await asked.person("second", "officer")
    _age(asked, "ona", "guard", "clerk", "nurse", "second")
    made = await asked.desk("erase.ask", session=officer, patient=patient, ground="patient-asked")
    assert made["ripens"]
    return officer, made["id"]


def test_two_who_read_it_announce_an_erasure_and_one_rogue_does_not(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        officer, ident = await _asked_to_erase(asked)

        def announced() -> int:
            return asked.keeper.approvals.get(ident).announced_ms

        # The asker reads it as often as he likes.
        assert (await asked.desk("notice.seen", session=officer, id=ident))["counts"] is False
        # Puppets made for it, this morning, count for nothing.
        for name in ("lele", "lele2"):
            puppet = await asked.person(name, "doctor")
            assert (await asked.desk("notice.seen", session=puppet, id=ident))["counts"] is False
        clerk = await asked.sign_in("clerk")
        assert (await asked.desk("session.who", session=clerk))["notices"] == 1
        assert (await asked.desk("notice.seen", session=clerk, id=ident)) == {"counts": True, "announced": False}
        assert (await asked.desk("session.who", session=clerk))["notices"] == 0
        # The same person twice is one; two who could refuse nothing are not enough.
        await asked.desk("notice.seen", session=clerk, id=ident)
        nurse = await asked.sign_in("nurse")
        assert (await asked.desk("notice.seen", session=nurse, id=ident))["announced"] is False
        assert announced() == 0
        # A doctor could: with whom the announcement stands, and the 72 hours begin.
        ona = await asked.sign_in("ona")
        assert (await asked.desk("notice.seen", session=ona, id=ident))["announced"] is True
        assert announced() > 0
        listed = await asked.desk("erase.list", session=officer)
        assert listed["requests"][0]["channels"] == ["desk"]
        assert listed["requests"][0]["not_before_ms"] - announced() == 72 * 3_600_000
        # Two people's yes, and still nothing happens before the time.
        second = await asked.sign_in("second")
        assert (await asked.desk("approval.decide", session=second, id=ident, approve=True))["state"] == "pending"
        with pytest.raises(Refused):  # reception could not stop it, a doctor can
            await asked.desk("notice.refuse", session=clerk, id=ident)
        await asked.desk("notice.refuse", session=ona, id=ident, word="Vyksta byla")
        assert asked.keeper.approvals.get(ident).word == "Vyksta byla"
        with pytest.raises(Conflict):
            await asked.desk("notice.seen", session=clerk, id=ident)

    rig.run(deed)


def test_who_has_a_passkey_touches_it_to_have_read(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        _, ident = await _asked_to_erase(asked)
        key = await asked.enrol("ona")
        ona = await asked.by_passkey(key)
        with pytest.raises(StepUp) as caught:
            await asked.desk("notice.seen", session=ona, id=ident)
        assert caught.value.where == request_digest("notice.seen", {"id": ident}).hex()
        assert asked.keeper.approvals.get(ident).seen == ()
        for wrong in (bytes(16), b""):
            with pytest.raises(Missing):
                await asked.desk("notice.seen", session=ona, id=wrong)

    rig.run(deed)


def test_a_bound_is_raised_by_two_and_seen_on_the_bars(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        asked.keeper.approvals.policy = Policy(gestures=False, seasoned_ms=0)
        officer = await asked.person("guard", "officer")
        await asked.account("ona", "doctor")
        asking = {"session": officer, "bound": "warm_cards", "account": "ona", "by": 40, "days": 3}
        for wrong in ({"bound": "glass_account"}, {"by": 0}, {"by": 5000}, {"days": 31}, {"account": ""}):
            with pytest.raises(Invalid):
                await asked.desk("budget.raise_ask", **{**asking, **wrong})
        ident = (await asked.desk("budget.raise_ask", **asking))["id"]
        with pytest.raises(Refused):
            await asked.desk("approval.decide", session=officer, id=ident, approve=True)
        boss = await asked.person("boss", "administrator")
        assert (await asked.desk("approval.decide", session=boss, id=ident, approve=True))["state"] == "done"

    async def later(asked: Asked) -> None:
        officer = await asked.sign_in("guard")
        told = await asked.desk("budget.people", session=officer)
        bars = {bar["bound"]: bar for one in told["people"] if one["name"] == "ona" for bar in one["bars"]}
        assert bars["warm_cards"]["most"] == 240  # it stands in the log: the restart knows it
        assert bars["warm_cards"]["raised"] == 40
        for hat in ("doctor", "administrator", "auditor"):
            other = await asked.person(f"x.{hat}", hat)
            with pytest.raises(Refused):
                await asked.desk("budget.people", session=other)

    rig.run(deed)
    rig.run(later)


def test_a_stopped_session_is_refunded_once_a_day(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        officer = await asked.person("guard", "officer")
        doctor = await asked.person("ona", "doctor")
        mine = (await asked.desk("session.who", session=doctor))["session_id"]
        with pytest.raises(Refused):  # it is not stopped
            await asked.desk("budget.refund_session", session=officer, id=mine)
        await asked.desk("budget.suspend", session=officer, account="ona")
        await asked.desk("budget.refund_session", session=officer, id=mine)
        with pytest.raises(Missing):  # ended with it
            await asked.desk("budget.refund_session", session=officer, id=mine)
        with pytest.raises(Refused):  # and who refunded does not release today
            await asked.desk("budget.release", session=officer, account="ona")

    rig.run(deed)


def test_hats_taken_end_their_sessions_and_shutting_ends_all(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        boss = await asked.person("boss", "administrator")
        await asked.account("nurse", "nurse", "reception")
        nurse = await asked.sign_in("nurse")
        await asked.desk("account.hats", session=boss, account="nurse", hats=["reception"])
        with pytest.raises(Refused):
            await asked.desk("session.left", session=nurse)
        again = await asked.sign_in("nurse")
        assert (await asked.desk("session.who", session=again))["hat"] == "reception"
        link = await asked.desk("account.invite", session=boss, account="nurse")
        await asked.desk("account.shut", session=boss, account="nurse", shut=True)
        with pytest.raises(Refused):
            await asked.desk("session.who", session=again)
        with pytest.raises(Refused):  # the link went with it
            await asked.desk("session.invite", token=link["token"], address="127.0.0.1")
        with pytest.raises(Refused):
            await asked.desk("account.invite", session=boss, account="nurse")
        with pytest.raises(Refused):  # not one's own
            await asked.desk("account.shut", session=boss, account="boss", shut=True)
        await asked.desk("account.shut", session=boss, account="nurse", shut=False)
        for wrong in ({"account": "x"}, {"display": ""}, {"hats": ["machine"]}, {"hats": ["king"]},
                      {"hats": ["outside", "doctor"]}):  # fmt: skip
            sent: dict[str, Any] = {"account": "naujas", "display": "Naujas", "hats": ["nurse"], **wrong}
            with pytest.raises(Invalid):
                await asked.desk("account.add", session=boss, **sent)
        with pytest.raises(Conflict):
            await asked.desk("account.add", session=boss, account="NURSE", display="Kita", hats=["nurse"])
        for hat in ("officer", "doctor", "reception", "auditor"):
            other = await asked.person(f"s.{hat}", hat)
            with pytest.raises(Refused):
                await asked.desk("account.add", session=other, account="z.z", display="Z", hats=["nurse"])

    rig.run(deed)


def test_settings_are_shown_with_what_is_looser_and_without_tokens() -> None:
    base = Settings(clinic=Clinic(id="00" * 16))
    assert not any(one["changed"] or one["looser"] for one in rows(base))
    budget = type(base.budget)(cold_account_month=900, glass_kept=5, visit_days=7, month_days=40)
    alarms = type(base.alarms)(webhook=("https://hooks.example/T0KEN/secret",))
    told = {(one["section"], one["key"]): one for one in rows(Settings(base.clinic, budget=budget, alarms=alarms))}
    assert {key for (_, key), one in told.items() if one["looser"]} == {"cold_account_month", "glass_kept"}
    assert told["budget", "visit_days"]["changed"]
    assert told["budget", "visit_days"]["what"].startswith("A visit keeps")
    assert "T0KEN" not in str(told)
    assert "hooks.example" in told["alarms", "webhook"]["value"]
