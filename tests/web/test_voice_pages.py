"""The public voice over HTTP: prepared, through the gate, published, exported, verified by openssl, withdrawn."""

from __future__ import annotations

import io
import re
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault

TEXT = {
    "title-lt": "Pranešimas dėl pavogtų duomenų",
    "text-lt": "Iš klinikos pavogta duomenų.\n\n## Ką daryti\n\n- Nemokėkite",
    "answers-lt": "## Ar mokėsite?\n\nNe.", "title-en": "Statement on stolen data",
    "text-en": "Data were stolen from the clinic. <b>See</b> https://example.lt/a.\n\n- Do not pay", "answers-en": "",
    "basis": "BDAR 34 straipsnio 3 dalies c punktas", "speaker": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def signing(vault: RunningVault, browser: Callable[[str], Browser]) -> tuple[Browser, Touching]:
    vault.account("kalbanti", "officer")
    one = browser("kalbanti")
    return one, Touching(vault, one)


@pytest.fixture
def case(signing: tuple[Browser, Touching]) -> str:
    return signing[0].submit("/desk/cases", title="Pavogti duomenys", kind="extortion").url.path


def _prepare(officer: Browser, case: str, **changed: str) -> str:
    made = officer.submit(f"{case}/voice", **{**TEXT, **changed})
    assert re.search(r"/voice/[0-9a-f]{32}$", made.url.path), made.text
    return made.url.path


def _publish(signing: tuple[Browser, Touching], place: str) -> httpx.Response:
    officer, key = signing
    asked = officer.submit(place, do="publish")
    assert asked.status_code == 403, asked.text
    key.step_up(asked.text)
    return officer.submit(place, do="publish")


def _public(vault: RunningVault, path: str, until: Callable[[httpx.Response], bool]) -> httpx.Response:
    end = time.monotonic() + 60
    while True:
        answer = httpx.get(f"{vault.public}{path}", timeout=60)
        if until(answer) or time.monotonic() > end:
            return answer
        time.sleep(0.2)


def test_a_statement_is_published_shown_exported_and_withdrawn(
    vault: RunningVault, signing: tuple[Browser, Touching], case: str, tmp_path: Path
) -> None:
    officer, _ = signing
    place = _prepare(officer, case)
    assert officer.get(f"{place}/zip").status_code == 403  # nothing leaves before the gate
    page = _publish(signing, place)
    assert "No. " in page.text

    shown = _public(vault, "/en/statement", lambda one: one.status_code == 200)
    assert "Data were stolen from the clinic. &lt;b&gt;See&lt;/b&gt;" in shown.text
    assert '<a href="https://example.lt/a"' in shown.text
    assert "Ką daryti" in httpx.get(f"{vault.public}/lt/statement", timeout=60).text
    assert "Pranešimas dėl pavogtų duomenų" in httpx.get(f"{vault.public}/lt/", timeout=60).text  # named on every page

    archive = zipfile.ZipFile(io.BytesIO(officer.get(f"{place}/zip").content))
    archive.extractall(tmp_path)
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "SIGNED", "-sigfile",
              "SIGNED.sig"]  # fmt: skip
    subprocess.run(verify, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    sums = ["sha256sum", "--check", "--quiet", "SIGNED"]
    subprocess.run(sums, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    signed = (tmp_path / "SIGNED").read_text()
    for name in archive.namelist():
        body = archive.read(name)
        assert b"<script" not in body
        if name not in ("SIGNED", "SIGNED.sig", "key.pem", "VERIFY.txt"):
            assert f"  {name}\n" in signed
    (tmp_path / "lt.html").write_bytes((tmp_path / "lt.html").read_bytes().replace(b"pavogta", b"pamesta"))
    assert subprocess.run(sums, check=False, cwd=tmp_path, capture_output=True, timeout=60).returncode != 0
    (tmp_path / "SIGNED").write_text(signed.replace("statement", "Statement"))
    assert subprocess.run(verify, check=False, cwd=tmp_path, capture_output=True, timeout=60).returncode != 0

    second = _prepare(officer, case, **{"title-en": "Second statement"})
    _publish(signing, second)
    assert "Second statement" in _public(vault, "/en/statement", lambda one: "Second" in one.text).text
    assert "replaced by a newer one" in officer.get(f"{case}/voice").text
    officer.submit(second, do="withdraw", word="Klaida tekste")
    assert "Second" not in _public(vault, "/en/statement", lambda one: "Second" not in one.text).text
    officer.submit(place, do="withdraw", word="Klaida tekste")
    assert _public(vault, "/en/statement", lambda one: one.status_code == 404).status_code == 404
    assert officer.get(f"{place}/zip").status_code == 403


@pytest.mark.parametrize(("change", "says"), [
    ({"text-en": ""}, "Give a title"), ({"title-lt": ""}, "Give a title"), ({"basis": " "}, "Give the legal basis"),
    ({"speaker": "0" * 32}, "Choose a person"),
])  # fmt: skip
def test_what_is_not_whole_is_not_prepared(
    signing: tuple[Browser, Touching], case: str, change: dict[str, str], says: str
) -> None:
    answer = signing[0].submit(f"{case}/voice", **{**TEXT, **change})
    assert answer.status_code == 400
    assert says in answer.text
    assert "Iš klinikos pavogta" in answer.text


def test_an_investigation_keeps_it_until_leave_is_signed(signing: tuple[Browser, Touching], case: str) -> None:
    officer, key = signing
    event = {"day": "2026-03-24", "time": "14:05", "precision": "minute", "source": "Prokuratūra"}
    assert officer.submit(f"{case}/events", what="Pradėtas tyrimas", word="investigation", **event).status_code == 200
    place = _prepare(officer, case)
    refused = officer.submit(place, do="publish")
    assert "prosecutor&#39;s leave" in refused.text or "prosecutor's leave" in refused.text
    asked = officer.submit(f"{case}/events", what="Leista", word="leave", **event)
    assert asked.status_code == 403
    key.step_up(asked.text)
    assert officer.submit(f"{case}/events", what="Leista", word="leave", **event).status_code == 200
    page = _publish(signing, place)
    assert "No. " in page.text
    officer.submit(place, do="withdraw", word="Po bandymo")


@pytest.mark.parametrize("where", ["text-lt", "answers-en", "title-en"])
def test_a_named_patient_keeps_it_in_the_house(
    vault: RunningVault, signing: tuple[Browser, Touching], case: str, ona: str, where: str
) -> None:
    place = _prepare(signing[0], case, **{where: "Atsiprašome p. Žukauskienės, 48002030018."})
    refused = signing[0].submit(place, do="publish")
    assert refused.status_code == 403
    assert "names a patient" in refused.text
    assert httpx.get(f"{vault.public}/lt/statement", timeout=60).status_code == 404


@pytest.mark.parametrize("name", ["gydytoja", "registratore", "adminas", "auditore"])
def test_nobody_else_speaks(
    browser: Callable[[str], Browser], signing: tuple[Browser, Touching], case: str, name: str
) -> None:
    place = _prepare(signing[0], case)
    other = browser(name)
    for path in (f"{case}/voice", place, f"{place}/zip"):
        assert other.get(path).status_code == 403
    assert other.submit(place, do="publish").status_code == 403
