"""The officer's buttons: alarms, sessions, approvals."""

import re
from collections.abc import Callable

from desk_browser import Browser
from running_vault import RunningVault

SignedIn = Callable[[str], Browser]


def test_an_alarm_is_seen_and_acknowledged(vault: RunningVault, browser: SignedIn) -> None:
    hurried = browser("gydytoja")
    headers = {"Content-Type": "application/fhir+json"}
    with vault.fhir(vault.sign_in("gydytoja"), **headers) as fhir:
        made = [
            fhir.post("/Patient", json={"resourceType": "Patient", "name": [{"family": f"Stabdomas{letter}"}]}).json()[
                "id"
            ]
            for letter in "abcdefghijklm"
        ]
    vault.new_day()
    vault.account("skubi", "doctor")
    hurried = browser("skubi")
    for ident in made:
        hurried.submit(f"/desk/patient/{ident}/chart", reason="visit")
    officer = browser("pareigune")
    page = officer.get("/desk").text
    waiting = re.findall(r'id="note-([0-9a-f]{32})"', page)
    for ident in waiting:
        officer.submit("/desk/alarms", id=ident, do="acknowledge")
    assert 'value="acknowledge"' not in officer.get("/desk").text
    assert officer.submit("/desk/alarms", id="ab" * 16, do="acknowledge").status_code == 404
    assert officer.submit("/desk/alarms", id="zz", do="acknowledge").status_code == 400
    assert officer.submit("/desk/alarms", id="ab" * 16, do="dance").status_code == 400


def test_the_officer_suspends_an_account(vault: RunningVault, browser: SignedIn) -> None:
    vault.account("itartina", "doctor")
    suspect = browser("itartina")
    assert suspect.submit("/desk/search", query="Žukauskas").status_code == 200
    officer = browser("pareigune")
    assert officer.submit("/desk/sessions", account="itartina", id="00", do="suspend").status_code == 200
    assert "stopped" in suspect.get("/desk").text
    assert suspect.submit("/desk/search", query="Žukauskas").status_code >= 400
    assert browser("gydytoja").submit("/desk/sessions", account="itartina", id="00", do="suspend").status_code == 403


def test_big_clients_wait_for_two_people(vault: RunningVault, browser: SignedIn) -> None:
    officer, administrator = browser("pareigune"), browser("adminas")
    for one in (officer, administrator):
        assert "Approvals" in one.get("/desk").text
    assert officer.submit("/desk/approvals", id="ab" * 16, do="approve").status_code == 404
    assert officer.submit("/desk/approvals", id="", do="approve").status_code in (400, 404)
