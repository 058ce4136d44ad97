"""The pages of incidents under attack: other hats, forged forms, others' ids, signatures made for something else, and
words of strangers, who say into a case what they like: it is shown, and never more than text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import msgspec
import pytest
from darkroom_stage import Desk

from seifas.drill.stage import Answer, Browser, Stage
from seifas.drill.thieves import Thief, enrol, form_of
from seifas.incidents.timeline import Decision, Event, Note, written
from seifas.web.desk.cases import cases, claims, decisions, overview, people, tasks
from seifas.web.desk.cases.routes import ROUTES
from seifas.web.words import say

_OURS = {one.__name__ for one in (cases, claims, decisions, overview, people, tasks)}
GETS = sorted({one.pattern for one in ROUTES if "GET" in one.methods and one.handler.__module__ in _OURS})
POSTS = sorted({one.pattern for one in ROUTES if "POST" in one.methods and one.handler.__module__ in _OURS})
TITLE = "Kilpadrobulio byla"
AWAY = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
_KIND = {"Content-Type": "application/x-www-form-urlencoded"}
BREAKING = '"></textarea></option><img src=x onerror=alert(2)><script>alert(1)</script>'
HOSTILE = (
    BREAKING, "{{ 7*7 }}{% raw %}", "\u202egpj.exe", "a" * 290, "'; DROP TABLE cases; --", "%00%0d%0aSet-Cookie: x=1",
)  # fmt: skip
FIELDS = {
    "do": "add", "title": "abc", "kind": "press", "link": "0" * 32, "what": "Įsibrovėlio eilutė", "word": "other",
    "day": "2026-03-24", "time": "14:05", "precision": "minute", "source": "x", "text": "Įsibrovėlio eilutė",
    "name": "Įsibrovėlio eilutė", "role": "it", "person": "0" * 32, "way": "mail", "question": "x", "decided": "x",
    "grounds": "x", "subject": "x", "says": "Įsibrovėlio eilutė", "state": "done", "about": "",
}  # fmt: skip


class Cases(msgspec.Struct):
    """Two cases that have nothing to do with each other; a note of the first. Ids in hex."""

    one: str
    other: str
    note: str


@pytest.fixture(scope="module")
def stage(shared_stage: Stage) -> Stage:
    return shared_stage


@pytest.fixture(scope="module")
def found(stage: Stage) -> Cases:
    with Desk(stage, "officer1") as officer:
        one, other = (officer.ask("case.open", title=title, kind="hand")["case"] for title in (TITLE, "kita"))
        note = officer.ask("case.append", case=one, kind="note", body=written(Note(text="Pastaba viena")))["entry"]
    return Cases(one.hex(), other.hex(), note.hex())


@pytest.fixture
def officer(stage: Stage) -> Iterator[Browser]:
    browser = stage.sign_in("officer1")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def hand(stage: Stage) -> Iterator[Thief]:
    """An officer with a passkey."""
    browser = stage.sign_in("officer2")
    made = Thief(stage, browser, enrol(stage, browser))
    yield made
    made.close()


def _path(pattern: str, case: str) -> str:
    return pattern.replace("{case}", case)


def _post(browser: Browser, path: str, **fields: str) -> Answer:
    return browser.form(path, {"form": form_of(browser), **fields})


def _entries(stage: Stage, case: str) -> int:
    with Desk(stage, "officer1") as officer:
        return len(officer.ask("case.entries", case=bytes.fromhex(case)))


# -- who


@pytest.mark.parametrize("account", ["doctor1", "nurse1", "reception1", "auditor", "administrator"])
def test_other_hats_get_none_of_them(stage: Stage, found: Cases, account: str) -> None:
    browser, before = stage.sign_in(account), _entries(stage, found.one)
    form = form_of(browser)
    for pattern in GETS:
        answer = browser.read(_path(pattern, found.one))
        assert answer.status == 403, pattern
        assert TITLE.encode() not in answer.body
    for pattern in POSTS:
        assert browser.form(_path(pattern, found.one), {**FIELDS, "form": form}).status == 403, pattern
    assert b"/desk/cases" not in browser.read("/desk").body
    assert _entries(stage, found.one) == before
    browser.close()


def test_nobody_who_is_not_signed_in_sees_any(stage: Stage, found: Cases) -> None:
    stranger = stage.browser()
    for pattern in GETS:
        answer = stranger.read(_path(pattern, found.one))
        assert (answer.status, answer.headers.get("location")) == (303, "/auth/sign-in"), pattern
    for pattern in POSTS:
        assert stranger.form(_path(pattern, found.one), FIELDS).status in (303, 403), pattern


@pytest.mark.parametrize("pattern", POSTS)
def test_a_form_that_none_of_our_pages_sent_writes_nothing(stage: Stage, found: Cases, pattern: str) -> None:
    officer, second = stage.sign_in("officer1"), stage.sign_in("officer2")
    path, before = _path(pattern, found.one), _entries(stage, found.one)
    for forged in ({}, {"form": "0" * 64}, {"form": form_of(second)}):
        assert officer.form(path, {**FIELDS, **forged}).status in (400, 403)
    sent = "&".join(f"{name}={value}" for name, value in {**FIELDS, "form": form_of(officer)}.items())
    answer = officer.ask("POST", path, sent, {**_KIND, **AWAY})
    assert answer.status in (303, 400, 403)
    assert answer.headers.get("location", "/auth/sign-in") == "/auth/sign-in"
    assert _entries(stage, found.one) == before
    assert say("lt", "case-end-do").encode() in officer.read(f"/desk/cases/{found.one}").body  # still open
    officer.close()
    second.close()


# -- ids


def test_ids_of_other_cases_and_of_none(officer: Browser, stage: Stage, found: Cases) -> None:
    none = os.urandom(16).hex()
    for pattern in GETS:
        if "{case}" in pattern:
            assert officer.read(_path(pattern, none)).status == 404
            for bad in ("zz", "g" * 32, "a" * 4000, "..%2f..%2fetc"):
                assert officer.read(_path(pattern, bad)).status in (400, 404, 414, 431), (pattern, bad[:40])
    for query in ("alarm=zz", f"alarm={none}", f"leak={none}", "leak=..", "alarm=" + "0" * 64):
        assert officer.read(f"/desk/cases?{query}").status in (400, 404), query
    before = _entries(stage, found.other), _entries(stage, found.one)
    # An entry of another case is neither corrected nor taken back in this one.
    for fields in ({"do": "retract", "retracted": "x", "about": found.note}, {"text": "x", "about": found.note},
                   {"text": "x", "about": none}, {"text": "x", "about": "zz"}):
        assert _post(officer, f"/desk/cases/{found.other}/notes", **fields).status in (400, 404), fields
    # Nor one of another kind.
    for part in ("tasks", "people", "claims", "events", "told", "decisions"):
        answer = _post(officer, f"/desk/cases/{found.one}/{part}", **{**FIELDS, "about": found.note})
        assert 400 <= answer.status < 500, part
    assert (_entries(stage, found.other), _entries(stage, found.one)) == before
    for link in (none, "zz", found.one, ""):
        assert 400 <= _post(officer, f"/desk/cases/{found.other}/links", link=link).status < 500, link
    assert officer.read(f"/desk/cases/{found.one}?correct={'0' * 32}").status == 200
    assert officer.read(f"/desk/cases/{found.one}?correct=<script>").status == 200


# -- signatures


def _digest(answer: Answer) -> str:
    return str(re.findall(r'"digest": "([0-9a-f]{64})"', answer.body.decode())[0])


def test_a_signature_is_for_one_case_and_these_words(hand: Thief, stage: Stage, found: Cases) -> None:
    officer = hand.browser
    at = f"/desk/cases/{found.one}/decisions"
    wanted = {"question": "Ar mokėti?", "decided": "Nemokėti", "grounds": "Policija", "against": "", "by": ""}
    before = _entries(stage, found.one), _entries(stage, found.other)
    asked = _post(officer, at, **wanted)
    assert asked.status == 403
    assert _entries(stage, found.one) == before[0]
    digest = _digest(asked)
    others = [
        _post(officer, at, **{**wanted, "decided": "Mokėti"}),
        _post(officer, f"/desk/cases/{found.other}/decisions", **wanted),
    ]
    assert len({digest, *map(_digest, others)}) == 3
    hand.gesture(digest)
    assert _post(officer, at, **{**wanted, "decided": "Mokėti"}).status == 403
    assert _post(officer, f"/desk/cases/{found.other}/decisions", **wanted).status == 403
    assert _post(officer, at, **wanted).status == 303
    assert _post(officer, at, **wanted).status == 403  # each signature is a gesture of its own
    assert (_entries(stage, found.one), _entries(stage, found.other)) == (before[0] + 1, before[1])


def test_a_session_without_its_passkey_moves_no_clock(hand: Thief, stage: Stage, found: Cases) -> None:
    officer, at = hand.browser, f"/desk/cases/{found.one}"
    aware = {"what": "Sužinota", "word": "aware", "day": "2026-03-24", "time": "14:05", "precision": "minute",
             "source": "Pareigūnė"}  # fmt: skip
    hand.gesture(_digest(_post(officer, f"{at}/events", **aware)))
    assert _post(officer, f"{at}/events", **aware).status == 303
    first = re.findall(r"\?correct=([0-9a-f]{32})", officer.read(at).body.decode())[0]
    # Through the pages: a correction, one that makes it harmless, and taking it back all ask for the passkey.
    for change in ({"time": "23:59"}, {"word": "other"}, {"do": "retract", "retracted": "x"}):
        assert _post(officer, f"{at}/events", **{**aware, "about": first, **change}).status == 403
    # Past the pages: the keeper takes an unsigned entry, and it counts for nothing.
    late = Event(what="Sužinota vėliau", word="aware", at="2026-03-29T14:05", zone="Europe/Vilnius", source="x")
    with Desk(stage, "officer1") as thief:
        for body in (late, msgspec.structs.replace(late, word="other"), msgspec.structs.replace(late, retracted="x")):
            thief.ask("case.append", case=bytes.fromhex(found.one), kind="event", body=written(body),
                      about=bytes.fromhex(first))  # fmt: skip
        thief.ask("case.append", case=bytes.fromhex(found.one), kind="decision",
                  body=written(Decision(question="Ar mokėti?", decided="Mokėti tuoj", grounds="x")))  # fmt: skip
    page = officer.read(at).body.decode()
    assert "2026-03-24 14:05" in page
    assert "Sužinota vėliau" not in page
    assert "Mokėti tuoj" not in officer.read(f"{at}/decisions").body.decode() + page


# -- words


@pytest.mark.parametrize("words", HOSTILE, ids=lambda one: one[:12])
def test_whatever_is_said_stays_text(officer: Browser, stage: Stage, words: str) -> None:
    with Desk(stage, "officer1") as desk:
        case = desk.ask("case.open", title=words[:100] if words.isprintable() else "x1x", kind="hand")["case"].hex()
    at = f"/desk/cases/{case}"
    assert _post(officer, f"{at}/people", name=words, role="press", organisation=words, phone=words, email=words,
                 note=words).status == 303  # fmt: skip
    person = re.findall(r"people\?correct=([0-9a-f]{32})", officer.read(f"{at}/people").body.decode())[0]
    for part, fields in (
        ("events", {**FIELDS, "what": words, "source": words}), ("notes", {"text": words}),
        ("claims", {"subject": words, "says": words, "source": words, "kind": "extorter", "dated": ""}),
        ("tasks", {"what": words, "owner": person}),
        ("told", {"person": person, "what": words, "day": "2026-03-24", "time": "03:20", "way": "mail"}),
    ):  # fmt: skip
        assert _post(officer, f"{at}/{part}", **fields).status == 303, part
    for path in (at, f"{at}/people", f"{at}/claims", f"{at}/tasks", f"{at}/people?correct={person}", "/desk/cases"):
        answer = officer.read(path)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "x=1" not in answer.headers.get("set-cookie", "")
        assert not [one for one in (b"<img src=x", b"<script>alert", b">49<", b"javascript:") if one in answer.body]
    if words == BREAKING:
        assert b"&lt;script&gt;alert(1)" in officer.read(at).body
    refused = _post(officer, f"{at}/events", **{**FIELDS, "what": words, "source": words, "time": ""})
    assert refused.status == 400  # what was typed is shown again
    assert b"<img src=x" not in refused.body


@pytest.mark.parametrize("fields", [
    {"text": "x\x00y"}, {"text": "\x1b[31mx"}, {"text": "x" * 4001}, {"text": "\xed\xa0\x80"},
    {"about": "x" * 9000, "text": "x"}, {"do": "dance", "text": ""},
])  # fmt: skip
def test_what_is_no_text_is_refused_or_kept_as_it_is(officer: Browser, found: Cases, fields: dict[str, str]) -> None:
    answer = _post(officer, f"/desk/cases/{found.one}/notes", **fields)
    assert answer.status in (303, 400, 413)
    page = officer.read(f"/desk/cases/{found.one}")
    assert page.status == 200
    assert b"\x1b" not in page.body
    assert b"\x00" not in page.body


def test_a_form_of_thousands_of_fields_is_refused(officer: Browser, found: Cases) -> None:
    many = {f"file-{number:032x}": "1" for number in range(3000)}
    answer = _post(officer, f"/desk/cases/{found.one}/events", **{**FIELDS, **many})
    assert answer.status in (400, 413)


def test_nothing_of_a_case_is_in_logs(officer: Browser, stage: Stage, found: Cases) -> None:
    assert _post(officer, f"/desk/cases/{found.one}/notes", text="slaptazodisorkestras").status == 303
    officer.read(f"/desk/cases/{found.one}?whole=1&correct=slaptazodisorkestras")
    officer.read(f"/desk/cases?leak={found.one}")
    logged = stage.log.read_text("utf-8", "replace")
    for word in ("slaptazodisorkestras", TITLE, found.one, "whole=1", "Pastaba viena"):
        assert word not in logged


def test_nothing_of_a_case_lies_on_the_disk_in_clear(officer: Browser, stage: Stage, found: Cases) -> None:
    planted = "kilpadrobulisbylos"
    assert _post(officer, f"/desk/cases/{found.one}/notes", text=planted).status == 303
    sought = [planted.encode(), b"Pastaba viena", written(Note(text=planted))]
    read = [path.read_bytes() for path in (stage.data / "data").rglob("*") if path.is_file()]
    assert len(read) > 3
    assert any(sought[0] in one for one in [*read, sought[2]])  # the search sees what is there
    assert not [one for one in sought if any(one in each for each in read)]
