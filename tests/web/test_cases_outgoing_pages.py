"""What a case sends, over HTTP: written, touched for, queued once; what became of it; nobody named in it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault

SignedIn = Callable[[str], Browser]
MAIL = {"do": "send", "to": "ada@ada.example", "subject": "Pranešimas", "text": "Pirma eilutė.\nAntra <b>eilutė</b>."}


@pytest.fixture(scope="module")
def signing(vault: RunningVault, browser: SignedIn) -> tuple[Browser, Touching]:
    """An officer with a passkey."""
    vault.account("siunteja", "officer")
    one = browser("siunteja")
    return one, Touching(vault, one)


@pytest.fixture
def case(signing: tuple[Browser, Touching]) -> str:
    return signing[0].submit("/desk/cases", title="Siunčiama byla", kind="hand").url.path


def rows(page: str) -> int:
    return len(re.findall(r'<p class="says">', page))


def test_a_mail_goes_after_a_touch_and_once(signing: tuple[Browser, Touching], case: str) -> None:
    officer, key = signing
    assert "Nothing was sent yet" in officer.get(f"{case}/outgoing").text
    assert f'href="{case}/outgoing"' in officer.get(case).text
    asked = officer.submit(f"{case}/outgoing", **MAIL)
    assert asked.status_code == 403
    assert "goes out in the clinic" in asked.text
    assert rows(officer.get(f"{case}/outgoing").text) == 0
    key.step_up(asked.text)
    assert officer.submit(f"{case}/outgoing", **{**MAIL, "to": "kitas@ada.example"}).status_code == 403
    page = officer.submit(f"{case}/outgoing", **MAIL)
    assert page.status_code == 200
    assert page.url.path == f"{case}/outgoing"
    assert rows(page.text) == 1
    assert "waits" in page.text
    assert "ada@ada.example" not in page.text
    assert officer.submit(f"{case}/outgoing", **MAIL).status_code == 403, "a touch is used once"
    ident = re.search(r"outgoing\?open=([0-9a-f]{32})", page.text)
    assert ident is not None
    shown = officer.get(f"{case}/outgoing?open={ident[1]}").text
    assert "ada@ada.example" in shown
    assert "Antra &lt;b&gt;eilutė&lt;/b&gt;." in shown
    again = officer.submit(f"{case}/outgoing", do="again", sending=ident[1])
    assert again.status_code == 403
    assert "It has gone, waits, or never leaves" in again.text
    assert officer.get(f"{case}/outgoing?open={'0' * 32}").status_code == 404
    other = officer.submit("/desk/cases", title="Kita byla", kind="hand").url.path
    assert officer.get(f"{other}/outgoing?open={ident[1]}").status_code == 404


@pytest.mark.parametrize(("wrong", "says"), [
    ({"to": "ada"}, "Give one e-mail address"), ({"to": "a@b.lt, c@d.lt"}, "Give one e-mail address"),
    ({"to": ""}, "Give one e-mail address"), ({"subject": ""}, "Give a subject"),
    ({"subject": "x" * 201}, "Give a subject"), ({"text": ""}, "Write something"),
    ({"text": "x" * 4_001}, "Write something"),
])  # fmt: skip
def test_what_cannot_go_says_why_above_the_form(
    signing: tuple[Browser, Touching], case: str, wrong: dict[str, str], says: str
) -> None:
    page = signing[0].submit(f"{case}/outgoing", **{**MAIL, **wrong})
    assert page.status_code == 400
    assert says in page.text
    assert 'value="Pranešimas"' in page.text or "subject" in wrong, "what was typed is still there"


def test_a_mail_that_names_a_patient_does_not_go(
    vault: RunningVault, signing: tuple[Browser, Touching], case: str
) -> None:
    with vault.fhir(vault.sign_in("gydytoja"), **{"Content-Type": "application/fhir+json"}) as fhir:
        made = fhir.post("/Patient", json={
            "resourceType": "Patient", "name": [{"family": "Žiburkevičienė", "given": ["Austėja"]}],
            "birthDate": "1984-05-06",
        })  # fmt: skip
        assert made.status_code == 201
    page = signing[0].submit(f"{case}/outgoing", **{**MAIL, "text": "Paskelbta Austėja Žiburkevičienė."})
    assert page.status_code == 400
    assert "A patient is told in it" in page.text
    assert rows(signing[0].get(f"{case}/outgoing").text) == 0


def test_nobody_sends_from_a_closed_case_or_under_another_hat(
    signing: tuple[Browser, Touching], browser: SignedIn, vault: RunningVault, case: str
) -> None:
    officer, _ = signing
    officer.submit(f"{case}/close", word="Baigta")
    page = officer.get(f"{case}/outgoing").text
    assert 'action="' + case not in page
    vault.account("svetima", "administrator")
    assert browser("svetima").get(f"{case}/outgoing").status_code == 403


def test_the_page_speaks_lithuanian(signing: tuple[Browser, Touching], case: str) -> None:
    page = signing[0].get(f"{case}/outgoing", headers={"Accept-Language": "lt"}).text
    assert "Rašyti laišką" in page
    assert "Dar nieko nesiųsta" in page
