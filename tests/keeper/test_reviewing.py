"""Break-the-glass: reviewed by an officer, confirmed by a colleague past the limit, answered by who used it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Rig

from seifas.errors import Conflict, Invalid, Missing, Refused, StepUp
from seifas.keeper.budget.limits import Limits
from seifas.keeper.identity.approvals import Policy
from seifas.keeper.identity.gestures import request_digest

OLD = Policy(gestures=True, seasoned_ms=0, removed_ms=0)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault", budget=Limits(own_link_hours=24))


async def _touch(asked: Asked, session: str, passkey: Any, digest: bytes) -> None:
    begun = await asked.desk("stepup.begin", session=session, digest=digest)
    made = passkey.get(begun["options"], asked.keeper.settings.origins[0])
    await asked.desk("stepup.finish", session=session, handle=begun["handle"], credential=made)


async def _patients(asked: Asked, number: int) -> list[bytes]:
    """Registered by somebody else, long enough ago to be nobody's new patient."""
    clerk = await asked.person("clerk", "reception")
    found = [await asked.create(clerk, "Patient", name=[{"family": f"Skubi{at}"}]) for at in range(number)]
    vault = asked.keeper.require_unlocked().vault
    asked.keeper.ledger._books.clinic.registered.__init__(1)  # the day after
    assert all(one in vault.heads for one in found)
    return found


async def _break(asked: Asked, session: str, passkey: Any, patient: bytes) -> None:
    try:
        await asked.desk("glass.break", session=session, patient=patient, reason="Alpsta laukiamajame")
    except StepUp as error:
        await _touch(asked, session, passkey, bytes.fromhex(error.where))
        await asked.desk("glass.break", session=session, patient=patient, reason="Alpsta laukiamajame")


def test_each_use_is_reviewed_asked_about_and_answered(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        patient = (await _patients(asked, 1))[0]
        await asked.account("ona", "doctor")
        key = await asked.enrol("ona")
        ona = await asked.by_passkey(key)
        officer = await asked.person("guard", "officer")
        await _break(asked, ona, key, patient)
        listed = await asked.desk("review.list", session=officer)
        assert [(one["account"], one["hat"], one["reason"], one["state"]) for one in listed] == [
            ("ona", "doctor", "Alpsta laukiamajame", "waiting")
        ]
        assert patient not in [one["patient"] for one in listed]  # a pseudonym, as in the log
        ident = listed[0]["id"]
        with pytest.raises(Invalid):
            await asked.desk("review.decide", session=officer, id=ident, verdict="maybe")
        with pytest.raises(Invalid):  # a question has words
            await asked.desk("review.decide", session=officer, id=ident, verdict="ask")
        await asked.desk("review.decide", session=officer, id=ident, verdict="ask", word="Kas nutiko?")
        assert (await asked.desk("session.who", session=ona))["notices"] == 1
        mine = await asked.desk("review.mine", session=ona)
        assert mine[0]["said"][0]["word"] == "Kas nutiko?"
        await asked.desk("review.answer", session=ona, id=ident, word="Nualpo, reikėjo alergijų")
        with pytest.raises(Conflict):
            await asked.desk("review.answer", session=ona, id=ident, word="ir dar")
        await asked.desk("review.decide", session=officer, id=ident, verdict="justified")
        with pytest.raises(Conflict):
            await asked.desk("review.decide", session=officer, id=ident, verdict="not-justified", word="ne")

    async def later(asked: Asked) -> None:
        officer = await asked.sign_in("guard")
        kept = (await asked.desk("review.list", session=officer))[0]
        assert kept["state"] == "justified"
        assert [one["what"] for one in kept["said"]] == ["ask", "answer", "justified"]

    rig.run(deed)
    rig.run(later)


def test_nobody_reviews_their_own_and_others_see_none(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        patient = (await _patients(asked, 1))[0]
        await asked.account("both", "doctor", "officer")
        key = await asked.enrol("both")
        both = await asked.by_passkey(key)
        await asked.desk("session.hat", session=both, hat="doctor")
        await _break(asked, both, key, patient)
        await asked.desk("session.hat", session=both, hat="officer")
        ident = (await asked.desk("review.list", session=both))[0]["id"]
        with pytest.raises(Refused):
            await asked.desk("review.decide", session=both, id=ident, verdict="justified")
        for hat in ("doctor", "nurse", "reception", "administrator", "auditor"):
            other = await asked.person(f"o.{hat}", hat)
            for op, more in (("review.list", {}), ("review.decide", {"id": ident, "verdict": "justified"})):
                with pytest.raises(Refused):
                    await asked.desk(op, session=other, **more)
        nurse = await asked.sign_in("o.nurse")
        assert await asked.desk("review.mine", session=nurse) == []
        with pytest.raises(Missing):
            await asked.desk("review.answer", session=nurse, id=ident, word="tai ne aš")

    rig.run(deed)


def test_past_the_limit_a_colleague_confirms_with_a_passkey(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        asked.keeper.approvals.policy = OLD
        patients = await _patients(asked, 5)
        await asked.account("ona", "doctor")
        key = await asked.enrol("ona")
        ona = await asked.by_passkey(key)
        for patient in patients[:3]:
            await _break(asked, ona, key, patient)
        fourth = patients[3]
        with pytest.raises(Refused) as caught:
            await _break(asked, ona, key, fourth)
        assert not isinstance(caught.value, StepUp)
        ident = (await asked.desk("glass.ask", session=ona, patient=fourth, reason="Dar vienas"))["id"]
        with pytest.raises(Conflict):
            await asked.desk("glass.ask", session=ona, patient=fourth, reason="Dar vienas")
        with pytest.raises(Refused):  # nobody confirms their own
            await asked.desk("glass.confirm", session=ona, id=ident, approve=True)
        await asked.account("jonas", "nurse")
        other = await asked.enrol("jonas")
        jonas = await asked.by_passkey(other)
        waiting = await asked.desk("glass.waiting", session=jonas)
        assert [(one["account"], one["reason"]) for one in waiting] == [("ona", "Dar vienas")]
        assert fourth not in waiting[0].values()
        assert fourth.hex() not in str(waiting)
        with pytest.raises(StepUp):
            await asked.desk("glass.confirm", session=jonas, id=ident, approve=True)
        await _touch(asked, jonas, other, waiting[0]["digest"])
        await asked.desk("glass.confirm", session=jonas, id=ident, approve=True)
        with pytest.raises(Refused):  # confirmed for that patient, not for another
            await _break(asked, ona, key, patients[4])
        await _break(asked, ona, key, fourth)
        officer = await asked.person("guard", "officer")
        newest = (await asked.desk("review.list", session=officer))[0]
        assert newest["second"] == "jonas"
        with pytest.raises(Refused):  # spent
            await asked.desk("glass.confirm", session=jonas, id=ident, approve=True)

    rig.run(deed)


def test_a_gesture_for_another_request_confirms_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        asked.keeper.approvals.policy = OLD
        patient = (await _patients(asked, 1))[0]
        await asked.account("ona", "doctor")
        key = await asked.enrol("ona")
        ona = await asked.by_passkey(key)
        ident = (await asked.desk("glass.ask", session=ona, patient=patient, reason="Skubu"))["id"]
        await asked.account("jonas", "nurse")
        other = await asked.enrol("jonas")
        jonas = await asked.by_passkey(other)
        await _touch(asked, jonas, other, request_digest("glass", {"patient": patient}))
        with pytest.raises(StepUp):
            await asked.desk("glass.confirm", session=jonas, id=ident, approve=True)
        await asked.desk("glass.confirm", session=jonas, id=ident, approve=False, word="Nepažįstu")
        with pytest.raises((Conflict, StepUp)):
            await asked.desk("glass.confirm", session=jonas, id=ident, approve=True)

    rig.run(deed)
