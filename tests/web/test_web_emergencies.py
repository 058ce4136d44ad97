"""Breaking the glass, confirming what a bound asks for, locked and stopped sessions: over real sockets."""

import re
from collections.abc import Callable

import httpx
import msgspec
import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault

from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import Limits
from seifas.web.forms import FormGuard

SignedIn = Callable[[str], Browser]
HERE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}


@pytest.fixture(scope="module")
def twelve(vault: RunningVault) -> list[str]:
    """Patients with a note each."""
    made = []
    with vault.fhir(vault.sign_in("gydytoja"), **{"Content-Type": "application/fhir+json"}) as fhir:
        for letter in "abcdefghijkl":
            patient = {"resourceType": "Patient", "name": [{"family": f"Šaltas{letter}"}], "birthDate": "1970-01-01"}
            ident = fhir.post("/Patient", json=patient).json()["id"]
            note = {
                "resourceType": "Condition", "subject": {"reference": f"Patient/{ident}"},
                "code": {"text": f"pastaba {letter}"},
            }  # fmt: skip
            assert fhir.post("/Condition", json=note).status_code == 201
            made.append(ident)
    return made


@pytest.fixture
def cold(vault: RunningVault, twelve: list[str]) -> list[str]:
    """The twelve, whom nobody has opened today."""
    vault.new_day()
    return twelve


def again(browser: Browser, page: str) -> httpx.Response:
    """Sends the form behind a page that asked for a passkey, as its script does after the touch."""
    form = re.search(r'<form id="again" method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    assert form is not None
    return browser.post(form[1], data=dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[2])), headers=HERE)


def spend_the_hour(vault: RunningVault, browser: Browser, idents: list[str]) -> None:
    with vault.fhir(browser.cookies["seifas"], **{"Seifas-Reason": "visit"}) as fhir:
        for ident in idents:
            assert fhir.get(f"/Patient/{ident}/$everything").status_code == 200


# -- breaking the glass


def test_the_glass_is_broken_for_one_patient_and_the_officer_is_told(
    vault: RunningVault, browser: SignedIn, cold: list[str]
) -> None:
    vault.account("budinti", "doctor")
    one = browser("budinti")
    key = Touching(vault, one)
    asked = one.get(f"/desk/patient/{cold[0]}/chart")
    assert f'href="/desk/patient/{cold[0]}/glass"' in asked.text
    page = one.get(f"/desk/patient/{cold[0]}/glass")
    assert page.status_code == 200
    assert "pastaba" not in page.text
    confirm = one.submit(f"/desk/patient/{cold[0]}/glass", reason="Anafilaksija, sąmonės nėra")
    assert confirm.status_code == 403
    assert "pastaba" not in confirm.text
    assert again(one, confirm.text).status_code == 403  # without the touch it asks again
    key.step_up(confirm.text)
    chart = again(one, confirm.text)
    assert chart.url.path == f"/desk/patient/{cold[0]}/chart"
    assert "pastaba a" in chart.text
    key.step_up(confirm.text)  # a touch for one patient does not open another
    other = one.submit(f"/desk/patient/{cold[1]}/glass", reason="Anafilaksija")
    assert other.status_code == 403
    assert "pastaba" not in other.text
    alarms = browser("pareigune").get("/desk").text
    assert "budinti" in alarms
    assert "Anafilaksija" not in alarms


@pytest.mark.parametrize("reason", ["", "ab", "  a ", "x" * 81, "x" * 20_000])
def test_a_reason_is_a_few_words(vault: RunningVault, browser: SignedIn, cold: list[str], reason: str) -> None:
    one = browser("gydytoja")
    if not vault.desk("session.who", session=one.cookies["seifas"])["passkeys"]:
        Touching(vault, one)
    answer = one.submit(f"/desk/patient/{cold[0]}/glass", reason=reason)
    assert answer.status_code == 400
    assert "between 3 and 80" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_reception_and_watchers_break_no_glass(browser: SignedIn, cold: list[str]) -> None:
    for name in ("registratore", "pareigune", "adminas", "auditore"):
        one = browser(name)
        assert one.get(f"/desk/patient/{cold[0]}/glass").status_code == 403
        assert one.submit(f"/desk/patient/{cold[0]}/glass", reason="skubu").status_code == 403
        assert "/glass" not in one.get(f"/desk/patient/{cold[0]}").text


def test_without_a_passkey_it_says_what_is_missing(vault: RunningVault, browser: SignedIn, cold: list[str]) -> None:
    vault.account("beraktė", "doctor")
    one = browser("beraktė")
    page = one.get(f"/desk/patient/{cold[0]}/glass")
    assert "the account has none" in page.text
    assert 'name="reason"' not in page.text
    answer = one.submit(f"/desk/patient/{cold[0]}/glass", reason="skubus atvejis")
    assert answer.status_code == 403
    assert "pastaba" not in answer.text


def test_when_the_clinics_budget_stops_the_glass_still_opens(
    vault: RunningVault, browser: SignedIn, cold: list[str]
) -> None:
    vault.account("budinti-kita", "doctor")
    one, others = browser("budinti-kita"), [browser("gydytoja"), browser("budinti")]
    key = Touching(vault, one)
    vault.keeper.ledger = Ledger(Limits(cold_session_hour=2, cold_session_day=2, cold_account_day=3, cold_clinic_day=4,
                                        glass_kept=2))  # fmt: skip
    try:
        for other, ident in zip(others, cold, strict=False):
            spend_the_hour(vault, other, [ident])
        stopped = one.submit(f"/desk/patient/{cold[5]}/chart", reason="visit")
        assert stopped.status_code == 429
        assert "A limit is reached" in stopped.text
        assert f'href="/desk/patient/{cold[5]}/glass"' in stopped.text
        assert "pastaba" not in stopped.text
        asked = one.submit(f"/desk/patient/{cold[5]}/glass", reason="sepsis")
        key.step_up(asked.text)
        assert "pastaba f" in again(one, asked.text).text
    finally:
        vault.new_day()


def test_past_every_bound_of_ones_own_the_session_is_stopped(
    vault: RunningVault, browser: SignedIn, cold: list[str]
) -> None:
    vault.account("pavargusi", "nurse")
    one = browser("pavargusi")
    key = Touching(vault, one)
    vault.keeper.ledger = Ledger(Limits(cold_session_hour=2, cold_session_day=2, cold_account_day=3,
                                        cold_account_month=3))  # fmt: skip
    try:
        spend_the_hour(vault, one, cold[:2])
        asked = one.submit(f"/desk/patient/{cold[2]}/chart", reason="visit")
        key.step_up(asked.text)
        assert "pastaba c" in again(one, asked.text).text
        stopped = one.submit(f"/desk/patient/{cold[3]}/chart", reason="visit")
        assert stopped.status_code == 429
        assert "pastaba" not in stopped.text
        assert "The session is stopped" in stopped.text
        assert "The session is stopped" in one.get("/desk").text
    finally:
        vault.new_day()


def test_used_up_emergencies_send_to_a_colleague(vault: RunningVault, browser: SignedIn, cold: list[str]) -> None:
    vault.account("skubanti-daug", "doctor")
    one = browser("skubanti-daug")
    key = Touching(vault, one)
    for ident in cold[:3]:
        asked = one.submit(f"/desk/patient/{ident}/glass", reason="masinis apsinuodijimas")
        key.step_up(asked.text)
        assert again(one, asked.text).status_code == 200
    fourth = one.submit(f"/desk/patient/{cold[3]}/glass", reason="masinis apsinuodijimas")
    assert fourth.status_code == 403
    assert "Ask a colleague" in fourth.text
    assert "pastaba" not in fourth.text
    here = f"/desk/patient/{cold[3]}/glass"
    assert one.submit(here, do="ask", reason="x").status_code == 400
    assert "A colleague was asked" in one.submit(here, do="ask", reason="masinis apsinuodijimas").text
    assert "already" in one.submit(here, do="ask", reason="masinis apsinuodijimas").text
    vault.keeper.approvals.policy = msgspec.structs.replace(vault.keeper.approvals.policy, seasoned_ms=0)
    vault.account("padedanti", "nurse")
    colleague = browser("padedanti")
    other = Touching(vault, colleague)
    waiting = colleague.get("/desk/notices").text
    assert "masinis apsinuodijimas" in waiting
    assert cold[3] not in waiting  # whom, is not the colleague's to know
    ident = re.search(r'name="id" value="([0-9a-f]{32})"><button name="do" value="confirm"', waiting)
    assert ident is not None
    touch = colleague.submit("/desk/notices", do="confirm", id=ident[1])
    if touch.status_code == 403:
        other.step_up(touch.text)
        assert again(colleague, touch.text).status_code == 200
    opened = one.submit(here, reason="masinis apsinuodijimas")
    key.step_up(opened.text)
    chart = again(one, opened.text)
    assert chart.url.path == f"/desk/patient/{cold[3]}/chart"
    assert "pastaba d" in chart.text


@pytest.mark.parametrize("ident", ["x", "ab" * 16, "0" * 32, "a/b"])
def test_no_glass_over_patients_that_are_not_there(vault: RunningVault, browser: SignedIn, ident: str) -> None:
    assert browser("gydytoja").submit(f"/desk/patient/{ident}/glass", reason="skubu").status_code in (400, 404)


# -- confirming a search or a caller


def test_a_search_past_its_bound_goes_on_with_a_touch(
    vault: RunningVault, browser: SignedIn, cold: list[str], ona: str
) -> None:
    vault.account("ieskanti", "reception")
    one = browser("ieskanti")
    key = Touching(vault, one)
    vault.keeper.ledger = Ledger(Limits(search_hits=12, search_session=12))
    try:
        assert one.submit("/desk/search", query="Šaltas").text.count('href="/desk/patient/') == 12
        asked = one.submit("/desk/search", query="Žukauskienė")
        assert asked.status_code == 403
        assert 'action="/desk/search"' in asked.text
        key.step_up(asked.text)
        found = again(one, asked.text)
        assert found.status_code == 200
        assert ona in found.text
    finally:
        vault.new_day()


def test_callers_that_nobody_knows_take_a_touch(
    vault: RunningVault, browser: SignedIn, cold: list[str], ona: str
) -> None:
    vault.account("atsiliepianti", "reception")
    one = browser("atsiliepianti")
    key = Touching(vault, one)
    asked = None
    for _ in range(15):
        asked = one.submit("/desk/caller", surname="Nesamoji \"'><b>", birthdate="1980-02-03")
        if asked.status_code == 403:
            break
        assert asked.status_code == 404
    assert asked is not None
    assert asked.status_code == 403
    assert "<b>" not in asked.text
    key.step_up(asked.text)
    assert again(one, asked.text).status_code == 404  # let through, and still nobody
    assert "+370 612 34567" in one.submit("/desk/caller", surname="Žukauskienė", birthdate="1980-02-03").text


# -- sessions that locked themselves or were stopped


def locked(vault: RunningVault, browser: Browser) -> None:
    vault.keeper.sessions.lock(vault.desk("session.who", session=browser.cookies["seifas"])["session_id"])


def test_a_locked_session_goes_on_where_it_was(vault: RunningVault, browser: SignedIn, ona: str) -> None:
    vault.account("isejusi", "doctor")
    one = browser("isejusi")
    key = Touching(vault, one)
    for path, back in (
        (f"/desk/patient/{ona}", f"/desk/patient/{ona}"), ("/desk", "/desk"), ("/desk/account", "/desk/account")
    ):  # fmt: skip
        locked(vault, one)
        page = one.get(path)
        assert page.status_code == 403
        assert "Žukauskienė" not in page.text
        assert "The session is locked" in page.text
        assert key.resume(page.text) == back
        assert one.get("/desk").status_code == 200
    form = one.form_token()
    locked(vault, one)
    page = one.post("/desk/search", data={"form": form, "query": "Žuk"}, headers=HERE)
    assert page.status_code == 403
    assert key.resume(page.text) == "/desk"
    locked(vault, one)
    page = one.get("/desk").text.replace('"back": "/desk"', '"back": "//evil.example/desk"')
    assert key.resume(page) == "/desk"


def test_signing_in_anew_leads_back_the_same_person_only(vault: RunningVault, browser: SignedIn, ona: str) -> None:
    one = browser("registratore")
    locked(vault, one)
    page = one.get(f"/desk/patient/{ona}")
    assert "another link" in page.text
    form = re.search(r'name="form" value="([0-9a-f]{64})"', page.text)
    assert form is not None
    token = one.cookies["seifas"]
    again_form = one.post(
        "/auth/sign-out", data={"form": form[1], "back": f"/desk/patient/{ona}"}, headers=HERE
    )
    assert again_form.status_code == 200
    assert "Max-Age=0" in again_form.headers["set-cookie"]
    assert f'name="back" value="/desk/patient/{ona}"' in again_form.text
    bound = re.search(r'name="bound" value="([0-9a-f]{64})"', again_form.text)
    assert bound is not None
    before = httpx.get(f"{vault.staff}/desk", cookies={"seifas": token}, timeout=60)
    assert before.headers["location"] == "/auth/sign-in"
    wrong = one.post(
        "/auth/sign-in", headers=HERE,
        data={"name": "x", "password": "y", "code": "z", "back": f"/desk/patient/{ona}", "bound": bound[1]},
    )  # fmt: skip
    assert wrong.status_code == 401
    assert bound[1] in wrong.text
    guard = vault_guard(vault)
    back = {"back": f"/desk/patient/{ona}", "bound": guard.bound("registratore", f"/desk/patient/{ona}")}
    assert guard.way_back(back, "registratore") == f"/desk/patient/{ona}"
    assert guard.way_back(back, "gydytoja") == "/desk"
    assert guard.way_back({**back, "back": "/desk/account"}, "registratore") == "/desk"
    assert guard.way_back({"back": "//evil.example"}, "registratore") == "/desk"
    assert guard.way_back({}, "registratore") == "/desk"


def vault_guard(vault: RunningVault) -> FormGuard:
    return FormGuard(vault.settings.origins)


def test_a_stopped_session_says_so_on_every_page(vault: RunningVault, browser: SignedIn, ona: str) -> None:
    vault.account("sustabdyta", "doctor")
    one = browser("sustabdyta")
    form = one.form_token()
    vault.keeper.sessions.freeze(
        vault.desk("session.who", session=one.cookies["seifas"])["session_id"], "stopped"
    )
    for path in ("/desk", "/desk/account", f"/desk/patient/{ona}", f"/desk/patient/{ona}/chart"):
        page = one.get(path)
        assert page.status_code == 403
        assert "The session is stopped" in page.text
        assert "Žukauskienė" not in page.text
        assert 'action="/auth/sign-out"' in page.text
    posted = one.post("/desk/search", data={"form": form, "query": "Žuk"}, headers=HERE)
    assert "The session is stopped" in posted.text
    assert "sustabdyta" in one.get("/desk", headers={"Accept-Language": "lt"}).text
