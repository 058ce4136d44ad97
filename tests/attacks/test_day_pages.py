"""Trying to get round the day's pages: forged forms, other hats, a locked session's cookie, somebody else's session,
addresses that lead away, and names fished for while typing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from patients_about import patients_of
from seifas.demo.schedule import patient_id
from seifas.drill.stage import Browser, Stage
from seifas.keeper import main as keeper_main
from seifas.keeper.door import OPS
from seifas.web.desk.app import ROUTES
from seifas.web.desk.day.routes import ROUTES as DAY
from seifas.web.routing import served

pytestmark = pytest.mark.slow

PATIENT = patient_id(1, 17)
FILLED = {
    "date": "2026-11-23", "doctor": "ab" * 16, "entry": "cd" * 16, "patient": PATIENT, "listed": "ef" * 16,
    "clock": "0930",
}  # fmt: skip
KIND = {"Content-Type": "application/x-www-form-urlencoded"}
SOMEBODY = re.compile(rb"/desk/patient/[0-9a-f]{32}")


def filled(pattern: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: FILLED[found[1]], pattern)


def form_of(browser: Browser) -> str:
    found = re.search(rb'name="form" value="([0-9a-f]{64})"', browser.ask("GET", "/desk/account").body)
    assert found is not None
    return found[1].decode()


@pytest.fixture
def reception(shared_stage: Stage) -> Iterator[Browser]:
    browser = shared_stage.sign_in("reception2")
    yield browser
    browser.close()


def test_no_form_of_the_day_is_sent_by_another_page(shared_stage: Stage, reception: Browser) -> None:
    other = shared_stage.sign_in("reception3")
    posts = [filled(pattern) for method, pattern in served(DAY) if method == "POST"]
    assert len(posts) >= 12
    right, foreign = f"form={form_of(reception)}", f"form={form_of(other)}"
    for path in posts:
        if path == "/desk/typing":
            continue
        forged = [
            ("", {}), ("form=", {}), (foreign, {}), (right, {"Sec-Fetch-Site": "cross-site"}),
            (right, {"Origin": "https://attacker.example"}), (right, {"Sec-Fetch-Site": "same-site"}),
        ]  # fmt: skip
        for body, headers in forged:
            answer = reception.ask("POST", path, body, {**KIND, **headers})
            assert answer.status == 403, (path, body[:8], headers, answer.status)
            assert not SOMEBODY.search(answer.body)
    quiet = reception.ask("POST", "/desk/typing", "form=&query=Kaz", KIND)
    assert (quiet.status, quiet.body) == (204, b"")


@pytest.mark.parametrize("account", ["officer2", "administrator", "auditor"])
def test_hats_that_see_no_patient_see_no_day(shared_stage: Stage, account: str) -> None:
    browser = shared_stage.sign_in(account)
    form = form_of(browser)
    own = {"/desk/lock", "/desk/here", "/auth/resume/password", "/desk/typing"}
    for method, pattern in served(DAY):
        if pattern in own:
            continue
        query = f"form={form}&query=Kazlauskas&surname=Kazlauskas&birthdate=1980-02-03&first=2026-01-01&last=2026-01-07"
        answer = browser.ask(method, filled(pattern), query if method == "POST" else None, KIND)
        assert answer.status in (400, 403, 404), (method, pattern, answer.status)
        assert not SOMEBODY.search(answer.body.replace(PATIENT.encode(), b""))
    assert not SOMEBODY.search(browser.ask("GET", "/desk").body)
    typed = browser.ask("POST", "/desk/typing", f"form={form}&query=Kazl", KIND)
    assert (typed.status, typed.body) == (204, b"")


def test_nobody_sees_a_day_without_signing_in(shared_stage: Stage) -> None:
    browser = shared_stage.browser()
    for method, pattern in served(DAY):
        answer = browser.ask(method, filled(pattern), "" if method == "POST" else None, KIND)
        assert answer.status in (204, 303, 401, 403), (pattern, answer.status)
        assert answer.headers.get("location", "/auth/sign-in") == "/auth/sign-in"
        assert not SOMEBODY.search(answer.body)


def test_a_locked_sessions_cookie_opens_nothing(shared_stage: Stage) -> None:
    browser = shared_stage.sign_in("doctor3")
    booked = f"/desk/patient/{patients_of(shared_stage, 'doctor3')[0]}"
    assert browser.ask("GET", booked).status == 200
    form = form_of(browser)
    locked = browser.ask("POST", "/desk/lock", f"form={form}&back=/desk", KIND)
    assert locked.status == 303
    for method, pattern in served(ROUTES):
        if not pattern.startswith("/desk/") or pattern == "/desk/lock":
            continue
        path = re.sub(r"{(\w+)}", lambda found: FILLED.get(found[1], "ab" * 16), pattern)
        answer = browser.ask(method, path, f"form={form}&query=Kazlauskas" if method == "POST" else None, KIND)
        assert answer.status in (204, 400, 401, 403, 404, 405), (method, pattern, answer.status)
        assert not SOMEBODY.search(answer.body.replace(path.encode(), b"").replace(PATIENT.encode(), b"")), pattern
    page = browser.ask("GET", booked)
    assert page.status == 403
    assert b"data-passkey" not in page.body or b"Kazlausk" not in page.body
    token = browser.cookie.partition("=")[2]
    bearer = Browser(shared_stage.staff, token=token)
    assert bearer.read(f"/fhir/Patient/{PATIENT}", "visit").status in (401, 403)
    assert bearer.send("POST", "/fhir/Patient", {"resourceType": "Patient"}).status in (401, 403)
    bearer.close()
    wrong = browser.ask("POST", "/auth/resume/password", f"form={form}&password=spejimas123&code=000000", KIND)
    assert wrong.status in (403, 429)
    assert browser.ask("GET", "/desk/recalls").status == 403
    browser.close()


def test_a_session_that_was_slipped_in_is_not_the_signed_in_ones(shared_stage: Stage) -> None:
    thief = shared_stage.sign_in("nurse2")
    victim = shared_stage.browser()
    victim.cookie = thief.cookie
    with shared_stage.admin() as admin:
        token = admin.call("admin.login_link", name="nurse3")["token"]
    assert victim.ask("GET", f"/auth/link/{token}").status == 303
    assert victim.cookie != thief.cookie
    assert b">nurse2<" in thief.ask("GET", "/desk/account").body
    assert b">nurse3<" in victim.ask("GET", "/desk/account").body
    invented = shared_stage.browser()
    invented.cookie = "seifas=" + "A" * 43
    assert invented.ask("GET", "/desk").status == 303


def test_back_leads_nowhere_else(reception: Browser) -> None:
    form = form_of(reception)
    for back in ("//evil.example", "https://evil.example/", "/desk/../../x", "/desk/a%0d%0aSet-Cookie:x=1", "/auth/x"):
        body = f"form={form}&status=booked&back={back}"
        answer = reception.ask("POST", f"/desk/entry/{FILLED['entry']}/status", body, KIND)
        assert answer.status == 404
    for path in (
        "/desk/day/2026-13-01", "/desk/day/2026-2-3", "/desk/day/%2e%2e", "/desk/day/x", "/desk/day/0001-01-01",
        "/desk/day/9999-12-31", f"/desk/book/2026-11-23/{'ab' * 16}/9999", f"/desk/book/2026-11-23/{'zz' * 16}/0930",
        f"/desk/book/2026-11-23/{'ab' * 16}/0930%0d%0aX:1", "/desk/entry/zz/move", "/desk/recalls/zz",
        "/desk/patient/zz/book", f"/desk/patient/{PATIENT}/book/2026-99-99",
    ):  # fmt: skip
        answer = reception.ask("GET", path)
        assert answer.status in (400, 404), (path, answer.status)
        assert "x" not in answer.headers
        assert "set-cookie" not in answer.headers


def test_typing_lists_few_and_stops_nobody(shared_stage: Stage, whole: bool) -> None:
    browser = shared_stage.sign_in("nurse1")
    form = form_of(browser)
    seen: set[bytes] = set()
    for first in "abdegijklmnprstvz" if whole else "adgklmrs":
        for second in ("ai", "au", "er", "ar", "ev", "on", "ur"):
            answer = browser.ask("POST", "/desk/typing", f"form={form}&query={first}{second}", KIND)
            found = set(SOMEBODY.findall(answer.body))
            assert len(found) <= 8
            seen |= found
            for hidden in (b"birthDate", b"@", b"+370"):
                assert hidden not in answer.body
    assert 8 < len(seen) <= 60, "no more than a session may list without its passkey"
    assert b"frozen" not in browser.ask("GET", "/desk").body
    assert browser.ask("GET", "/desk/recalls").status == 200


def test_a_miss_tells_nothing(reception: Browser) -> None:
    form = form_of(reception)
    pages = []
    for line in ("Kazlauskas 1899-01-01", "Nerandamas 1899-01-01", "Kazlauskas +37060000001"):
        answer = reception.ask("POST", "/desk/search", f"form={form}&query={line.replace('+', '%2B')}", KIND)
        assert answer.status == 404
        plain = answer.body.replace(line.encode(), b"").replace(line.replace("+", "&#43;").encode(), b"")
        pages.append(re.sub(rb"\d+ (m|b)[^<]*", b"", re.sub(rb'value="[^"]*"', b"", plain)))
    assert pages[0] == pages[1] == pages[2]


def test_ops_of_the_day_are_of_their_doors() -> None:
    assert keeper_main.SERVED  # importing it puts every op on the table
    for op in ("reminder.due", "reminder.told"):
        assert OPS.table[op].roles == {"jobs"}
    for op in (
        "patient.typing", "schedule.entry", "schedule.taken", "schedule.past", "schedule.sheet", "worklist.show",
        "worklist.tick", "session.here", "session.lock", "session.resume_password",
    ):  # fmt: skip
        assert OPS.table[op].roles == {"desk"}
