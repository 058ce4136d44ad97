"""The page that asks for a passkey says which bound was reached and what the touch opens, in the reader's language."""

import inspect
import re
from collections.abc import Callable

import pytest
from desk_browser import Browser
from running_vault import RunningVault

from seifas.errors import StepUp
from seifas.keeper.budget.decisions import Outcome
from seifas.keeper.budget.limits import Limits
from seifas.keeper.budget.refusals import REFUSALS
from seifas.web.desk import own_account, watching
from seifas.web.desk.charts import lots
from seifas.web.desk.day import recalls
from seifas.web.desk.officer import noticing, undoing
from seifas.web.refusals import demand_of
from seifas.web.words import WORDS

DIGEST = "0f" * 32
HOUR = Limits().cold_session_hour


def told(where: str, language: str = "en") -> tuple[str, str]:
    return demand_of(language, StepUp("", where=where), HOUR)


def test_every_demand_with_a_bound_has_its_words() -> None:
    codes = {code for code, one in REFUSALS.items() if one.outcome is Outcome.NEED_STEPUP} - {"gesture"} | {"searches"}
    for code in codes:
        for language in ("lt", "en"):
            digest, words = told(f"{DIGEST}:{code}:17:5400000", language)
            assert digest == DIGEST
            assert "17" in words
            assert re.search(r"[Rr]akt|passkey|touch", words), "and what the touch opens"
            assert "{" not in words


def test_the_hour_is_told_from_the_day() -> None:
    assert "in an hour" in told(f"{DIGEST}:cold-session:{HOUR}:60000")[1]
    assert "in 24 hours" in told(f"{DIGEST}:cold-session:{HOUR + 10}:60000")[1]
    assert "1 h 30 min" in told(f"{DIGEST}:cold-session:{HOUR}:5400000")[1]


@pytest.mark.parametrize("where", [
    "", "idle", "gesture", DIGEST[:-1], f"{DIGEST}:", f"{DIGEST}:x", f"{DIGEST}:cold-session:1", f"{DIGEST}\n",
    f"{DIGEST}:cold-session:-1:0", f"{DIGEST}:cold-session:1:{'9' * 16}", f"{DIGEST}:<b>:1:1", DIGEST.upper(),
])
def test_what_is_no_demand_of_a_gesture_is_none(where: str) -> None:
    assert told(where) == ("", "")


def test_a_gesture_over_a_deed_guards_no_bound() -> None:
    assert told(DIGEST) == (DIGEST, "")
    assert told(f"{DIGEST}:unheard-of:1:1") == (DIGEST, "")


def test_every_deed_that_is_named_has_words() -> None:
    named = {
        key
        for module in (own_account, watching, lots, recalls, noticing, undoing)
        for key in re.findall(r'"(touch-[a-z-]+)"', inspect.getsource(module))
    }
    assert len(named) >= 9
    assert named <= WORDS.keys()


def test_a_cold_patient_past_the_bound(browser: Callable[[str], Browser], vault: RunningVault) -> None:
    """Eleven strangers in one hour: the tenth opens, the eleventh asks for the passkey and says why."""
    vault.account("smalsi", "doctor")
    one = browser("smalsi")
    headers = {"Content-Type": "application/fhir+json"}
    with vault.fhir(vault.sign_in("gydytoja"), **headers) as fhir:
        made = [
            fhir.post("/Patient", json={"resourceType": "Patient", "name": [{"family": f"Svetimas{number}"}]}).json()
            for number in range(HOUR + 1)
        ]
    vault.new_day()
    for ident in (one_made["id"] for one_made in made[:-1]):
        assert one.submit(f"/desk/patient/{ident}/chart", reason="visit").status_code == 200
    asked = one.submit(f"/desk/patient/{made[-1]['id']}/chart", reason="visit")
    assert asked.status_code == 403
    assert f"{HOUR} patients without an appointment can be opened in an hour" in asked.text
    assert "opens this one patient" in asked.text
    assert "the account has none" in asked.text, "and what to do where there is no passkey"
    one.cookies["language"] = "lt"
    asked = one.submit(f"/desk/patient/{made[-1]['id']}/chart", reason="visit")
    assert f"Per valandą be prieigos rakto galima atverti {HOUR} pacientų" in asked.text
    assert "cold-session" not in asked.text
