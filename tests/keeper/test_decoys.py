"""Decoys look like the clinic's people, are nobody, and say which list a sample is from."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic
from photo_rig import lines

from seifas.errors import Invalid, Refused, SeifasError
from seifas.keeper import decoy_naming
from seifas.keeper.decoy_naming import Region, learnt, made_up, same_person
from seifas.keeper.directory.card import Card
from seifas.keeper.lines import Action
from seifas.settings import Decoys

REGION = Region("pastas.example", "37060000100", "37060000199")
TODAY = date(2026, 11, 22)


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False,
               decoys=Decoys(mail_domain="pastas.example", phone_first="37060000100", phone_last="37060000199"))


def cards(number: int) -> list[Card]:
    families = [f"Pavardė{one}" for one in range(12) for _ in range(12 - one)] + ["Retenis"]
    return [
        Card(patient=n.to_bytes(16, "big"), family=families[n % len(families)], given=(f"Vardas{n % 11}",),
             birth=f"{1950 + n % 50}-05-01", sex="f" if n % 3 else "m")
        for n in range(number)
    ]  # fmt: skip


def test_names_come_by_the_clinics_own_frequencies() -> None:
    known = cards(1_000)
    names = {sex: learnt(known, sex) for sex in "fm"}
    made = [made_up(bytes(16), names, REGION, TODAY) for _ in range(3_000)]
    families = Counter(card.family for card, _ in made)
    assert "Retenis" in {card.family for card in known}
    common, rare = families["Pavardė0"], families["Pavardė11"]
    assert common > 4 * rare > 0
    assert set(families) <= {card.family for card in known}
    women = sum(card.sex == "f" for card, _ in made) / len(made)
    assert 0.55 < women < 0.78


def test_a_name_that_few_bear_is_told_to_nobody() -> None:
    lone = [Card(patient=bytes(16), family="Vienintelis", given=("Nykštukas",), birth="1970-01-01", sex="m")]
    names = {sex: learnt(lone, sex) for sex in "fm"}
    made = [made_up(bytes(16), names, Region(), TODAY) for _ in range(200)]
    assert all(card.family != "Vienintelis" and card.given != ("Nykštukas",) for card, _ in made)
    assert all(alias == "" and card.phones == () and card.codes == () for card, alias in made)


@given(st.integers(0, 400))
@settings(max_examples=of_whole(40))
def test_everyone_made_up_is_whole(number: int) -> None:
    names = {sex: learnt(cards(number), sex) for sex in "fm"}
    card, alias = made_up(bytes(16), names, REGION, TODAY)
    assert card.family
    assert card.given[0]
    assert date.fromisoformat(card.birth) < TODAY
    assert alias.isascii()
    assert alias.endswith("@pastas.example")
    assert 37060000100 <= int(card.phones[0]) <= 37060000199


def test_somebody_of_the_same_name_and_day_is_noticed() -> None:
    decoy = Card(patient=bytes(16), family="Šalna", given=("Ona",), birth="1980-01-01")
    married = Card(patient=bytes(16), family="Kita", former=("salna",), given=("Ona",), birth="1980-01-01")
    assert same_person(decoy, married)
    assert not same_person(decoy, Card(patient=bytes(16), family="Šalna", given=("Ona",), birth="1980-01-02"))


def test_an_exports_decoys_are_in_that_export_alone(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open()
        session, doctor = await clinic.session("vyr"), await clinic.session("gydytoja")
        before = asked.keeper.require_unlocked().vault.patients
        made = await asked.desk("decoy.plant", session=session, label="draudikas", count=5)
        assert asked.keeper.require_unlocked().vault.patients == before
        assert len({(one["family"], one["given"], one["birth"]) for one in made["people"]}) == 5
        for one in made["people"]:
            hits = await asked.desk("patient.search", session=doctor, family=one["family"], birthdate=one["birth"])
            assert hits == []
        case = await clinic.approved()
        search = await clinic.search(case)
        decoy = made["people"][0]["patient"]
        await clinic.found(search, decoy, clinic.patients[0])
        shown = await asked.desk("leak.label", session=session, case=case, patients=[decoy, clinic.patients[0]])
        assert [one["decoy"] for one in shown] == [made["export"], b""]
        with pytest.raises(Refused) as said:
            await asked.desk("leak.open", session=session, case=case, patient=decoy, reason="kas tai")
        assert said.value.where == "decoy"
        (told,) = await asked.desk("decoy.list", session=session)
        assert (told["label"], told["count"], told["by"], told["rung_ms"]) == ("draudikas", 5, "vyr", 0)

    rig.run(deed)


def test_canaries_are_found_and_ring(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open()
        before = set(asked.keeper.require_unlocked().vault.heads)
        made = await asked.op("admin", "decoy.admin_plant", label="kanarėlės", count=3, kind="canary")
        assert made["people"] == []
        planted = set(asked.keeper.require_unlocked().vault.heads) - before
        assert planted == asked.keeper.canaries
        card = asked.keeper.directory.card(min(planted))
        assert card is not None
        doctor = await clinic.session("gydytoja")
        hits = await asked.desk("patient.search", session=doctor, family=card.family, birthdate=card.birth)
        assert len(hits) == 1
        with pytest.raises(SeifasError):
            await asked.desk("record.read", session=doctor, type="Patient", id=card.patient, reason="vizitas")
        assert asked.alarms("canary") == 1
        search = await clinic.search(await clinic.approved())
        people = (await clinic.leaks("people", search=search))["people"]
        assert {one.patient for one in people if one.decoy == made["export"]} == planted

    rig.run(deed)


def test_whoever_writes_to_a_decoy_rings(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open()
        made = await asked.desk("decoy.plant", session=await clinic.session("vyr"), label="draudikas", count=2)
        one, two = made["people"]
        for address in ("nobody@pastas.example", "x" * 254, "37060000500", "@@@"):
            assert await asked.op("jobs", "decoy.rung", address=address) == {"known": False}
        assert asked.alarms("decoy-rung") == 0
        assert await asked.op("jobs", "decoy.rung", address=one["email"].upper()) == {"known": True}
        assert await asked.op("jobs", "decoy.rung", address="+" + two["phone"], how="call") == {"known": True}
        assert asked.alarms("decoy-rung") == 1
        told = await asked.desk("decoy.list", session=await clinic.session("vyr"))
        assert told[0]["rung_ms"] > 0
        notes = [line.note for line in await lines(asked, Action.DECOY)]
        assert notes == ["export:2", "rung:mail", "rung:call"]
        for address, how in (("", "mail"), ("x" * 255, "mail"), ("a@b.lt", "pigeon")):
            with pytest.raises(Invalid):
                await asked.op("jobs", "decoy.rung", address=address, how=how)

    rig.run(deed)


def test_what_is_asked_wrongly_plants_nothing(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open()
        session = await clinic.session("vyr")
        for label, count, kind in (("", 1, "export"), ("x" * 81, 1, "export"), ("ok", 0, "export"),
                                   ("ok", 51, "export"), ("ok", 1, "other"), ("a\x00b", 1, "export")):
            with pytest.raises(Invalid):
                await asked.desk("decoy.plant", session=session, label=label, count=count, kind=kind)
        assert len(asked.keeper.decoys) == 0
        assert decoy_naming.BORNE_BY == 3

    rig.run(deed)
