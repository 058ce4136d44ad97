"""An incident's pages over HTTP: opened, written into, corrected, taken back, signed, closed; what refusals say."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from desk_browser import Browser, Touching
from running_vault import RunningVault

SignedIn = Callable[[str], Browser]


@pytest.fixture(scope="module")
def officer(browser: SignedIn) -> Browser:
    return browser("pareigune")


@pytest.fixture
def case(officer: Browser) -> str:
    """The address of a new case."""
    made = officer.submit("/desk/cases", title="Laiškas su pavyzdžiu", kind="extortion")
    assert made.status_code == 200
    return made.url.path


@pytest.fixture(scope="module")
def signing(vault: RunningVault, browser: SignedIn) -> tuple[Browser, Touching]:
    """An officer with a passkey."""
    vault.account("rupestinga2", "officer")
    one = browser("rupestinga2")
    return one, Touching(vault, one)


def _first(page: str, part: str = "") -> str:
    found = re.search(rf'{part}\?correct=([0-9a-f]{{32}})', page)
    assert found is not None
    return found[1]


def _person(officer: Browser, case: str, name: str = "Jonas Pavyzdys", role: str = "director") -> str:
    page = officer.submit(f"{case}/people", name=name, role=role, phone="+370 600 00000")
    assert name in page.text
    return _first(page.text, "people")


def test_a_case_is_opened_and_stands_in_the_list(officer: Browser, case: str) -> None:
    listed = officer.get("/desk/cases").text
    assert f'href="{case}"' in listed
    page = officer.get(case)
    assert "Laiškas su pavyzdžiu" in page.text
    assert "It is not written when the clinic became aware" in page.text
    assert "There are no tasks" in page.text
    assert re.search(r'href="/desk/leaks/[0-9a-f]{32}"', page.text)  # where its files are


@pytest.mark.parametrize(("title", "kind", "says"), [
    ("", "hand", "Give a title"), ("ab", "hand", "Give a title"), ("x" * 121, "hand", "Give a title"),
    ("Laiškas", "dance", "Choose what it began with"), ("Laiškas", "", "Choose what it began with"),
])  # fmt: skip
def test_a_case_that_cannot_be_opened_says_why(officer: Browser, title: str, kind: str, says: str) -> None:
    page = officer.submit("/desk/cases", title=title, kind=kind)
    assert page.status_code == 400
    assert says in page.text


def test_an_alarm_and_a_leak_case_lead_into_a_case(vault: RunningVault, officer: Browser, case: str) -> None:
    begun = officer.submit("/desk/leaks", title="Telegram kanalas", ground="GDPR Art. 33")
    leak = begun.url.path.rpartition("/")[2]
    assert f'href="/desk/cases?leak={leak}"' in begun.text
    asking = officer.get(f"/desk/cases?leak={leak}").text
    assert 'value="Telegram kanalas"' in asking
    assert f'name="link" value="{leak}"' in asking
    assert officer.submit(f"{case}/links", link=leak).url.path == case
    opened = officer.submit("/desk/cases", title="Telegram kanalas", kind="leak", link=leak)
    assert opened.status_code == 200
    alarm = re.search(r'href="/desk/cases\?alarm=([0-9a-f]{32})"', officer.get("/desk").text)
    assert alarm is not None  # beginning a leak case rings
    assert 'value="alarm" selected' in officer.get(f"/desk/cases?alarm={alarm[1]}").text
    assert officer.submit("/desk/cases", title="Aliarmas", kind="alarm", link=alarm[1]).status_code == 200
    assert officer.get(f"/desk/cases?alarm={'0' * 32}").status_code == 404
    assert officer.submit(f"{case}/links", link="0" * 32).status_code in (400, 404)


def test_an_event_stands_on_the_timeline_with_its_source(officer: Browser, case: str) -> None:
    page = officer.submit(
        f"{case}/events", what="Paskambino\nžurnalistas", word="other", day="2026-03-24", time="14:05",
        precision="minute", source="Registratūra",
    )  # fmt: skip
    assert page.url.path == case
    assert "Paskambino\nžurnalistas" in page.text
    assert "Source: Registratūra" in page.text
    month = officer.submit(f"{case}/events", what="Įsilaužta", word="other", day="2026-01-17", time="10:00",
                           precision="month", source="Policija")  # fmt: skip
    assert ">2026-01<" in month.text
    assert "2026-01-17" not in re.sub(r'value="[^"]*"', "", month.text)


@pytest.mark.parametrize(("change", "says"), [
    ({"what": " "}, "This needs mending: What"), ({"source": ""}, "This needs mending: Source"),
    ({"time": ""}, "When: give a day and a time"), ({"day": "2026-03-29", "time": "03:30"}, "leap over"),
    ({"day": "2026-02-30"}, "When: give"), ({"word": "dance"}, "This needs mending"),
    ({"precision": "week"}, "This needs mending"), ({"what": "x" * 4001}, "This needs mending: What"),
    ({f"file-{'0' * 32}": "1"}, "This needs mending: Evidence"), ({"file-x": "1"}, "This needs mending: Evidence"),
])  # fmt: skip
def test_a_refusal_stands_above_the_form_with_what_was_typed(
    officer: Browser, case: str, change: dict[str, str], says: str
) -> None:
    good = {"what": "Įsilaužta", "word": "other", "day": "2026-03-24", "time": "14:05", "precision": "minute",
            "source": "Policininkas Ž."}  # fmt: skip
    page = officer.submit(f"{case}/events", **{**good, **change})
    assert page.status_code == 400
    assert says in page.text
    if "source" not in change:
        assert 'value="Policininkas Ž."' in page.text
    assert "Source: Policininkas" not in officer.get(case).text


def test_what_was_written_is_corrected_and_taken_back_and_stays(officer: Browser, case: str) -> None:
    fields = {"word": "other", "day": "2026-03-24", "time": "14:05", "precision": "minute", "source": "x"}
    page = officer.submit(f"{case}/events", what="Pirma redakcija", **fields).text
    first = _first(page)
    filled = officer.get(f"{case}?correct={first}").text
    assert f'name="about" value="{first}"' in filled
    assert "Pirma redakcija</textarea>" in filled
    page = officer.submit(f"{case}/events", what="Antra redakcija", about=first, **fields).text
    assert "Antra redakcija" in page
    assert "Pirma redakcija" not in page
    assert "version 2" in page
    assert officer.submit(f"{case}/events", do="retract", about=first, retracted=" ").status_code == 400
    page = officer.submit(f"{case}/events", do="retract", about=first, retracted="Ne tas laiškas").text
    assert "taken-back" in page
    assert "Taken back: Ne tas laiškas" in page
    for about in ("0" * 32, "zz", "0" * 31):
        assert officer.submit(f"{case}/events", what="x", about=about, **fields).status_code in (400, 404)


def test_notes_keep_their_lines(officer: Browser, case: str) -> None:
    page = officer.submit(f"{case}/notes", text="Pirma\r\nantra").text
    assert "Pirma\nantra" in page
    assert officer.submit(f"{case}/notes", text="").status_code == 400


def test_people_tasks_and_who_was_told(officer: Browser, case: str) -> None:
    assert "Not written yet, though they have to know" in officer.get(f"{case}/people").text
    jonas = _person(officer, case)
    told = officer.submit(f"{case}/told", person=jonas, what="35 įrašai paskelbti", day="2026-03-24", time="03:20",
                          way="telephone")  # fmt: skip
    assert told.url.path == f"{case}/people"
    assert "35 įrašai paskelbti" in told.text
    assert officer.submit(f"{case}/told", person="", what="x", day="2026-03-24", time="03:20",
                          way="telephone").status_code == 400  # fmt: skip
    page = officer.submit(f"{case}/tasks", what="Perskaityti žurnalus", day="2026-01-05", time="12:00", owner=jonas)
    assert "Jonas Pavyzdys" in page.text
    assert "late by" in page.text
    assert "late: 1" in officer.get(case).text
    first = re.search(r'name="about" value="([0-9a-f]{32})"', page.text)
    assert first is not None
    done = officer.submit(f"{case}/tasks/end", about=first[1], state="done", outcome="Nieko nerasta").text
    assert "Nieko nerasta" in done
    assert "late by" not in done
    again = officer.submit(f"{case}/tasks/end", about=first[1], state="open")
    assert "late by" in again.text
    assert officer.submit(f"{case}/tasks/end", about=first[1], state="asleep").status_code == 400
    assert officer.submit(f"{case}/tasks", what="x", day="2026-01-05", time="").status_code == 400


def test_the_first_steps_are_taken_once(officer: Browser, case: str) -> None:
    page = officer.submit(f"{case}/tasks/first").text
    assert page.count('value="done"') == 8
    assert "Take the first steps" not in page
    assert officer.submit(f"{case}/tasks/first").text.count('value="done"') == 8


def test_claims_are_held_side_by_side(officer: Browser, case: str) -> None:
    for says, kind in (("24,000 patients", "extorter"), ("25,000 photos", "press")):
        page = officer.submit(f"{case}/claims", subject="How many", says=says, kind=kind, source="x", dated="")
    assert page.text.count('aria-labelledby="s-') == 1
    assert "they differ" in page.text
    assert "Claims differ on 1 subject" in officer.get(case).text
    assert officer.submit(f"{case}/claims", subject="How many", says="", kind="press", source="x").status_code == 400


def test_clocks_and_decisions_take_a_passkey(signing: tuple[Browser, Touching]) -> None:
    officer, key = signing
    case = officer.submit("/desk/cases", title="Su parašais", kind="hand").url.path
    aware = {"what": "Atitikmuo patvirtintas:\nmūsų pacientai", "word": "aware", "day": "2026-03-24", "time": "14:05",
             "precision": "minute", "source": "Pareigūnė"}  # fmt: skip
    asked = officer.submit(f"{case}/events", **aware)
    assert asked.status_code == 403
    assert "signs this event in your name" in asked.text
    assert "Atitikmuo" not in re.sub(r'<input type="hidden"[^>]*>', "", officer.get(case).text)
    key.step_up(asked.text)
    assert officer.submit(f"{case}/events", **{**aware, "time": "10:05"}).status_code == 403  # not what was touched for
    page = officer.submit(f"{case}/events", **aware)
    assert "The clinic became aware of the breach" in page.text
    assert ">signed<" in page.text
    decision = {"question": "Ar mokėti?", "decided": "Nemokėti", "grounds": "Policijos patarimas", "against": "",
                "by": ""}  # fmt: skip
    asked = officer.submit(f"{case}/decisions", **decision)
    assert asked.status_code == 403
    key.step_up(asked.text)
    page = officer.submit(f"{case}/decisions", **decision)
    assert page.status_code == 200
    assert "Nemokėti" in page.text
    back = {"do": "retract", "about": _first(page.text, "decisions"), "retracted": "Persigalvota"}
    asked = officer.submit(f"{case}/decisions", **back)
    assert asked.status_code == 403
    key.step_up(asked.text)
    assert "Persigalvota" in officer.submit(f"{case}/decisions", **back).text


def test_nobody_writes_into_a_closed_case(officer: Browser, case: str) -> None:
    assert officer.submit(f"{case}/close", word="").status_code == 400
    closed = officer.submit(f"{case}/close", word="Niekas nenutekėjo")
    assert closed.status_code == 200
    assert 'action="' + case not in closed.text
    for part, fields in (
        ("notes", {"text": "x"}), ("people", {"name": "x", "role": "it"}), ("tasks", {"what": "x"}),
        ("tasks/first", {}), ("claims", {"subject": "x", "says": "x", "source": "x", "kind": "press"}),
    ):  # fmt: skip
        refused = officer.submit(f"{case}/{part}", **fields)
        assert refused.status_code in (403, 409), part
        assert "This incident is closed" in refused.text, part
    for part in ("", "/tasks", "/people", "/decisions", "/claims"):
        assert officer.get(case + part).status_code == 200


def test_the_pages_speak_the_language_they_are_asked_for(officer: Browser, case: str) -> None:
    for part in ("", "/tasks", "/people", "/decisions", "/claims"):
        page = officer.get(case + part, headers={"Accept-Language": "lt"}).text
        assert '<html lang="lt"' in page
        assert "Apžvalga" in page
