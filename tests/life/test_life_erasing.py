"""Erasing: who has to agree, what stands against it, and what is left of a patient afterwards."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import msgspec
import pytest
from keeper_rig import Clocks
from life_clinic import Clinic
from life_inside import MACHINE, inside

from seifas.audit.checkpoint import parse_checkpoint
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused
from seifas.keeper import certifying, erasing, holding, sealing, tombstones
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import State
from seifas.keeper.identity.hats import Hat
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.schedule import pages
from seifas.keeper.scheduling import page_row
from seifas.settings import Retention

HOUR_MS = 3_600_000


def run(coroutine):
    return asyncio.run(coroutine)


def some_patient(keeper: Keeper, number: int = 0) -> bytes:
    return sorted(patient for patient in keeper.require_unlocked().vault.heads if patient != CLINIC)[number]


async def ask(keeper: Keeper, patient: bytes) -> bytes:
    asked = await erasing.ask_at_machine(keeper, MACHINE, erasing.AskAtMachine(patient, "officer", "patient-asked"))
    return asked["id"]


def say_yes(keeper: Keeper, ident: bytes, name: str) -> None:
    account = keeper.accounts.find(name)
    approvals.approve(
        keeper.approvals, ident, account=account, hat=account.hats[0], gesture=None, accounts=keeper.accounts,
        now_ms=keeper.now().wall_ms,
    )


def announce(keeper: Keeper, ident: bytes, hours_ago: float) -> None:
    """As if it had been announced on two channels so many hours ago."""
    now = keeper.now().wall_ms
    for channel in ("mail", "webhook"):
        request = approvals.announce(keeper.approvals, ident, channel=channel, now_ms=now)
    keeper.approvals.put(msgspec.structs.replace(request, announced_ms=now - int(hours_ago * HOUR_MS)))


def settle(keeper: Keeper) -> None:
    for request in keeper.approvals:
        approvals.settle(keeper.approvals, request.id, accounts=keeper.accounts, now_ms=keeper.now().wall_ms)


def test_two_people_and_three_days_erase(clinic: Clinic) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            patient = some_patient(keeper)
            ident = await ask(keeper, patient)
            say_yes(keeper, ident, "officer")
            announce(keeper, ident, hours_ago=71)
            settle(keeper)
            await erasing.carry_out(keeper)
            assert patient in keeper.open.vault.heads, "one person is not two"
            say_yes(keeper, ident, "medic")
            settle(keeper)
            await erasing.carry_out(keeper)
            assert patient in keeper.open.vault.heads, "71 hours are not 72"
            announce_again = keeper.approvals.get(ident)
            keeper.approvals.put(
                msgspec.structs.replace(announce_again, announced_ms=announce_again.announced_ms - 2 * HOUR_MS)
            )
            settle(keeper)
            await erasing.carry_out(keeper)
            assert patient not in keeper.open.vault.heads
            assert keeper.approvals.get(ident).state is State.DONE
            told = await erasing.status(keeper, MACHINE, erasing.OfPatient(patient))
            assert tuple(told["certificate"]["approved_by"]) == ("officer", "medic")
            assert told["certificate"]["asked_by"] == "officer"

    run(story())


def test_two_doctors_without_the_officer_do_not_erase(clinic: Clinic) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            patient = some_patient(keeper)
            ident = await ask(keeper, patient)
            say_yes(keeper, ident, "medic")
            with pytest.raises(Refused):
                say_yes(keeper, ident, "boss")  # an administrator's hat decides nothing about patients
            announce(keeper, ident, hours_ago=100)
            settle(keeper)
            await erasing.carry_out(keeper)
            assert patient in keeper.open.vault.heads

    run(story())


def test_anyone_entitled_stops_it_until_it_is_done(clinic: Clinic) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            patient = some_patient(keeper)
            ident = await ask(keeper, patient)
            say_yes(keeper, ident, "officer")
            say_yes(keeper, ident, "medic")
            announce(keeper, ident, hours_ago=73)
            settle(keeper)
            assert keeper.approvals.get(ident).state is State.APPROVED
            medic = keeper.accounts.find("medic")
            approvals.refuse(keeper.approvals, ident, account=medic, hat=Hat.DOCTOR, now_ms=keeper.now().wall_ms)
            await erasing.carry_out(keeper)
            assert patient in keeper.open.vault.heads

    run(story())


def test_a_hold_and_the_years_of_keeping_refuse_with_the_reason(clinic: Clinic) -> None:
    clinic.set(retention=Retention(years=15))

    async def story() -> None:
        async with inside(clinic) as keeper:
            patient = some_patient(keeper)
            with pytest.raises(Refused, match="kept until 2030-03-04"):  # 15 years from the visit of 2015
                await ask(keeper, patient)
            keeper.settings = msgspec.structs.replace(keeper.settings, retention=Retention(years=0))
            await holding.set_at_machine(keeper, MACHINE, holding.SetHold(patient, "a court asked for the record"))
            with pytest.raises(Refused, match="legal hold"):
                await ask(keeper, patient)
            with pytest.raises(Conflict):
                await holding.set_at_machine(keeper, MACHINE, holding.SetHold(patient, "again"))
            assert holding.why_held(keeper, keeper.holds[patient]) == "a court asked for the record"

    run(story())

    async def next_day() -> None:
        async with inside(clinic) as keeper:
            keeper.settings = msgspec.structs.replace(keeper.settings, retention=Retention(years=10))
            patient = some_patient(keeper)
            assert patient in keeper.holds, "a hold survives a restart"
            await holding.clear_at_machine(keeper, MACHINE, holding.ClearHold(patient, "the court is done"))
            await ask(keeper, patient)

    run(next_day())


def test_a_hold_set_after_the_approval_still_stops_it_and_rings(clinic: Clinic) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            patient = some_patient(keeper)
            ident = await ask(keeper, patient)
            say_yes(keeper, ident, "officer")
            say_yes(keeper, ident, "medic")
            announce(keeper, ident, hours_ago=73)
            settle(keeper)
            await holding.set_at_machine(keeper, MACHINE, holding.SetHold(patient, "a court asked for it"))
            await erasing.carry_out(keeper)
            assert patient in keeper.open.vault.heads
            assert any(alarm.kind == "erasure-waits" for alarm in keeper.alarms.all())

    run(story())


@pytest.mark.parametrize("minutes_up", [1, 90])
def test_it_is_carried_out_however_long_the_machine_runs(
    clinic: Clinic, clocks: Clocks, minutes_up: int
) -> None:
    """And one that was held is tried again an hour later, not sooner."""
    clocks.boot = minutes_up * 60 * 10**9

    async def story() -> None:
        async with inside(clinic) as keeper:
            patient = some_patient(keeper)
            ident = await ask(keeper, patient)
            say_yes(keeper, ident, "officer")
            say_yes(keeper, ident, "medic")
            announce(keeper, ident, hours_ago=73)
            settle(keeper)
            await holding.set_at_machine(keeper, MACHINE, holding.SetHold(patient, "a court asked for it"))
            await erasing.carry_out(keeper)
            await holding.clear_at_machine(keeper, MACHINE, holding.ClearHold(patient, "over"))
            for minutes, there in ((59, True), (2, False)):
                clocks.run(minutes * 60_000)
                await erasing.carry_out(keeper)
                assert (patient in keeper.open.vault.heads) is there

    run(story())


def test_what_is_left_of_an_erased_patient(clinic: Clinic) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            patient, other = some_patient(keeper), some_patient(keeper, 1)
            opened = keeper.open
            tag = opened.keyring.tag(patient)
            old_bundle = opened.keystore.get(tag)
            old_other = opened.keystore.get(opened.keyring.tag(other))
            page = pages.book(
                keeper.schedule.calendar.page(bytes(16), "2026-12-01"), entry_id=b"e" * 16,
                start_ms=int(datetime(2026, 12, 1, 9, tzinfo=UTC).timestamp() * 1000), minutes=30, patient=patient,
                by=b"a" * 16, now_ms=int(datetime(2026, 11, 30, tzinfo=UTC).timestamp() * 1000),
            )
            await keeper.commit([], [page_row(keeper, page), keeper.row(Kind.CANARY, patient, True)])
            keeper.schedule.put(page)
            keeper.canaries.add(patient)
            rows = [row for part in erasing.sweeping.rows_of(opened.vault, opened.vault.heads[patient]) for row in part]
            assert len(rows) >= 5  # four records and what does not fit into one row
            made = await erasing.erase(
                keeper, patient, "mistake", asked_by="officer", people=("officer", "medic"), request=None
            )
            assert made.number == 1
            assert made.rows == len(rows)
            assert made.generation == opened.keystore.generation == 2
            with pytest.raises(Missing):
                opened.keystore.get(tag)
            assert opened.keystore.get(opened.keyring.tag(other)) != old_other, "survivors are wrapped anew"
            assert old_bundle not in (clinic.data / "keys" / "keystore-000002.db").read_bytes()
            assert not (clinic.data / "keys" / "keystore-000001.db").exists()
            for row in rows:
                with pytest.raises(Missing):
                    opened.rows.get(row)
            assert keeper.directory.card(patient) is None
            assert keeper.schedule.calendar.of(patient) == []
            assert patient not in keeper.canaries
            assert opened.audit.tombstones.length == 1
            await erasing.carry_out(keeper)
            await keeper.sweeping
            assert _rows_of_anyone(keeper, patient) == [], "tables of contents of earlier versions are swept too"
            assert keeper.tombstones[tag].swept_ms > 0
            found = opened.vault.record(
                opened.vault.heads[other], next(iter(opened.vault.manifest(opened.vault.heads[other]).values()))
            )
            assert json.loads(found.body)["resourceType"] == "Patient"

    run(story())
    found = clinic.patients()
    assert len(found) == 11


def _rows_of_anyone(keeper: Keeper, patient: bytes) -> list[bytes]:
    keyring, rows = keeper.open.keyring, keeper.open.rows
    found = []
    for row in rows.ids():
        try:
            owner, _ = sealing.open_route(keyring.routes, keyring.clinic, row, rows.get(row))
        except Exception:
            continue
        if owner == patient:
            found.append(row)
    return found


def test_the_list_grows_is_signed_and_pinned_by_the_checkpoint(clinic: Clinic) -> None:
    async def story() -> tuple[list[tombstones.List], bytes, bytes]:
        lists = []
        async with inside(clinic) as keeper:
            public = keeper.open.audit.key.public
            for _ in range(2):
                await erasing.erase(
                    keeper, some_patient(keeper), "mistake", asked_by="x", people=("a", "b"), request=None
                )
                note = (clinic.data / "kit" / "tombstones.note").read_bytes()
                lists.append(tombstones.read(note, clinic=keeper.settings.clinic_id, public=public))
            return lists, public, keeper.open.audit.checkpoint

    (first, second), _, note = run(story())
    assert (first.mark.length, second.mark.length) == (1, 2)
    assert second.continues(first.mark)
    assert not first.continues(second.mark)
    assert tombstones.stated(parse_checkpoint(note).extensions) == second.mark
    published = (clinic.data / "audit" / "checkpoint").read_bytes()
    assert tombstones.stated(parse_checkpoint(published).extensions) == second.mark


def test_five_a_day_and_no_more(clinic: Clinic) -> None:
    async def story() -> None:
        async with inside(clinic) as keeper:
            for _ in range(5):
                await erasing.erase(keeper, some_patient(keeper), "mistake", asked_by="x", people=(), request=None)
            with pytest.raises(OverBudget):
                await erasing.erase(keeper, some_patient(keeper), "mistake", asked_by="x", people=(), request=None)
            assert len(keeper.open.vault.heads) == 7

    run(story())

    async def after_restart() -> None:
        async with inside(clinic) as keeper:
            with pytest.raises(OverBudget):
                await erasing.erase(keeper, some_patient(keeper), "mistake", asked_by="x", people=(), request=None)

    run(after_restart())


def test_an_erased_id_is_not_given_again(clinic: Clinic) -> None:
    async def story() -> bytes:
        async with inside(clinic) as keeper:
            patient = some_patient(keeper)
            await erasing.erase(keeper, patient, "mistake", asked_by="x", people=(), request=None)
            return patient

    patient = run(story())
    clinic.start()
    change = {"op": "create", "type": "Patient", "id": patient, "patient": patient, "expect": 0,
              "body": json.dumps({"resourceType": "Patient", "id": patient.hex()}).encode()}
    with pytest.raises(Conflict):
        clinic.call("admin.import", changes=[change])


def test_at_once_only_in_a_demo(clinic: Clinic, demo_clinic: Clinic) -> None:
    clinic.start()
    patient = next(iter(_ids(clinic)))
    told = clinic.seifas("erase", patient.hex(), "--now", fine=False)
    assert told["exit"] == 3
    assert told["error"] == "refused"
    clinic.stop()
    clinic.set(demo=True)
    with pytest.raises(AssertionError, match="did not start"):
        clinic.start()  # whoever may write settings.toml does not thereby make a demo of a vault
    demo_clinic.start()
    patient = next(iter(_ids(demo_clinic)))
    path = demo_clinic.data.with_suffix(".txt")
    told = demo_clinic.seifas("erase", patient.hex(), "--now", "--certificate", str(path))
    assert told["asked_by"] == "the demo"
    assert told["approved_by"] == ["officer", "medic"]
    assert patient.hex() in path.read_text()
    assert json.loads(path.with_name(path.name + ".json").read_text())["number"] == 1
    again = demo_clinic.seifas("erase", patient.hex(), "--now", fine=False)
    assert again["error"] == "missing"
    demo_clinic.stop()
    assert patient not in demo_clinic.patients()


def _ids(clinic: Clinic) -> set[bytes]:
    clinic.stop()
    found = set(clinic.patients())
    clinic.start()
    return found


def test_ids_that_are_none(clinic: Clinic) -> None:
    clinic.start()
    told = clinic.seifas("erase", "../../etc/passwd", fine=False)
    assert (told["error"], told["exit"]) == ("invalid", 2)
    for ident in (b"", bytes(16), bytes(15), b"\xff" * 16, b"\xff" * 4096):
        with pytest.raises(Missing):
            clinic.call("admin.erase_ask", patient=ident, by="officer", ground="mistake")
        with pytest.raises(Missing):
            clinic.call("admin.hold_set", patient=ident, why="a reason")
    with pytest.raises(Invalid):
        clinic.call("admin.erase_ask", patient=b"\xff" * 16, by="officer", ground="because I say so")
    with pytest.raises(Missing):
        clinic.call("admin.erase_ask", patient=b"\xff" * 16, by="nobody", ground="mistake")


def test_the_certificate_says_what_is_dead_and_until_when() -> None:
    made = certifying.Certificate(
        3, "ab" * 16, "Klinika „Žolė“", "2026-11-21T10:00:00Z", "patient-asked", "officer", ("officer", "medic"), 10,
        20, 4, "cd" * 32, certifying.key_copies_until(1_795_255_200_000, 14),
    )
    assert certifying.decode(certifying.encode(made)) == made
    text = certifying.as_text(made)
    assert "Dead by 2026-12-05" in text
    assert "GDPR, article 17(1)" in text
    assert "Klinika „Žolė“" in text
