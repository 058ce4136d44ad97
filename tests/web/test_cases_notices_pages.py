"""The page of notices over HTTP: a wave is worded, approved, set, downloaded, handed over; what refusals say."""

from __future__ import annotations

import asyncio
import io
import re
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

from desk_browser import Browser, Touching
from keeper_rig import Asked
from notice_rig import card
from running_vault import RunningVault

from seifas.jobs import noticing
from seifas.keeper.identity.approvals import State

WORDS = {
    "known_on": "2026-11-20", "happened_lt": "Nukopijuoti įrašai.", "happened_en": "Records were copied.",
    "measures_lt": "Pakeitėme raktus.", "measures_en": "We changed the keys.", "order": "letter",
    "dpo": "J. Petraitė, +370 37 200 000", "phone": "+370 37 200 000", "back": "p. d. 200, Kaunas",
}  # fmt: skip


def jobs(vault: RunningVault, deed: Callable[..., None]) -> None:
    asked = Asked(vault.keeper)

    def call(name: str, /, **args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(asked.op("jobs", name, **args), vault._loop).result(60)

    deed(call, vault.keeper.settings)


@pytest.fixture(scope="module")
def officer(browser: Callable[[str], Browser]) -> Browser:
    return browser("pareigune")


@pytest.fixture(scope="module")
def patients(vault: RunningVault) -> list[bytes]:
    token = vault.sign_in("gydytoja")

    async def make() -> list[bytes]:
        return [await Asked(vault.keeper).create(token, "Patient", **card(n)) for n in range(3)]

    return asyncio.run_coroutine_threadsafe(make(), vault._loop).result(30)


@pytest.fixture
def case(vault: RunningVault, officer: Browser, patients: list[bytes]) -> tuple[str, str]:
    """The address of a case in which three were taken, and the snapshot."""
    at = officer.submit("/desk/cases", title="Įsilaužimas", kind="hand").url.path
    hostile = vault.sign_in("gydytoja")
    for patient in patients:
        vault.desk("record.read", session=hostile, type="Patient", id=patient, reason="visit")
    ident = next(one["id"] for one in vault.desk("session.list", session=hostile) if one["current"])
    now = time.time_ns() // 1_000_000
    made = vault.desk(
        "case.affected", session=officer.cookies["seifas"], case=bytes.fromhex(at.rpartition("/")[2]),
        since_ms=now - 86_400_000, sessions=(ident,),
    )
    return at, made["snapshot"].hex()


def approved(vault: RunningVault) -> None:
    """As a second person's yes leaves it; who may say it has tests of its own (test_notices_waves.py)."""
    for one in vault.keeper.approvals.pending():
        vault.keeper.approvals.put(msgspec.structs.replace(one, state=State.APPROVED))


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_a_wave_goes_from_words_to_the_printing_house(
    vault: RunningVault, officer: Browser, case: tuple[str, str], patients: list[bytes]
) -> None:
    at, snapshot = case
    assert "Nobody was written to yet" in officer.get(f"{at}/notices").text
    asked = officer.submit(f"{at}/notices", do="ask", snapshot=snapshot, **{"grade-taken": "1"}, **WORDS)
    assert asked.status_code == 200, asked.text[-3000:]
    assert "waits for a second person" in asked.text
    (sample,) = re.findall(rf'href="({at}/notices/[0-9a-f]{{32}}/preview)"', asked.text)
    preview = officer.get(sample)
    assert preview.headers["content-type"] == "application/pdf"
    assert "Records were copied" in " ".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(preview.content)).pages
    )
    approved(vault)
    jobs(vault, noticing.make_all)
    page = officer.get(f"{at}/notices").text
    assert "Batches" in page
    of = {"wave": field(page, "wave"), "number": field(page, "number")}
    early = officer.submit(f"{at}/notices", do="hand", **of)
    assert "Download the batch first" in early.text
    touching = Touching(vault, officer)
    wanted = officer.submit(f"{at}/notices/batch", **of)
    assert wanted.status_code == 403
    touching.step_up(wanted.text)
    got = officer.submit(f"{at}/notices/batch", **of)
    assert got.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(got.content)) as opened:
        refs = [one.removesuffix(".pdf") for one in opened.namelist()]
    assert len(refs) == 3
    handed = officer.submit(f"{at}/notices", do="hand", **of)
    assert "gone out" in handed.text
    again = officer.submit(f"{at}/notices/batch", **of)
    assert "was handed over and is deleted" in again.text
    back = officer.submit(f"{at}/notices", do="back", state="returned", refs=f"{refs[0]}, ZZZZ-ZZZZ")
    assert "ZZZZ-ZZZZ" in back.text
    assert "People who were not reached" in back.text
    assert "did not reach 1 people" in back.text
    kept = officer.submit(f"{at}/notices", do="public")
    assert kept.status_code == 200
    for name in ("Vardenyt", "Gatv", "@pastas"):
        assert name not in page + handed.text + back.text


@pytest.mark.parametrize(("change", "says"), [
    ({"happened_en": "We called +370 600 00001 first."}, "A patient is named in the text"),
    ({"happened_lt": ""}, "in Lithuanian and in English"),
    ({"measures_en": "x" * 5000}, "in Lithuanian and in English"),
    ({"dpo": ""}, "Say who answers questions"), ({"known_on": ""}, "Give the day"), ({"order": ""}, "Choose by what"),
    ({"order": "fax"}, "Choose by what"), ({"grade-taken": "0"}, "Tick who is written to"),
    ({"grade-taken": "0", "grade-published": "1"}, "nobody who was not written to"),
    ({"snapshot": ""}, "Compute first"),
])  # fmt: skip
def test_a_wave_that_cannot_be_asked_for_says_why(
    officer: Browser, case: tuple[str, str], change: dict[str, str], says: str
) -> None:
    at, snapshot = case
    sent = {"do": "ask", "snapshot": snapshot, "grade-taken": "1", **WORDS, **change}
    page = officer.submit(f"{at}/notices", **sent)
    assert page.status_code in (400, 403, 409)
    assert says in page.text
    assert 'value="p. d. 200, Kaunas"' in page.text, "what was typed is still there"


def test_other_hats_see_no_notices(browser: Callable[[str], Browser], case: tuple[str, str]) -> None:
    for name in ("registratore", "adminas", "auditore"):
        assert browser(name).get(f"{case[0]}/notices").status_code == 403


def test_a_packet_is_made_for_one_person(
    vault: RunningVault, browser: Callable[[str], Browser], case: tuple[str, str]
) -> None:
    at, snapshot = case
    vault.account("rupestinga3", "officer")
    officer = browser("rupestinga3")
    touching = Touching(vault, officer)
    rows = vault.desk(
        "case.snapshot", session=officer.cookies["seifas"], case=bytes.fromhex(at.rpartition("/")[2]),
        snapshot=bytes.fromhex(snapshot), grade="taken",
    )["rows"]  # fmt: skip
    wording = "Pay or your photos go to everybody."
    told = officer.submit(
        f"{at}/demands", do="add", addressee="patient", amount="500", unit="EUR", fixed_in="EUR",
        seen="2026-11-20 08:15", channel="sms", scope="one-record", wording=wording, patient=rows[0]["patient"].hex(),
    )  # fmt: skip
    assert told.status_code == 200, re.findall(r'role="alert">(.*?)</div>', told.text, re.DOTALL)
    wanted = {"snapshot": snapshot, "person": rows[0]["label"], "reason": "pacientas paprašė"}
    touching.step_up(officer.submit(f"{at}/notices/packet", **wanted).text)
    got = officer.submit(f"{at}/notices/packet", **wanted)
    assert got.headers["content-type"] == "application/pdf", got.text[-2000:]
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(got.content)).pages)
    assert "".join(wording.split()) in "".join(text.split()), text
    assert len(set(re.findall(r"Vardenytė(\d{5})", text))) == 1, "this person and nobody else"
    for wrong in ("P-00000000", "x", "", "zz"):
        page = officer.submit(f"{at}/notices/packet", **{**wanted, "person": wrong})
        assert page.status_code == 404
