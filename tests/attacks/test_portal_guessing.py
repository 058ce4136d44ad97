"""Getting round the portal at the keeper's ops: guesses, what their time tells, staff who would read through it."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import pytest
from keeper_rig import Alarms, Asked, Clocks, Rig
from portal_people import BORN, doctor, enter, patient, with_mail

from seifas.errors import Invalid, Missing, OverBudget, Refused, SeifasError, SignIn


def test_one_patients_photo_and_consent_are_not_anothers(tmp_path: Path) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona, rasa = await patient(asked, staff), await patient(asked, staff, "Rasaitė")
        content = {"contentType": "image/jpeg"}
        media = await asked.create(staff, "Media", rasa.ident, status="completed", content=content)
        token = await ona.entered()
        said = set()
        for photo in (media, os.urandom(16), bytes(16), b"", b"x" * 15, rasa.ident):
            with pytest.raises(Missing) as caught:
                await asked.op("portal", "portal.photo_open", session=token, photo=photo, rendition="thumb")
            said.add(caught.value.message)
        assert len(said) <= 2
        for rendition in ("full", "original", "", "../blur"):
            with pytest.raises(Invalid):
                await asked.op("portal", "portal.photo_open", session=token, photo=media, rendition=rendition)

    Rig(tmp_path / "vault").run(deed)


def test_known_and_unknown_take_the_same_time(tmp_path: Path, clocks: Clocks, whole: bool) -> None:
    """In turns, and in up to three rounds: what tells them apart does so in each of them, a busy machine does not."""

    async def round_of(asked: Asked, code: str, number: int) -> dict[str, float]:
        took: dict[str, list[float]] = {"known": [], "unknown": [], "code": [], "guess": []}
        for turn in range(100 if whole else 40):
            clocks.run(7 * 60_000)  # ten an hour are sent to strangers: each one asked for here goes out
            address = f"10.{turn}.{number}.1"
            way = 1 if turn % 2 else -1  # neither always comes first: what a commit costs depends on the one before
            for name, mail in (("known", "ona@example.lt"), ("unknown", "eva@example.lt"))[::way]:
                began = time.perf_counter()
                begun = await asked.op("portal", "portal.mail_begin", mail=mail, address=address)
                took[name].append(time.perf_counter() - began)
                assert bool(asked.keeper.portal.mails._codes[begun["handle"]].accounts) is (name == "known")
            for name, tried in (("code", code), ("guess", "ABCDE-23456"))[::way]:
                began = time.perf_counter()
                with pytest.raises(SignIn) as caught:
                    await enter(asked, tried, "1999-09-09", address)
                took[name].append(time.perf_counter() - began)
                assert caught.value.message == "This code and date do not open anything."
        return {name: statistics.median(times) for name, times in took.items()}

    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        await with_mail(asked, await ona.entered(), "ona@example.lt")
        code = await ona.invited()
        rounds: list[dict[str, float]] = []
        for pair in (("known", "unknown"), ("code", "guess")):
            for number in range(3):
                if number == len(rounds):
                    rounds.append(await round_of(asked, code, number))
                if 0.7 < rounds[number][pair[0]] / rounds[number][pair[1]] < 1.4:
                    break
            else:
                pytest.fail(f"{pair} took different times in each of three rounds: {rounds}")
        with pytest.raises(SignIn):
            await enter(asked, code, BORN)

    Rig(tmp_path / "vault", alarms=Alarms(smtp_host="127.0.0.1", smtp_port=1)).run(deed)


def test_guessing_codes_is_bounded_whatever_the_address(tmp_path: Path) -> None:
    """Five tries a code, ten codes an hour for strangers: fifty guesses in a million an hour, from however many."""

    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        await with_mail(asked, await ona.entered(), "ona@example.lt")
        meant = 0
        for number in range(60):
            begun = await asked.op("portal", "portal.mail_begin", mail="ona@example.lt", address=f"10.{number}.0.1")
            meant += bool(asked.keeper.portal.mails._codes[begun["handle"]].accounts)
            for guess in range(5):
                with pytest.raises(SignIn):
                    await asked.op("portal", "portal.mail_finish", handle=begun["handle"], code=f"00000{guess}x",
                                   address=f"10.{number}.0.1")
            assert begun["handle"] not in asked.keeper.portal.mails._codes
        assert 5 < meant <= 10

    Rig(tmp_path / "vault", alarms=Alarms(smtp_host="127.0.0.1", smtp_port=1)).run(deed)


def test_invitations_do_not_open_more_charts_than_the_budget(tmp_path: Path) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        thief = await asked.person("registratorė", "reception")
        opened = 0
        for number in range(12):
            one = await patient(asked, staff, f"Pavardė{number}")
            try:
                await asked.desk("portal.invite", session=thief, patient=one.ident)
                opened += 1
            except (OverBudget, Refused):
                continue
        assert opened <= 8
        stranger = await asked.create(staff, "Patient", name=[{"family": "Kitas"}], birthDate="1970-01-01")
        with pytest.raises(SeifasError):
            await asked.desk("portal.invite", session=thief, patient=stranger)

    Rig(tmp_path / "vault").run(deed)


def test_a_second_invitation_rings_and_ends_what_was_open(tmp_path: Path) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        token = await ona.entered()
        assert asked.alarms("portal-invited-again") == 0
        code = await ona.invited()
        assert asked.alarms("portal-invited-again") == 1
        assert await enter(asked, code, BORN)
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)

    Rig(tmp_path / "vault").run(deed)
