"""Strangers write to the addresses of decoys as often as they like: that costs the keeper next to nothing, and each
address names one list alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic
from photo_rig import lines

from seifas.keeper.decoy_book import EXPORT, Decoy, DecoyBook
from seifas.keeper.decoy_planting import MOST
from seifas.keeper.directory.card import Card, encode
from seifas.keeper.lines import Action
from seifas.settings import Decoys


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    few = Decoys(mail_domain="pastas.example", phone_first="37060000100", phone_last="37060000104")
    return Rig(tmp_path / "vault", demo=False, decoys=few)


def decoy(number: int) -> Decoy:
    patient, phone, alias = os.urandom(16), f"3706{number:07}", f"ona{number}@pastas.example"
    card = Card(
        patient=patient, family="Šalna", given=("Ona",), birth="1980-01-01", sex="f", phones=(phone,), emails=(alias,)
    )
    return Decoy(patient, os.urandom(16), EXPORT, "sąrašas", encode(card), alias, number)


def test_a_flood_of_mail_is_looked_up_at_once() -> None:
    book = DecoyBook()
    decoys = [decoy(number) for number in range(MOST)]
    book.load(decoys)
    began = time.process_time()
    for number in range(5_000):
        assert book.rung(f"stranger{number}@pastas.example") is None
        assert book.rung(f"ONA{number % MOST}@pastas.example") == decoys[number % MOST]
        assert book.rung(f"+3706{number % MOST:07}") == decoys[number % MOST]
    assert time.process_time() - began < 2.0
    for nothing in ("", "@", "370", "x" * 254, "a@b"):
        assert book.rung(nothing) is None
    book.drop(decoys[0].patient)
    assert book.rung(decoys[0].alias) is None


def test_an_address_is_one_decoys_alone(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open()
        session = await clinic.session("vyr")
        people = []
        for label in ("draudikas", "laboratorija"):
            people += (await asked.desk("decoy.plant", session=session, label=label, count=20))["people"]
        numbers = [one["phone"] for one in people if one["phone"]]
        assert 1 <= len(numbers) == len(set(numbers)) <= 5  # there are no more
        assert len({one["email"] for one in people}) == 40

    rig.run(deed)


def test_a_decoy_that_is_flooded_fills_no_log(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open()
        made = await asked.desk("decoy.plant", session=await clinic.session("vyr"), label="draudikas", count=1)
        address = made["people"][0]["email"]
        for _ in range(30):
            assert await asked.op("jobs", "decoy.rung", address=address) == {"known": True}
        clocks.run(61_000)
        assert await asked.op("jobs", "decoy.rung", address=address) == {"known": True}
        notes = [line.note for line in await lines(asked, Action.DECOY)]
        assert notes == ["export:1", "rung:mail", "rung:mail"]

    rig.run(deed)
