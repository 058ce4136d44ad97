"""The officer's pages under attack: other hats, forged forms, bad input, stopped sessions; what no page may show."""

from __future__ import annotations

import re

import pytest

from patients_about import patients_about
from seifas.drill.stage import Browser, Stage
from seifas.web.desk.administrator.routes import ROUTES as ADMINISTRATOR
from seifas.web.desk.officer.routes import ROUTES as OFFICER
from seifas.web.routing import served

PAGES = sorted({pattern for method, pattern in served([*OFFICER, *ADMINISTRATOR]) if method == "GET"})
POSTS = sorted({pattern for method, pattern in served([*OFFICER, *ADMINISTRATOR]) if method == "POST"})
OPEN_TO_ALL = {"/desk/notices"}
MAY = {
    "/desk/approvals": {"officer", "administrator"}, "/desk/programs": {"officer", "administrator"},
    "/desk/house": {"officer", "administrator"}, "/desk/settings": {"officer", "administrator"},
    "/desk/log": {"officer", "auditor"}, "/desk/log/whole": {"officer", "auditor"},
}


def _form(browser: Browser) -> str:
    found = re.search(r'name="form" value="([0-9a-f]{64})"', browser.read("/desk/account").body.decode())
    assert found is not None
    return found[1]


def _path(pattern: str) -> str:
    return re.sub(r"\{[^}]+\}", "ab" * 16, pattern)


@pytest.mark.parametrize("account", ["doctor1", "nurse1", "reception1", "auditor", "administrator"])
def test_other_hats_get_none_of_them(shared_stage: Stage, account: str) -> None:
    browser = shared_stage.sign_in(account)
    form = _form(browser)
    hat = account.rstrip("123")
    officers = {pattern for _, pattern in served(OFFICER)}
    for pattern in PAGES:
        allowed = MAY.get(pattern, {"officer"} if pattern in officers else {"administrator"})
        if hat in allowed or pattern in OPEN_TO_ALL:
            continue
        assert browser.read(_path(pattern)).status == 403, pattern
    for pattern in POSTS:
        allowed = MAY.get(pattern, {"officer"} if pattern in officers else {"administrator"})
        if hat in allowed or pattern in OPEN_TO_ALL or (pattern == "/desk/log/proof" and hat == "auditor"):
            continue
        assert browser.form(_path(pattern), {"form": form, "do": "x"}).status in (400, 403), pattern


@pytest.mark.parametrize("pattern", POSTS)
def test_a_form_that_none_of_our_pages_sent_does_nothing(shared_stage: Stage, pattern: str) -> None:
    officer = shared_stage.sign_in("officer1")
    for fields in ({}, {"form": "0" * 64}, {"form": _form(shared_stage.sign_in("officer2"))}):
        assert officer.form(_path(pattern), {**fields, "do": "suspend", "account": "doctor1"}).status == 403
    away = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    kind = {"Content-Type": "application/x-www-form-urlencoded", **away}
    answer = officer.ask("POST", _path(pattern), f"form={_form(officer)}&do=suspend&account=doctor1", kind)
    assert answer.status in (303, 403)
    if answer.status == 303:
        assert answer.headers["location"] == "/auth/sign-in"


def test_nobody_who_is_not_signed_in_sees_any(shared_stage: Stage) -> None:
    stranger = shared_stage.browser()
    for pattern in PAGES:
        answer = stranger.read(_path(pattern))
        assert (answer.status, answer.headers.get("location")) == (303, "/auth/sign-in"), pattern


@pytest.mark.parametrize("query", [
    "account=zz", "account=" + "ab" * 16, "session=xyz", "session=" + "ab" * 100, "mark=%00", "day=2026-13-45",
    "day=0001-01-01", "before=-1", "before=99999999999999999999", "deeds=%3Cscript%3E", "patient=../../etc",
    "patient=" + "ab" * 16, "before=1&before=2", "%ff=%fe", "&".join("a=1" for _ in range(200)), "deeds=" + "x" * 5000,
])  # fmt: skip
def test_hostile_addresses_of_the_log(shared_stage: Stage, query: str) -> None:
    officer = shared_stage.sign_in("officer1")
    answer = officer.read(f"/desk/log?{query}")
    assert answer.status in (200, 400, 404), query
    assert b"<script>" not in answer.body


def test_what_is_sent_to_the_buttons_is_checked(shared_stage: Stage) -> None:
    officer = shared_stage.sign_in("officer1")
    form = _form(officer)
    for path, fields in (
        ("/desk/budgets", {"do": "dance"}), ("/desk/budgets", {"do": "suspend", "account": "nobody"}),
        ("/desk/budgets", {"do": "refund", "account": "doctor1"}),  # not suspended
        ("/desk/budgets", {"do": "release", "account": "officer1"}),  # oneself
        ("/desk/budgets", {"do": "refund-session", "id": "zz"}),
        ("/desk/budgets", {"do": "raise", "bound": "glass_account", "by": "5", "days": "5", "account": "doctor1"}),
        ("/desk/budgets", {"do": "raise", "bound": "warm_cards", "by": "5", "days": "500", "account": "doctor1"}),
        ("/desk/budgets", {"do": "raise", "bound": "warm_cards", "by": "-5", "days": "5", "account": "doctor1"}),
        ("/desk/reviews", {"do": "justified", "id": "ab" * 16}), ("/desk/reviews", {"do": "justified", "id": ""}),
        ("/desk/log/find", {"query": "x"}), ("/desk/log/find", {"query": ""}),
        ("/desk/log/proof", {"index": "-1"}), ("/desk/log/proof", {"index": "999999999"}),
        ("/desk/undo", {"do": "count", "account": "nobody", "span": "24"}),
        ("/desk/undo", {"do": "undo", "account": "doctor1", "since": "99999999999999"}),
        ("/desk/erasures", {"do": "ask", "patient": "ab" * 16, "ground": "patient-asked"}),
        ("/desk/erasures", {"do": "hold", "patient": "not-an-id", "why": "because"}),
        ("/desk/erasures", {"do": "clear", "patient": "ab" * 16, "why": "because"}),
        ("/desk/programs", {"do": "shut", "client": "nobody"}), ("/desk/notices", {"do": "read", "id": "ab" * 16}),
        ("/desk/alarms", {"do": "acknowledge", "id": "ab" * 16, "note": "x" * 5000}),
    ):  # fmt: skip
        status = officer.form(path, {"form": form, **fields}).status
        assert 400 <= status < 500, (path, fields, status)
    assert officer.read("/desk/erasures/99").status == 404
    assert officer.read("/desk/erasures/../../etc").status in (400, 404)


def test_a_stopped_session_acts_no_more_and_watching_keeps_none_awake(shared_stage: Stage) -> None:
    first, second = shared_stage.sign_in("officer1"), shared_stage.sign_in("officer2")
    assert first.read("/desk/alarms/live").status == 200
    mark = re.search(r"seen=([0-9a-f]{32})", first.read("/desk/alarms/live").body.decode())
    assert mark is not None
    assert first.form("/desk/sessions", {"form": _form(first), "account": "officer2", "id": "00", "do": "suspend"}
                      ).status == 303  # fmt: skip
    assert second.read("/desk/budgets").status == 403
    assert second.read("/desk/alarms/live").status == 403
    assert second.form("/desk/people", {"form": "0" * 64, "account": "officer2", "do": "release"}).status == 403
    form = _form(first)
    assert first.form("/desk/people", {"form": form, "account": "officer2", "do": "release"}).status == 303


def test_no_officers_page_shows_a_patient(shared_stage: Stage) -> None:
    doctor = shared_stage.sign_in("doctor2")
    ids = patients_about(shared_stage)
    program = shared_stage.program(50)
    names = []
    for ident in ids[:5]:
        doctor.read(f"/desk/patient/{ident}")
        name = program.read(f"/fhir/Patient/{ident}").json["name"][0]
        names += [f"{given} {name['family']}" for given in name.get("given", ())]
    officer = shared_stage.sign_in("officer1")
    for pattern in (*(one for one in PAGES if "{" not in one), "/desk"):
        body = officer.read(pattern).body.decode()
        assert not [one for one in (*ids, *names) if one in body], pattern
    shown = officer.form("/desk/log/find", {"form": _form(officer), "query": names[0].split()[-1][:4]}).body.decode()
    assert not [one for one in names if one in shown]  # masked
