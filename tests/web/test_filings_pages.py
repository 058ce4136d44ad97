"""The pages of filings over HTTP: facts, previews, finishing, what was sent, what supplements it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable

import httpx
import pypdf
import pytest
from desk_browser import Browser
from running_vault import RunningVault

STORY = "Rasta pusės klinikos kortelių kopija."


@pytest.fixture(scope="module")
def officer(browser: Callable[[str], Browser]) -> Browser:
    return browser("pareigune")


@pytest.fixture
def case(officer: Browser) -> str:
    made = officer.submit("/desk/cases", title="Laiškas su pavyzdžiu", kind="extortion")
    assert made.status_code == 200
    return made.url.path


def _facts(page: str) -> dict[str, str]:
    """The form as a browser would send it, untouched."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name = re.search(r'name="([^"]*)"', tag)
        if name is None or name[1] == "form" or ("checkbox" in tag and "checked" not in tag):
            continue
        value = re.search(r'value="([^"]*)"', tag)
        found[name[1]] = value[1] if value else ""
    for name, body in re.findall(r'<select id="[^"]*" name="([^"]*)">(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    for name, body in re.findall(r'<textarea id="[^"]*" name="([^"]*)"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        found[name] = body
    return found


def _keep(officer: Browser, case: str, **changed: str) -> httpx.Response:
    sent = _facts(officer.get(f"{case}/filings/facts").text)
    return officer.submit(f"{case}/filings/facts", **{**sent, **{k.replace("__", "-"): v for k, v in changed.items()}})


def test_everything_is_proposed_before_anybody_writes(officer: Browser, case: str) -> None:
    page = officer.get(f"{case}/filings")
    assert page.status_code == 200, page.text[:2000]
    assert "Nobody has written anything yet" in page.text
    facts = _facts(officer.get(f"{case}/filings/facts").text)
    assert facts["f-controller-name"]
    assert facts["f-unlawful"] == "yes"
    assert facts["c-articles-181"] == "1"
    preview = officer.get(f"{case}/filings/vdai?language=lt")
    assert "Pranešimas apie asmens duomenų saugumo pažeidimą" in preview.text
    assert "Dar nežinoma; bus papildyta." in preview.text


def test_what_is_not_changed_goes_on_following_the_case(officer: Browser, case: str) -> None:
    kept = _keep(officer, case, f__story=STORY)
    assert kept.url.path == f"{case}/filings", kept.text
    page = officer.get(f"{case}/filings/facts").text
    assert STORY in page
    assert page.count("from the case") > 5  # still the case's own word
    assert STORY in officer.get(f"{case}/filings/police?language=en").text


def test_what_nobody_knows_can_be_said_against_the_case(officer: Browser, case: str) -> None:
    _keep(officer, case, f__unlawful="")
    assert _facts(officer.get(f"{case}/filings/facts").text)["f-unlawful"] == ""


@pytest.mark.parametrize(("field", "text", "says"), [
    ("f__began", "vakar", "a time as 2026-03-24 14:05"), ("f__began", "2026-03-29 03:30", "a time as"),
    ("f__records", "daug", "a whole number"), ("f__told-on", "2026-13-01", "a day as"),
    ("f__unlawful", "perhaps", "choose from the list"), ("f__story", "x" * 6001, "at most 6,000 letters"),
    ("f__sector", "x" * 301, "one line"),
])  # fmt: skip
def test_a_fact_that_is_none_is_named_and_nothing_is_lost(
    officer: Browser, case: str, field: str, text: str, says: str
) -> None:
    answer = _keep(officer, case, **{"f__story": STORY, field: text})
    assert answer.status_code == 400
    assert says in answer.text
    assert STORY in answer.text or field == "f__story"


def test_a_filing_is_finished_sent_and_supplemented(officer: Browser, case: str) -> None:
    _keep(officer, case, f__story=STORY, f__records="35")
    refused = officer.submit(f"{case}/filings/vdai")
    assert refused.status_code == 400
    assert "Needed fields are missing" in refused.text
    made = officer.submit(f"{case}/filings/vdai", later="1")
    assert "/filed/" in made.url.path, made.text[:3000]
    listed = r'<a href="([^"]+/filed/[^"]+\.(?:pdf|json))">.*?<code class="strange">([0-9a-f]{64})'
    hashes = re.findall(listed, made.text, re.DOTALL)
    assert len(hashes) == 4
    before = {}
    for address, digest in hashes:
        body = officer.get(address)
        assert hashlib.sha256(body.content).hexdigest() == digest
        before[address] = body.content
        if address.endswith("lt.pdf"):
            text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body.content)).pages)
            assert STORY in text
            assert "JUODRAŠTIS" not in text
            assert b"pdfaid" in body.content
    told = json.loads(before[next(one for one in before if one.endswith("en.json"))])
    assert told["format"] == "seifas filing 1"
    assert told["draft"] is False
    wrong = officer.submit(made.url.path, do="sent", language="lt", at="soon", channel="ada@ada.lt")
    assert wrong.status_code == 400
    sent = officer.submit(
        made.url.path, do="sent", language="lt", at="2026-11-22 04:10", channel="ada@ada.lt", reference=""
    )
    assert "2026-11-22 04:10" in sent.text
    sent = officer.submit(
        made.url.path, do="sent", language="lt", at="2026-11-22 04:10", channel="ada@ada.lt", reference="3R-1234"
    )
    assert "3R-1234" in sent.text
    dropped = officer.submit(made.url.path, do="drop", word="suklydome")
    assert dropped.status_code == 400
    assert "It was sent already" in dropped.text

    _keep(officer, case, f__records="24000")
    assert "facts have changed" in officer.get(f"{case}/filings").text
    again = officer.get(f"{case}/filings/vdai?language=en").text
    assert "24000" in again
    assert "ada@ada.lt, 3R-1234" in again
    second = officer.submit(f"{case}/filings/vdai", later="1")
    address = next(one for one in re.findall(r'href="([^"]+en\.json)"', second.text))
    told = json.loads(officer.get(address).content)
    assert told["kind"] == "supplementary"
    assert "3R-1234" in told["earlier"]
    assert [(one["no"], one["before"], one["now"]) for one in told["changes"]] == [("1.7", "35", "24000")]
    for address, body in before.items():
        assert officer.get(address).content == body  # later facts rewrite nothing
    register = officer.get(f"{case}/filings/register?language=en").text
    assert "3R-1234" in register


def test_a_named_patient_keeps_a_filing_in_the_house(officer: Browser, case: str, ona: str) -> None:
    _keep(officer, case, f__story="Grasinta p. Žukauskienei, asmens kodas 48002030018.")
    answer = officer.submit(f"{case}/filings/vdai", later="1")
    assert answer.status_code == 400
    assert "names a patient" in answer.text
    assert "1.8" in answer.text
    draft = officer.get(f"{case}/filings/vdai/draft?language=lt&as=pdf")
    assert draft.headers["content-type"].startswith("text/html")
    assert "1.8" in draft.text
    assert not re.search(r"/filed/[0-9a-f]{32}", officer.get(f"{case}/filings").text)


def test_what_strangers_wrote_is_blacked_out(officer: Browser, case: str, ona: str) -> None:
    demanded = officer.submit(
        f"{case}/demands", do="add", addressee="clinic", amount="300", unit="BTC", fixed_in="BTC",
        seen="2026-03-01 10:00", deadline="", scope="all", channel="mail", contact="", addresses="",
        wording="Pay, or the photos of Žukauskienė, 48002030018, are out.", patient="", note="",
    )
    assert demanded.status_code == 200, demanded.text
    _keep(officer, case, f__story=STORY)
    draft = officer.get(f"{case}/filings/police/draft?language=en&as=json")
    told = json.loads(draft.content)
    assert told["draft"] is True
    assert "300 BTC" in draft.text
    assert "48002030018" not in draft.text
    assert "█" * 11 in draft.text


def test_the_template_that_is_to_come_is_shown_and_not_finished(officer: Browser, case: str) -> None:
    assert "not in force yet" in officer.get(f"{case}/filings/edpb").text
    assert officer.submit(f"{case}/filings/edpb", later="1").status_code == 400


@pytest.mark.parametrize("path", [
    "filings/none", "filings/press", "filings/press/draft", "filings/none/draft", "filed/" + "0" * 32, "filed/x",
    "filings/vdai/draft?as=exe",
])  # fmt: skip
def test_what_is_not_there_is_refused(officer: Browser, case: str, path: str) -> None:
    assert officer.get(f"{case}/{path}").status_code in (400, 404)


@pytest.mark.parametrize("name", ["gydytoja", "registratore", "adminas", "auditore"])
def test_nobody_else_sees_filings(browser: Callable[[str], Browser], case: str, name: str) -> None:
    other = browser(name)
    for path in ("filings", "filings/facts", "filings/vdai", "filings/vdai/draft"):
        assert other.get(f"{case}/{path}").status_code == 403


def test_numbers_are_queries_into_a_frozen_list(vault: RunningVault, officer: Browser, case: str, ona: str) -> None:
    session, key = officer.cookies["seifas"], bytes.fromhex(case.rpartition("/")[2])
    made = vault.desk("case.affected", session=session, case=key, since_ms=1)
    snapshot = made["snapshot"].hex()
    facts = _facts(officer.get(f"{case}/filings/facts").text)
    assert facts["snapshot"] == snapshot
    assert facts["f-subjects"] == str(sum(made["counts"][one] for one in ("published", "taken", "reachable")))
    told = json.loads(officer.get(f"{case}/filings/vdai/draft?language=en&as=json").content)
    assert told["snapshots"] == [snapshot]
    assert any(snapshot in one["words"] and '"published"' in one["words"] for one in told["grounds"])
    _keep(officer, case, f__story=STORY)
    later = vault.desk("case.affected", session=session, case=key, since_ms=2)["snapshot"].hex()
    assert "There is a newer list" in officer.get(f"{case}/filings").text
    assert _facts(officer.get(f"{case}/filings/facts").text)["snapshot"] == snapshot  # nothing changes by itself
    _keep(officer, case, snapshot=later)
    told = json.loads(officer.get(f"{case}/filings/vdai/draft?language=en&as=json").content)
    assert told["snapshots"] == [later]
    _keep(officer, case, f__subjects="77")
    told = json.loads(officer.get(f"{case}/filings/vdai/draft?language=en&as=json").content)
    number = next(one for part in told["parts"] for one in part["fields"] if one["no"] == "1.4")
    assert number["values"][0]["text"] == "77"
    marks = {one["mark"]: one["words"] for one in told["grounds"]}
    assert not [one for one in number["marks"] if '"published","reachable"' in marks[one]]  # typed, not counted
    assert officer.submit(f"{case}/filings/facts", **{**facts, "snapshot": "0" * 32}).status_code == 400


def test_what_a_fact_rests_on_is_named_by_codes(officer: Browser, case: str) -> None:
    event = {"day": "2026-03-24", "time": "02:40", "precision": "minute", "source": "Registratūra"}
    officer.submit(f"{case}/events", what="Gautas laiškas", word="first-signal", **event)
    code = re.search(r"<code>(E-[0-9a-f]+)</code>", officer.get(f"{case}/filings/facts").text)
    assert code is not None
    _keep(officer, case, f__story=STORY, g__story=code[1].lower())
    told = json.loads(officer.get(f"{case}/filings/vdai/draft?language=en&as=json").content)
    assert any("timeline" in one["words"] and "2026-03-24 02:40" in one["words"] for one in told["grounds"])
    wrong = _keep(officer, case, g__story="E-zzzz")
    assert wrong.status_code == 400
    assert "There is nothing of this code" in wrong.text
