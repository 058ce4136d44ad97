"""The administrator turns on the clinic, at the desk and at the machine: he stays alone, he is seen, all is undone.

Root on a running, unlocked server reads memory, and nobody claims otherwise (docs/threat-model.md). What is claimed is
tested here: without a second person nothing irreversible, no second person made of himself, nothing in silence.
"""

from __future__ import annotations

import asyncio
import os
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

from keeper_rig import Asked, Clocks, Rig

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.errors import Invalid, Refused, SeifasError, SignIn, StepUp
from seifas.keeper.door import OPS
from seifas.keeper.identity import machine
from seifas.keeper.keeper import Keeper
from seifas.keeper.log_reading import lines_back
from seifas.settings import replaced

DAY = 86_400_000


class Clinic:
    """A working clinic: an officer, an administrator who will go bad, a doctor with patients; two days old."""

    def __init__(self, asked: Asked, clocks: Clocks) -> None:
        self.asked = asked
        self.clocks = clocks
        self.keys: dict[str, SoftAuthenticator] = {}
        self.patients: list[bytes] = []

    async def open(self) -> Clinic:
        asked = self.asked
        for name, hats in (("pareigune", ("officer",)), ("adminas", ("administrator",)), ("gydytoja", ("doctor",))):
            await asked.account(name, *hats)
        for name in ("pareigune", "adminas", "gydytoja"):
            self.keys[name] = await asked.enrol(name)
        doctor = await asked.by_passkey(self.keys["gydytoja"])
        for number in range(3):
            self.patients.append(await asked.create(doctor, "Patient", name=[{"family": f"Pacientas{number}"}]))
        self.clocks.run(2 * DAY)
        return self

    async def session(self, name: str) -> str:
        return await self.asked.by_passkey(self.keys[name])

    def rang(self, kind: str) -> int:
        return max((alarm.severity for alarm in self.asked.keeper.alarms.all() if alarm.kind.startswith(kind)),
                   default=0)


def _bodies(asked: Asked, clinic: Clinic) -> list[Any]:
    return [asked.bodies(patient) for patient in clinic.patients]


def test_he_makes_no_second_person_of_himself(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        made = await asked.admin("account_add", name="antras", display="Antras",
                                 hats=("officer", "administrator", "doctor"))
        assert made["hats"] == ["doctor"], "hats that approve wait for two people"
        assert clinic.rang("approval:") >= 2
        clocks.run(2 * DAY)
        his = await clinic.session("adminas")
        assert await asked.approve(his, clinic.keys["adminas"], made["approval"]) == "pending"
        second = await asked.enrol("antras")
        clocks.run(2 * DAY)
        for session in (await clinic.session("adminas"), await asked.by_passkey(second)):
            with pytest.raises(SeifasError):
                await asked.approve(session, clinic.keys["adminas"], made["approval"])
        account = asked.keeper.accounts.find("antras")
        assert account is not None
        assert [hat.value for hat in account.hats] == ["doctor"]
        with pytest.raises(Refused):
            await asked.desk("session.hat", session=await asked.by_passkey(second), hat="officer")
        # The officer sees what it is about, and says no; or else, knowing the person, yes.
        officer = await clinic.session("pareigune")
        (row,) = await asked.desk("approval.list", session=officer)
        assert row["about"] == "antras: administrator, doctor, officer"
        assert await asked.approve(officer, clinic.keys["pareigune"], made["approval"]) == "done"
        account = asked.keeper.accounts.find("antras")
        assert account is not None
        assert {hat.value for hat in account.hats} == {"administrator", "doctor", "officer"}

    rig.run(deed)


def test_before_there_is_an_officer_the_first_ones_are_simply_made(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        for name, hats in (("a1", ("administrator",)), ("o1", ("officer",)), ("o2", ("officer", "doctor"))):
            assert (await asked.admin("account_add", name=name, display=name, hats=hats))["approval"] == b""

    rig.run(deed)


def test_a_name_given_with_by_is_nobodys_yes(rig: Rig, clocks: Clocks) -> None:
    """`client add --by pareigune`: whoever types a name at the machine is not that person."""

    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        made = await asked.admin("client_add", name="siurblys", per_day=100_000, by="pareigune")
        his = await clinic.session("adminas")
        assert await asked.approve(his, clinic.keys["adminas"], made["approval"]) == "pending"
        client = asked.keeper.clients.get(made["client_id"])
        assert client.disabled
        assert client.effective_per_day <= 200
        officer = await clinic.session("pareigune")
        assert (await asked.desk("approval.list", session=officer))[0]["about"].startswith("siurblys: 100000")
        assert await asked.approve(officer, clinic.keys["pareigune"], made["approval"]) == "done"
        client = asked.keeper.clients.get(made["client_id"])
        assert not client.disabled
        assert client.effective_per_day == 100_000

    rig.run(deed)


def test_many_small_programs_are_one_large_one(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        made = [await asked.admin("client_add", name=f"mažas{n}", per_day=80) for n in range(6)]
        open_now = [one for one in made if not asked.keeper.clients.get(one["client_id"]).disabled]
        assert len(open_now) == 2
        assert sum(one["effective_per_day"] for one in made) <= machine.UNAPPROVED_PER_DAY
        assert clinic.rang("client-added") == 1
        assert clinic.rang("approval:") == 2
        await asked.admin("client_disable", name=open_now[0]["client_id"])
        again = await asked.admin("client_add", name="dar", per_day=80)
        assert not asked.keeper.clients.get(again["client_id"]).disabled

    rig.run(deed)


def test_who_is_shut_out_comes_back_and_it_rang(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        before = _bodies(asked, clinic)
        doctor = await clinic.session("gydytoja")
        await asked.admin("account_disable", name="gydytoja")
        for name in ("pareigune", "adminas"):
            with pytest.raises(Refused):
                await asked.admin("account_disable", name=name)  # the last of their hat
        assert clinic.rang("account-disabled") == 1
        with pytest.raises(SignIn):
            await asked.desk("patient.search", session=doctor, name="Pac")
        with pytest.raises(SeifasError):
            await clinic.session("gydytoja")
        await asked.admin("account_enable", name="gydytoja")
        doctor = await clinic.session("gydytoja")
        assert len(await asked.desk("patient.search", session=doctor, name="Pac")) == 3
        assert _bodies(asked, clinic) == before
        assert clinic.rang("account-enabled") == 1

    rig.run(deed)


def test_an_officer_who_is_shut_out_rings_louder(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        for name in ("o1", "o2"):
            await asked.account(name, "officer")
        clinic = await Clinic(asked, clocks).open()
        await asked.admin("account_disable", name="o1")
        assert clinic.rang("account-disabled") == 2
        await asked.admin("account_enable", name="o1")
        account = asked.keeper.accounts.find("o1")
        assert account is not None
        assert account.hats_since_ms == asked.keeper.now().wall_ms, "who is let in again approves nothing for a day"

    rig.run(deed)


def test_he_signs_in_as_nobody_who_approves_and_as_a_doctor_not_in_silence(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        for name in ("pareigune", "adminas"):
            with pytest.raises(Refused):
                await asked.admin("login_link", name=name)
        session = await asked.sign_in("gydytoja")
        assert clinic.rang("login-link") == 2
        with pytest.raises(Refused):  # and the stolen session gives itself no passkey, with which it could do more
            await asked.add_passkey(session)

    rig.run(deed)


def test_an_officer_taken_over_by_invitation_rings_and_approves_nothing_for_a_day(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        made = await asked.admin("client_add", name="siurblys", per_day=50_000)
        token = (await asked.admin("invite", name="pareigune"))["token"]
        assert clinic.rang("invited-again") == 2
        taken = (await asked.desk("session.invite", token=token, address=""))["token"]
        with pytest.raises(SeifasError):
            await asked.desk("approval.list", session=taken)
        with pytest.raises(Refused):
            await asked.add_passkey(taken)  # there is one already: it has to be touched first
        # Even with the officer's own passkey in his hand: the account was invited anew, so its hats are fresh.
        officer = await clinic.session("pareigune")
        with pytest.raises(Refused, match="less than a day ago"):
            await asked.approve(officer, clinic.keys["pareigune"], made["approval"])
        clocks.run(DAY)
        officer = await clinic.session("pareigune")
        assert await asked.approve(officer, clinic.keys["pareigune"], made["approval"]) == "pending"

    rig.run(deed)


def test_an_import_overwrites_and_deletes_nothing(rig: Rig, clocks: Clocks) -> None:
    """It is nobody's account, whose changes an officer could undo, and spends no budget."""

    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        before = _bodies(asked, clinic)
        victim = clinic.patients[0]
        body = b'{"resourceType":"Patient","id":"%s"}' % victim.hex().encode()
        for op, expect, content in (("update", 1, body), ("delete", 1, b""), ("create", 0, body), ("create", 1, body)):
            change = {"op": op, "type": "Patient", "id": victim, "patient": victim, "expect": expect, "body": content}
            with pytest.raises(SeifasError):
                await asked.admin("import", changes=[change])
        assert _bodies(asked, clinic) == before

    rig.run(deed)


def test_he_erases_nobody(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        victim = clinic.patients[0]
        with pytest.raises(Refused):
            await asked.admin("erase_now", patient=victim)
        told = await asked.admin("erase_ask", patient=victim, by="pareigune", ground="mistake")
        assert clinic.rang("approval:") == 2
        his = await clinic.session("adminas")
        with pytest.raises(SeifasError):
            await asked.approve(his, clinic.keys["adminas"], told["id"])
        clocks.run(3 * DAY)
        clocks.set(30 * DAY)
        asked.keeper.now()
        await asyncio.sleep(0)
        assert (await asked.admin("erase_status", patient=victim))["state"] == "asked"
        officer = await clinic.session("pareigune")
        decided = await asked.desk("approval.decide", session=officer, id=told["id"], approve=False)
        assert decided["state"] == "refused"
        assert asked.bodies(victim)

    rig.run(deed)


def test_settings_make_no_demo_of_a_vault_and_a_changed_budget_rings(rig: Rig, clocks: Clocks) -> None:
    rig.run(lambda asked: Clinic(asked, clocks).open())
    true = rig.settings
    rig.settings = replaced(true, demo=True)
    with pytest.raises(Refused, match="demo"):
        rig.run(lambda asked: asyncio.sleep(0))
    budget = msgspec.structs.replace(true.budget, cold_clinic_day=100_000, cold_account_day=50_000,
                                     cold_account_month=90_000)
    rig.settings = replaced(true, budget=budget)

    async def look(asked: Asked) -> int:
        return asked.alarms("settings-changed")

    assert rig.run(look) == 1
    rig.settings = true


_SEES = ("patient.", "record.", "worklist.", "glass.", "schedule.", "photo.", "hold.", "change.", "budget.", "audit.",
         "erase.", "incident.")
_WATCHES = ("session.all", "session.thaw", "alarm.acknowledge")


def _plausible(kind: Any, session: str, name: str = "") -> Any:
    """A value of a type that an op takes."""
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {
            field: _plausible(found, session, field) for field, found in typing.get_type_hints(kind).items()
        }
    if origin in (typing.Union, types.UnionType):
        return _plausible(typing.get_args(kind)[0], session, name)
    if origin is tuple:
        return [_plausible(typing.get_args(kind)[0], session)]
    return {"session": session}.get(name, {str: "x", bytes: os.urandom(16), int: 1, bool: True}.get(kind))


def _ops() -> Iterator[tuple[str, type]]:
    for name, op in sorted(OPS.table.items()):
        if "desk" in op.roles and (name.startswith(_SEES) or name in _WATCHES):
            yield name, op.decoder.type


def test_his_hat_sees_no_patient_and_undoes_nobodys_watch(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Clinic(asked, clocks).open()
        tried = 0
        for name, kind in _ops():
            his = await clinic.session("adminas")
            with pytest.raises((Refused, Invalid)) as caught:
                await asked.desk(name, **_plausible(kind, his))
            assert not isinstance(caught.value, SignIn | StepUp), name
            tried += isinstance(caught.value, Refused)
        assert tried >= 20
        his = await clinic.session("adminas")
        for hat in ("officer", "doctor", "auditor", "machine"):
            with pytest.raises(Refused):
                await asked.desk("session.hat", session=his, hat=hat)
        # What he may look at names no patient.
        for name in ("account.list", "approval.list", "alarm.list", "session.list"):
            assert "Pacientas" not in str(await asked.desk(name, session=his))

    rig.run(deed)


def test_everything_he_did_stands_in_the_log(rig: Rig, clocks: Clocks) -> None:
    notes: list[str] = []

    async def deed(asked: Asked) -> None:
        await Clinic(asked, clocks).open()
        await asked.admin("account_add", name="antras", display="x", hats=("officer",))
        await asked.admin("client_add", name="siurblys", per_day=100)
        await asked.admin("client_add", name="didelis", per_day=5000)
        await asked.admin("login_link", name="gydytoja")
        await asked.admin("invite", name="pareigune")
        await asked.admin("account_disable", name="gydytoja")
        await asked.admin("account_enable", name="gydytoja")
        opened = asked.keeper.require_unlocked()
        opened.audit.publish(opened.state)

    async def read(asked: Asked) -> None:
        keeper: Keeper = asked.keeper
        notes.extend([line.note async for _, line in lines_back(keeper)])

    rig.run(deed)
    rig.run(read)
    for note in ("added-waits", "added", "added-waits-for-approval", "login", "invite", "disabled", "enabled"):
        assert note in notes, note
