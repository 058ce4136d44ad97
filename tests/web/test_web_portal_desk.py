"""The desk's side of the portal: lines kept back with a passkey, invitations on a slip, hats that see none of it."""

from collections.abc import Callable

import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault


def lines_of(vault: RunningVault, officer: Browser, patient: str) -> list[int]:
    rows = vault.desk("audit.list", session=officer.cookies["seifas"], patient=bytes.fromhex(patient))
    return [row["index"] for row in rows]


def test_lines_are_kept_back_with_a_touch(vault: RunningVault, browser: Callable[[str], Browser], ona: str) -> None:
    officer = browser("pareigune")
    touching = Touching(vault, officer)
    lines = lines_of(vault, officer, ona)
    ask = {"patient": ona, "lines": " ".join(map(str, lines[:2])), "days": "10", "why": "byla <b>tiriama</b>"}
    page = officer.submit("/desk/withheld", **ask)
    assert page.status_code == 403
    touching.step_up(page.text)
    page = officer.submit("/desk/withheld", **ask)
    assert (page.status_code, page.url.path) == (200, "/desk/withheld")
    assert ona in page.text
    assert "2 lines" in page.text
    assert "tiriama" not in page.text, "the reason is the patient's to read"


@pytest.mark.parametrize("wrong", [
    {"days": "31"}, {"days": "0"}, {"days": "x"}, {"lines": "999999999"}, {"lines": ""}, {"patient": "0" * 32},
    {"patient": "../x"}, {"why": "x" * 300},
])
def test_a_decision_that_is_none(
    vault: RunningVault, browser: Callable[[str], Browser], ona: str, wrong: dict[str, str]
) -> None:
    officer = browser("pareigune")
    ask = {"patient": ona, "lines": str(lines_of(vault, officer, ona)[0]), "days": "10", "why": "byla", **wrong}
    page = officer.submit("/desk/withheld", **ask)
    assert page.status_code == 200
    assert "was not taken" in page.text


@pytest.mark.parametrize("name", ["gydytoja", "registratore", "adminas", "auditore"])
def test_other_hats_decide_nothing(browser: Callable[[str], Browser], ona: str, name: str) -> None:
    one = browser(name)
    assert one.get("/desk/withheld").status_code == 403
    assert one.submit("/desk/withheld", patient=ona, lines="1", days="1", why="byla").status_code == 403


def test_an_invitation_is_shown_once(browser: Callable[[str], Browser], ona: str) -> None:
    doctor = browser("gydytoja")
    page = doctor.get(f"/desk/patient/{ona}/portal")
    assert page.status_code == 200
    assert "Nobody was invited yet" in page.text
    refused = doctor.submit(f"/desk/patient/{ona}/portal", do="invite", related="")
    assert "No invitation" in refused.text, "nobody who is not expected, without a passkey"
    for path in ("/desk/requests", "/desk/messages"):
        assert doctor.get(path).status_code == 200
    assert doctor.get(f"/desk/requests/{'0' * 32}").status_code == 404
    assert doctor.get("/desk/requests/x").status_code == 404
    assert doctor.get(f"/desk/patient/{'0' * 32}/messages").status_code == 404


@pytest.mark.parametrize("name", ["adminas", "auditore"])
def test_hats_that_see_no_patient(browser: Callable[[str], Browser], ona: str, name: str) -> None:
    one = browser(name)
    for path in ("/desk/requests", "/desk/messages", f"/desk/patient/{ona}/portal", f"/desk/patient/{ona}/messages"):
        assert one.get(path).status_code in (403, 404), path
