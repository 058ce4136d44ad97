"""Charts over real sockets: written in, corrected, kept when a session locks, printed; cards edited and made."""

import re
from collections.abc import Callable

import httpx
import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault

from seifas.web.forms import FormGuard

SignedIn = Callable[[str], Browser]
HERE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}


@pytest.fixture
def patient(vault: RunningVault, browser: SignedIn) -> str:
    """A patient of her own for every test, warm for being new."""
    one = browser("registratore")
    made = one.submit("/desk/patients/new", family="Kortelė", given="Ona", born="1980-02-03", sex="f", sure="yes")
    assert made.status_code == 200, made.text
    return made.url.path.rpartition("/")[2]


def again(browser: Browser, page: str) -> httpx.Response:
    form = re.search(r'<form id="again" method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    assert form is not None, page
    return browser.post(form[1], data=dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', form[2])), headers=HERE)


def record(page: str, kind: str = "Observation") -> str:
    found = re.search(rf"/desk/patient/[0-9a-f]{{32}}/record/{kind}/[0-9a-f]{{32}}", page)
    assert found is not None, page
    return found[0]


def test_a_days_writing_is_read_back(browser: SignedIn, patient: str) -> None:
    one = browser("gydytoja")
    write = f"/desk/patient/{patient}/write"
    assert one.submit(f"{write}/note", text="Randas blunka.\n<b>Gerai</b>", visit="new").status_code == 200
    chart = one.get(f"/desk/patient/{patient}/chart").text
    today = re.search(r'<option value="([0-9a-f]{32}\.[0-9a-f]{64})"', chart)
    assert today is not None, "the note began a visit, which is today's"
    done = one.submit(
        f"{write}/procedure", procedure="Injekcija", site="Lūpos", product1="Juvéderm", lot1="H30LB-2201",
        expires1="2099-05-31", product2="Implantas", lot2="IM-77", stays2="yes", visit=today[1], performer="",
    )  # fmt: skip
    assert done.status_code == 200
    for what, fields in (
        ("complaint", {"text": "Spuogai", "icd": "L70.0", "since": "2026-01-01"}),
        ("measurement", {"measure": "temperature", "value": "36,6", "systolic": "120", "diastolic": "80"}),
        ("alert", {"kind": "allergy", "text": "Penicilinas", "high": "yes", "reaction": "bėrimas"}),
    ):
        answer = one.submit(f"{write}/{what}", visit=today[1], **fields)
        assert answer.status_code == 200, answer.text
    chart = one.get(f"/desk/patient/{patient}/chart").text
    for said in ("Randas blunka.", "&lt;b&gt;Gerai&lt;/b&gt;", "Injekcija", "H30LB-2201", "2099-05-31", "IM-77",
                 "stays in the body", "Spuogai (L70.0)", "36.6 °C", "120/80 mmHg"):  # fmt: skip
        assert said in chart, said
    assert chart.count('class="sheet-day"') == 2, "one visit, and the complaints"
    assert re.search(r'class="alert high">.*Penicilinas', chart)
    assert "Used today: Juvéderm (H30LB-2201), Implantas (IM-77)" in chart
    assert "H30LB" not in browser("gydytoja").get(f"/desk/patient/{patient}").text


def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(browser: SignedIn, patient: str) -> None:
    one = browser("gydytoja")
    answer = one.submit(
        f"/desk/patient/{patient}/write/procedure", procedure="Botulinas", lot1="L1", text="Ilgas &quot;aprašymas"
    )
    assert answer.status_code == 400
    assert "Say which product the lot is of." in answer.text
    assert 'value="Botulinas"' in answer.text
    assert "Ilgas &amp;quot;aprašymas" in answer.text
    assert re.search(r'<details class="writer" name="writer" open><summary data-key="p">', answer.text)
    for what, fields in (("note", {"text": " "}), ("measurement", {"measure": "weight", "value": "daug"}),
                         ("complaint", {"text": "x", "icd": "??"}), ("alert", {"text": ""}), ("note", {})):
        assert one.submit(f"/desk/patient/{patient}/write/{what}", **fields).status_code == 400
    assert one.submit(f"/desk/patient/{patient}/write/cheque", text="x").status_code == 404


def test_corrections_show_what_stood_there_and_conflicts_lose_nothing(browser: SignedIn, patient: str) -> None:
    one, other = browser("gydytoja"), browser("gydytoja")
    one.submit(f"/desk/patient/{patient}/write/note", text="Kairė pusė", visit="none")
    place = record(one.get(f"/desk/patient/{patient}/chart").text)
    assert one.submit(place, do="correct", expect="1", text="Dešinė pusė").status_code == 200
    chart = one.get(f"/desk/patient/{patient}/chart").text
    assert re.search(r"<del>Kairė pusė</del>.*Gydytoja", chart)
    assert "Dešinė pusė" in chart
    late = other.submit(place, do="correct", expect="1", text="Abi pusės")
    assert late.status_code == 409
    for text in ("Dešinė pusė", "Abi pusės", "somebody else changed this record"):
        assert text in late.text
    assert 'name="expect" value="2"' in late.text
    assert other.submit(place, do="correct", expect="2", text="Abi pusės").status_code == 200
    versions = other.get(place).text
    assert versions.count('class="version"') == 3
    wrong = one.submit(place, do="wrong", expect="3", why="ne tas pacientas")
    assert 'class="note struck"' in wrong.text
    for do in ("correct", "end"):
        assert one.submit(place, do=do, expect="4", text="x").status_code == 400, "an error is not talked back to life"
    assert 'value="correct"' not in one.get(place).text


def test_what_was_being_written_outlives_a_lock_and_an_end(
    vault: RunningVault, browser: SignedIn, patient: str
) -> None:
    vault.account("rasanti", "doctor")
    one = browser("rasanti")
    key = Touching(vault, one)
    session = vault.desk("session.who", session=one.cookies["seifas"])["session_id"]
    form = one.form_token()
    path = f"/desk/patient/{patient}/write/note"
    vault.keeper.sessions.lock(session)
    kept = one.post(path, data={"form": form, "text": "Ilgas „tekstas“ <i>", "visit": "none"}, headers=HERE)
    assert kept.status_code == 403
    assert "Do not close this page" in kept.text
    key.resume(kept.text)
    assert "Ilgas „tekstas“ &lt;i&gt;" in again(one, kept.text.replace("&lt;", "<").replace("&gt;", ">")).text
    # The session ends: the page says so, keeps the text, and sends it under the next one.
    vault.desk("session.end", session=one.cookies["seifas"])
    ended = one.post(path, data={"form": form, "text": "Antras tekstas", "visit": "none"}, headers=HERE)
    assert ended.status_code == 403
    assert "Antras tekstas" in ended.text
    assert one.get(f"/auth/link/{vault.link('rasanti')}").status_code == 200
    sure = again(one, ended.text)
    assert "not written yet" in sure.text
    assert "Antras tekstas" in again(one, sure.text).text


def test_a_card_is_edited_and_nobody_overwrites_unseen(browser: SignedIn, patient: str) -> None:
    one = browser("registratore")
    page = one.get(f"/desk/patient/{patient}/edit").text
    assert 'name="expect" value="1"' in page
    fields = {"do": "save", "expect": "1", "family": "Kortelienė", "given": "Ona", "former": "Kortelė",
              "born": "1980-02-03", "sex": "f", "phone": "+370 600 11111"}
    saved = one.submit(f"/desk/patient/{patient}/edit", **fields)
    assert saved.url.path == f"/desk/patient/{patient}"
    assert "Ona Kortelienė" in saved.text
    versions = one.get(f"/desk/patient/{patient}/record/Patient/{patient}")
    assert versions.text.count('class="version"') == 2
    assert versions.text.count("Registratore") >= 2, "who wrote each"
    assert 'name="expect"' not in versions.text, "a card is changed on its own page"
    late = one.submit(f"/desk/patient/{patient}/edit", **fields | {"phone": "+370 600 22222"})
    assert late.status_code == 409
    assert "+370 600 22222" in late.text
    assert "Written now: +370 600 11111" in late.text
    bad = one.submit(f"/desk/patient/{patient}/edit", **fields | {"expect": "2", "email": "x", "city": "Alytus"})
    assert bad.status_code == 400
    assert 'value="Alytus"' in bad.text
    young = one.submit(f"/desk/patient/{patient}/edit", **fields | {"expect": "2", "born": "2020-01-01"})
    assert "A patient under 18 needs a guardian." in young.text
    good = one.submit(
        f"/desk/patient/{patient}/edit", guardian="Rasa", relation="mother",
        **fields | {"expect": "2", "born": "2020-01-01"},
    )  # fmt: skip
    assert good.status_code == 200
    assert "Rasa" in good.text
    assert "minor" in good.text
    mother = re.search(r'name="(end-[0-9a-f]{32})"', one.get(f"/desk/patient/{patient}/edit").text)
    assert mother is not None
    younger = fields | {"expect": "3", "born": "2020-01-01", mother[1]: "yes"}
    assert one.submit(f"/desk/patient/{patient}/edit", **younger).status_code == 400, "somebody has to answer"
    father = one.submit(f"/desk/patient/{patient}/edit", guardian="Petras", relation="father", **younger)
    assert "Petras" in father.text
    assert "Rasa" not in father.text


def test_who_is_like_a_new_patient_is_shown_masked_first(browser: SignedIn, patient: str) -> None:
    one = browser("registratore")
    typed = {"family": "Kortelė", "given": "Ona", "born": "1980-02-03", "sex": "f"}
    warned = one.submit("/desk/patients/new", **typed)
    assert warned.status_code == 409
    assert "There is a patient like this" in warned.text
    assert 'name="sure" value="yes"' in warned.text
    assert "1980-02-03" not in warned.text.partition('id="alike"')[2].partition("</section>")[0]
    assert one.submit("/desk/patients/new", **typed | {"born": "1066-01-01"}).status_code == 400


def test_printing_says_who_when_and_by_which_session(vault: RunningVault, browser: SignedIn, patient: str) -> None:
    one = browser("gydytoja")
    one.submit(f"/desk/patient/{patient}/write/note", text="Spausdinama pastaba", visit="none")
    sheet = one.submit(f"/desk/patient/{patient}/print/chart", why="pacientė prašo")
    assert sheet.status_code == 200
    mark = vault.desk("session.who", session=one.cookies["seifas"])["session_id"].hex()[:8]
    for said in ("Printed by Gydytoja", "pacientė prašo", mark, "Spausdinama pastaba", 'data-print'):
        assert said in sheet.text, said
    officer = vault.sign_in("pareigune")
    (line,) = [row for row in vault.desk("audit.list", session=officer, patient=bytes.fromhex(patient))
               if row["action"] == "printed"]
    assert line["note"] == "chart"
    card = one.submit(f"/desk/patient/{patient}/print/card", why="siuntimas")
    assert "Spausdinama pastaba" not in card.text
    assert one.submit(f"/desk/patient/{patient}/print/chart", why="").status_code == 400
    assert one.get(f"/desk/patient/{patient}/print/chart").status_code == 404
    assert one.submit(f"/desk/patient/{patient}/print/everything", why="abc").status_code == 404
    desk = browser("registratore")
    assert desk.submit(f"/desk/patient/{patient}/print/card", why="siuntimas").status_code == 200
    assert desk.submit(f"/desk/patient/{patient}/print/chart", why="siuntimas").status_code == 403


def test_a_cold_chart_says_its_price_and_opens_by_one_button(
    vault: RunningVault, browser: SignedIn, patient: str
) -> None:
    vault.new_day()
    vault.account("pavaduotoja", "doctor")
    one = browser("pavaduotoja")
    asked = one.get(f"/desk/patient/{patient}/chart")
    assert asked.status_code == 403
    assert "chart 1 of the 20" in asked.text
    assert re.search(r'name="reason" value="visit" data-key="1" autofocus', asked.text)
    told = one.submit(f"/desk/patient/{patient}/chart", reason="visit")
    assert told.status_code == 200
    assert "data-settle" in told.text
    assert one.get(f"/desk/patient/{patient}/chart").status_code == 200
    # What was typed into a form of a cold patient comes along with the reason.
    vault.new_day()
    held = one.submit(f"/desk/patient/{patient}/record/Observation/{'0' * 32}", do="end", expect="1")
    assert held.status_code == 404


def test_a_form_of_another_process_is_said_again_before_it_counts(browser: SignedIn, patient: str) -> None:
    one = browser("gydytoja")
    stale = FormGuard(()).token("anybody")
    kept = one.post(f"/desk/patient/{patient}/write/note", headers=HERE,
                    data={"form": stale, "text": "Senas puslapis", "visit": "none"})
    assert kept.status_code == 200
    assert "not written yet" in kept.text
    assert "Senas puslapis" not in one.get(f"/desk/patient/{patient}/chart").text
    assert "Senas puslapis" in again(one, kept.text).text


def test_a_form_writes_into_no_visit_that_its_page_did_not_offer(browser: SignedIn, patient: str) -> None:
    one = browser("gydytoja")
    one.submit(f"/desk/patient/{patient}/write/visit")
    chart = one.get(f"/desk/patient/{patient}/chart").text
    offered = re.search(r'<option value="([0-9a-f]{32})\.([0-9a-f]{64})"', chart)
    assert offered is not None
    for forged in (offered[1], f"{'1' * 32}.{offered[2]}", f"{offered[1]}.{'0' * 64}", f"{offered[1]}.ū", "x" * 500):
        answer = one.submit(f"/desk/patient/{patient}/write/note", text="Svetimas vizitas", visit=forged)
        assert answer.status_code == 400
        assert "Svetimas vizitas" in answer.text, "it is still in the form"
        assert 'class="note"' not in answer.text


def test_duplicates_are_merged_and_given_back_by_the_page(browser: SignedIn, patient: str) -> None:
    one = browser("registratore")
    made = one.submit("/desk/patients/new", family="Dublikatė", given="Ona", born="1980-02-03", sure="yes")
    other = made.url.path.rpartition("/")[2]
    place = f"/desk/patient/{patient}/merge"
    found = one.submit(place, do="find", query="Dublikatė")
    assert f'name="other" value="{other}"' in found.text
    assert "another birth year" not in found.text
    one.submit("/desk/patients/new", family="Dublikatė", given="Ona", born="1955-02-03", sure="yes")
    assert "another birth year" in one.submit(place, do="find", query="Dublikatė").text
    assert one.submit(place, do="merge", why="ta pati").status_code == 400, "none was chosen"
    assert one.submit(place, do="merge", other=other, why="x").status_code == 400
    merged = one.submit(place, do="merge", other=other, keep="other", why="tas pats asmens kodas")
    assert merged.url.path == f"/desk/patient/{other}/merge", "the other record goes on"
    assert "Ona Kortelė" in merged.text
    assert "merged by Registratore" in merged.text
    assert "This record was merged into another" in one.get(f"/desk/patient/{patient}").text
    assert one.submit(place, do="merge", other=other, why="dar kartą").status_code == 409
    doctor = browser("gydytoja")
    doctor.submit(f"/desk/patient/{patient}/chart", reason="visit")
    doctor.submit(f"/desk/patient/{patient}/write/note", text="Prijungto pastaba", visit="none")
    chart = doctor.submit(f"/desk/patient/{other}/chart", reason="visit").text
    assert "Prijungto pastaba" in chart
    assert '<span class="tag">merged</span>' in chart
    assert "1 merged record is shown here too" in chart
    line = re.search(rf"/desk/patient/{other}/record/Observation/[0-9a-f]{{32}}", chart)
    assert line is not None
    assert "This belongs to a merged record" in doctor.get(line[0]).text
    assert doctor.submit(line[0], do="correct", expect="1", text="Pataisyta").status_code == 200
    back = one.submit(f"/desk/patient/{other}/merge", do="unmerge", other=patient, why="ne ta pati")
    assert "Ona Kortelė" not in back.text
    assert "Pataisyta" in doctor.get(f"/desk/patient/{patient}/chart").text
    assert "Pataisyta" not in doctor.get(f"/desk/patient/{other}/chart").text


def test_a_lot_is_looked_for_with_a_touch_and_told_as_a_number(
    vault: RunningVault, browser: SignedIn, patient: str
) -> None:
    vault.account("ieskanti", "nurse")
    one = browser("ieskanti")
    key = Touching(vault, one)
    one.submit(f"/desk/patient/{patient}/write/procedure", procedure="x", product1="Y", lot1="TSM-4411", visit="none")
    assert one.submit("/desk/lots", lot="x").status_code == 400
    asked = one.submit("/desk/lots", lot="tsm 4411")
    assert asked.status_code == 403
    key.step_up(asked.text)
    page = again(one, asked.text)
    for _ in range(100):
        page = one.get(page.url.path)
        if "found" in page.text:
            break
    assert "1 patient found" in page.text
    assert patient not in page.text
    assert "Kortelė" not in page.text
    place = page.url.path
    assert one.submit(place, do="take", part="0").status_code == 403
    assert one.submit(place, do="take", part="x", recall="Gamintojas").status_code == 404
    assert "The list is made" in one.submit(place, do="take", part="0", recall="Gamintojo pranešimas").text
    assert one.submit(place, do="dance").status_code == 400
    assert browser("gydytoja").get(place).status_code == 404, "somebody else's search is none"
    assert "TSM-4411" not in one.get("/desk/lots").text
    assert "tsm 4411" in one.get("/desk/lots").text
