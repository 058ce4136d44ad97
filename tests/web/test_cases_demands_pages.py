"""The ledger of demands and the addresses to be taken down, over HTTP: entered, changed, valued, compared, refused."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from desk_browser import Browser

TABLE = (("2017-03-01", "1222.50"), ("2017-03-24", "937.52"), ("2017-05-31", "2286.41"), ("2017-06-30", "2480.84"))
SignedIn = Callable[[str], Browser]
ADDRESS = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
DEMAND = {
    "do": "add", "addressee": "clinic", "amount": "300", "unit": "BTC", "fixed_in": "BTC", "seen": "2017-03-01 09:15",
    "deadline": "2017-06-30", "scope": "all", "channel": "mail", "contact": "tsar@example.org",
    "addresses": ADDRESS, "wording": "Pay 300 bitcoin until the thirtieth of June or all of it is sold.", "patient": "",
    "note": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def officer(browser: SignedIn) -> Browser:
    return browser("pareigune")


@pytest.fixture
def case(officer: Browser) -> str:
    made = officer.submit("/desk/cases", title="Reikalavimas bitkoinais", kind="extortion")
    return str(made.url.path)


def _rates(officer: Browser, case: str, body: bytes, source: str = "Yahoo, daily closes") -> str:
    answer = officer.post(
        f"{case}/demands/rates", data={"form": officer.form_token(), "source": source},
        files={"file": ("rates.csv", body, "text/csv")}, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    return answer.text


def test_a_demand_is_valued_by_the_day_and_changed_without_being_rewritten(officer: Browser, case: str) -> None:
    page = officer.submit(f"{case}/demands", **DEMAND).text
    assert "300" in page
    assert "bitcoin P2PKH" in page
    assert "no bitcoin rate for that day" in page
    rows = "\n".join(f"{day},{close}" for day, close in TABLE)
    page = _rates(officer, case, f"Date,Close\n{rows}\n".encode())
    assert "€348,191" in page.replace("348,191 €", "€348,191")
    assert "its deadline has passed" in page
    first = re.search(r"\?change=([0-9a-f]{32})", page)
    assert first is not None
    again = officer.get(f"{case}/demands?change={first[1]}").text
    assert f'name="about" value="{first[1]}"' in again
    changed = {**DEMAND, "amount": "50", "seen": "2017-05-31", "about": first[1]}
    page = officer.submit(f"{case}/demands", **changed).text
    assert "Demand 1 · <span class=\"nowrap\">50 BTC" in page
    assert "2017-03-01 09:15: 300 BTC" in page
    assert "101,881" in page
    assert page.count("<polyline") >= 1
    listed = officer.get(f"{case}/demands/addresses.csv")
    assert listed.headers["content-disposition"] == 'attachment; filename="addresses.csv"'
    assert listed.text.splitlines() == [
        "address,script_type,valid,demands,first_seen", f'"{ADDRESS}",p2pkh,yes,2,2017-03-01 09:15',
    ]  # fmt: skip
    page = officer.submit(f"{case}/demands", do="retract", about=first[1], retracted="a hoax of a pupil").text
    assert "a hoax of a pupil" in page
    assert officer.get(f"{case}/demands/addresses.csv").text.count("\n") == 1


@pytest.mark.parametrize(("field", "value", "says"), [
    ("amount", "much", "number above 0"), ("seen", "yesterday", "give a day, or a day and a time"),
    ("deadline", "2017-02-01", "cannot lie before"), ("patient", "Jonas", "32 characters"),
    ("contact", "x" * 400, "300 letters fit"),
])  # fmt: skip
def test_what_is_wrong_with_a_demand_is_said_and_nothing_typed_is_lost(
    officer: Browser, case: str, field: str, value: str, says: str
) -> None:
    page = officer.submit(f"{case}/demands", **{**DEMAND, field: value})
    assert page.status_code == 400
    assert says in page.text
    assert "Pay 300 bitcoin until" in page.text
    assert "No demand is written here" in page.text


@pytest.mark.parametrize("body", [
    b"", b"nothing", b"Date,Close\n2017-03-01,-5\n", b"\xff\xfe\x00", b"Date,Close\n" + b"2017-03-01,5\n" * 2,
])  # fmt: skip
def test_files_of_rates_that_are_none_say_why(officer: Browser, case: str, body: bytes) -> None:
    assert "The file of rates cannot be read" in _rates(officer, case, body) or not body


def test_hostile_words_stay_words(officer: Browser, case: str) -> None:
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    page = officer.submit(
        f"{case}/demands", **{**DEMAND, "wording": hostile, "contact": hostile, "addresses": '"><svg onload=x>'}
    ).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<svg onload" not in page
    assert "bitcoin:" not in page


def test_samples_are_compared_and_an_unsearched_one_proves_nothing_yet(officer: Browser, case: str) -> None:
    officer.submit(f"{case}/demands", **DEMAND)
    page = officer.submit(f"{case}/demands", do="compare").text
    assert "Proves nothing." in page
    assert "It does not say who wrote it." in page


def test_an_address_is_found_asked_about_and_gone(officer: Browser, case: str) -> None:
    url = "http://abcdefghij234567.onion/leak?page=2"
    bad = officer.submit(f"{case}/takedown", do="add", url="nowhere", whom="host", at="2017-03-24")
    assert bad.status_code == 400
    page = officer.submit(f"{case}/takedown", do="add", url=url, whom="host", at="2017-03-24 10:00").text
    assert url.replace("&", "&amp;") in page
    assert "Text of the request" in page
    first = re.search(r'name="about" value="([0-9a-f]{32})"', page)
    assert first is not None
    late = officer.submit(f"{case}/takedown", do="step", about=first[1], state="answered", at="2017-03-25")
    assert late.status_code == 400
    assert "That step cannot come now" in late.text
    steps = (("asked", "removal asked"), ("refused", "refused"), ("asked", "removal asked"), ("gone", "gone"))
    for state, says in steps:
        page = officer.submit(
            f"{case}/takedown", do="step", about=first[1], state=state, at="2017-03-26", word="ticket 5",
            recipient="abuse@host.example",
        ).text  # fmt: skip
        assert says in page
    assert "abuse@host.example" in page
    assert '<strong class="number">0</strong> <span>still there' in page
    watched = officer.submit(f"{case}/takedown", do="watch", about=first[1])
    assert watched.status_code == 200
    assert "Watch every hour" not in watched.text


def test_others_see_none_of_it(browser: SignedIn, officer: Browser, case: str) -> None:
    doctor = browser("gydytoja")
    for page in ("demands", "takedown", "demands/addresses.csv"):
        assert doctor.get(f"{case}/{page}").status_code == 403
    for page in ("demands", "takedown"):
        assert doctor.submit(f"{case}/{page}", do="add").status_code == 403
