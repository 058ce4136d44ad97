"""The pages of leak cases under attack: other hats, forged forms, others' ids, uploads that lie, names and texts of a
sample that want to be more than text. A sample is whatever a thief wanted it to be."""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Iterator

import msgspec
import pytest
from darkroom_stage import Desk
from leaks_stage import MARK, PEOPLE, begun, door_of, ended, registered, searched, sent, strangers, table
from made_pictures import jpeg

from seifas.drill.stage import Answer, Browser, Stage
from seifas.drill.thieves import Thief, enrol, form_of
from seifas.web.desk.leaks.routes import ROUTES
from seifas.web.routing import served
from seifas.web.words import say

HOSTILE = '<script>alert(1)<b>"; filename="x.exe.csv'
BREAKING = "</blockquote><img src=x onerror=alert(2)>"
GETS = sorted({pattern for method, pattern in served(ROUTES) if method == "GET"})
POSTS = sorted({pattern for method, pattern in served(ROUTES) if method == "POST"})
AWAY = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
_KIND = {"Content-Type": "application/x-www-form-urlencoded"}


class Found(msgspec.Struct):
    """A case with its results, and one of the same clinic that has nothing to do with it. Ids in hex."""

    case: str
    other: str
    match: str
    attribute: str
    patients: list[str]
    stranger: str


@pytest.fixture(scope="module")
def found(shared_stage: Stage) -> Found:
    ids = registered(shared_stage)
    case, other = begun(shared_stage, "viena"), begun(shared_stage, "kita")
    with Desk(shared_stage) as doctor:
        photo = doctor.send(doctor.patient(), jpeg(900, 700))["photo"]
        body = doctor.show(photo, "screen")["body"]
    with door_of(shared_stage) as door:
        rows = [*((*one, MARK) for one in PEOPLE[:3]), *strangers(2), (BREAKING, "<b>x", "1981-03-17", MARK)]
        sent(shared_stage, door, case, HOSTILE, table(rows))
        sent(shared_stage, door, case, "posted.jpg", bytes(body))
        for kind in ("match", "attribute"):
            told = ended(door, searched(shared_stage, door, case, kind))
            assert told["state"] == "done", told
    with Desk(shared_stage, "officer1") as officer:
        results = {one["kind"]: one["id"].hex() for one in officer.ask("leak.status", case=case)["results"]}
    named = [ids[one] for one in PEOPLE]
    return Found(case.hex(), other.hex(), results["match"], results["attribute"], named[:3], named[-1])


@pytest.fixture
def officer(shared_stage: Stage) -> Iterator[Browser]:
    browser = shared_stage.sign_in("officer1")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def hands(shared_stage: Stage) -> Iterator[tuple[Thief, Thief]]:
    """Two officers with passkeys."""
    browsers = [shared_stage.sign_in(account) for account in ("officer1", "officer2")]
    one, other = (Thief(shared_stage, each, enrol(shared_stage, each)) for each in browsers)
    yield one, other
    one.close()
    other.close()


def _path(pattern: str, found: Found) -> str:
    named = {"case": found.case, "result": found.match, "number_of": "0"}
    return re.sub(r"{(\w+)}", lambda name: named[name[1]], pattern)


def _post(browser: Browser, path: str, **fields: str) -> Answer:
    return browser.form(path, {"form": form_of(browser), **fields})


# -- who


@pytest.mark.parametrize("account", ["doctor1", "nurse1", "reception1", "auditor", "administrator"])
def test_other_hats_get_none_of_them(shared_stage: Stage, found: Found, account: str) -> None:
    browser = shared_stage.sign_in(account)
    form = form_of(browser)
    for pattern in GETS:
        assert browser.read(_path(pattern, found)).status == 403, pattern
    for pattern in POSTS:
        fields = {"form": form, "do": "ask", "title": "abc", "ground": "abc", "patient": found.patients[0],
                  "reason": "because", "name": "x", "size": "5", "label": "abc", "count": "1", "kind": "export"}
        assert browser.form(_path(pattern, found), fields).status == 403, pattern
    assert browser.ask("PUT", "/desk/leaks/upload", b"x", {"Content-Range": "bytes 0-0/1"}).status == 403
    browser.close()


def test_nobody_who_is_not_signed_in_sees_any(shared_stage: Stage, found: Found) -> None:
    stranger = shared_stage.browser()
    for pattern in GETS:
        answer = stranger.read(_path(pattern, found))
        assert (answer.status, answer.headers.get("location")) == (303, "/auth/sign-in"), pattern


@pytest.mark.parametrize("pattern", [one for one in POSTS if one not in ("/desk/leaks/finish",)])
def test_a_form_that_none_of_our_pages_sent_does_nothing(shared_stage: Stage, found: Found, pattern: str) -> None:
    officer, second = shared_stage.sign_in("officer1"), shared_stage.sign_in("officer2")
    path = _path(pattern, found)
    fields = {"do": "close", "title": "abc", "ground": "abc", "label": "abc", "count": "1", "kind": "export"}
    for forged in ({}, {"form": "0" * 64}, {"form": form_of(second)}):
        assert officer.form(path, {**fields, **forged}).status in (400, 403)
    answer = officer.ask("POST", path, f"form={form_of(officer)}&do=close&title=abc&ground=abc", {**_KIND, **AWAY})
    assert answer.status in (303, 400, 403)
    assert answer.headers.get("location", "/auth/sign-in") == "/auth/sign-in"
    assert b'value="close"' in officer.read(f"/desk/leaks/{found.case}").body  # still open
    officer.close()
    second.close()


# -- ids


def test_ids_of_other_cases_and_of_none(officer: Browser, found: Found) -> None:
    none = os.urandom(16).hex()
    for path in (
        f"/desk/leaks/{none}", f"/desk/leaks/{none}/live", f"/desk/leaks/{none}/results/{found.match}",
        f"/desk/leaks/{found.other}/results/{found.match}", f"/desk/leaks/{found.case}/results/{none}",
        f"/desk/leaks/{found.other}/results/{found.attribute}/proof/0",
        f"/desk/leaks/{found.case}/results/{found.attribute}/proof/999",
        f"/desk/leaks/{found.case}/results/{found.match}/proof/0",
    ):
        assert officer.read(path).status == 404, path
    for path in ("/desk/leaks/zz", "/desk/leaks/" + "g" * 32, "/desk/leaks/..%2f..%2fetc", "/desk/leaks/" + "a" * 4000,
                 f"/desk/leaks/{found.case}/results/{found.attribute}/proof/-1",
                 f"/desk/leaks/{found.case}/results/{found.match}?page=-1",
                 f"/desk/leaks/{found.case}/results/{found.match}?page=99999999999999999999"):
        assert officer.read(path).status in (400, 404, 414, 431), path[:60]
    for fields in ({"patient": found.stranger}, {"patient": none}):
        answer = _post(officer, f"/desk/leaks/{found.case}/open", reason="because", **fields)
        assert answer.status == 404
    assert _post(officer, f"/desk/leaks/{found.other}/open", reason="because", patient=found.patients[0]).status == 404
    assert _post(officer, f"/desk/leaks/{found.other}/report", result=found.match).status == 404
    assert _post(officer, f"/desk/leaks/{found.case}/report", result="../..").status == 404
    case = f"/desk/leaks/{found.other}"
    for do, fields in (
        ("cancel", {"job": os.urandom(32).hex()}), ("wipe", {"job": "00"}), ("forget-file", {"file": none}),
        ("dance", {}), ("", {}), ("match", {f"file-{none}": "1"}), ("match", {"file-zz": "1"}), ("explain", {}),
    ):
        assert 400 <= _post(officer, case, do=do, **fields).status < 500, do


def test_candidates_are_masked_and_are_opened_one_at_a_time_with_a_reason(officer: Browser, found: Found) -> None:
    page = officer.read(f"/desk/leaks/{found.case}/results/{found.match}").body.decode()
    assert found.patients[0] in page  # the id that its button carries
    outside = re.sub(r"<blockquote.*?</blockquote>", "", page, flags=re.DOTALL)  # what the sample itself says
    assert not [family for family, _, _ in PEOPLE if family in outside]
    asking = _post(officer, f"/desk/leaks/{found.case}/open", patient=found.patients[0])
    assert asking.status == 200
    assert b'name="reason"' in asking.body
    assert PEOPLE[0][0].encode() not in asking.body
    for reason in ("", "x", " "):
        refused = _post(officer, f"/desk/leaks/{found.case}/open", patient=found.patients[0], reason=reason)
        assert refused.status == 400
        assert PEOPLE[0][0].encode() not in refused.body


def test_a_gesture_opens_the_candidate_it_was_made_for(found: Found, hands: tuple[Thief, Thief]) -> None:
    hand = hands[1]
    officer = hand.browser
    first, other = ({"patient": one, "reason": "pranešti"} for one in found.patients[:2])
    at = f"/desk/leaks/{found.case}/open"
    digests = []
    for fields in (first, other):
        asked = _post(officer, at, **fields)
        assert asked.status == 403
        assert not [family for family, _, _ in PEOPLE if family in asked.body.decode()]
        digests.append(re.findall(r'"digest": "([0-9a-f]{64})"', asked.body.decode())[0])
    assert digests[0] != digests[1]
    hand.gesture(digests[0])
    assert _post(officer, at, **other).status == 403
    opened = _post(officer, at, **first)
    assert opened.status == 200
    assert PEOPLE[0][0] in opened.body.decode()
    assert opened.headers["cache-control"] == "no-store"
    assert _post(officer, at, **first).status == 403  # each opening is a gesture of its own


def _approved(stage: Stage, asker: Thief, decider: Thief) -> str:
    """A case that two officers have allowed, through the pages; its id."""
    begun_at = _post(asker.browser, "/desk/leaks", title="dviese", ground="BDAR 33 str.").headers["location"]
    assert _post(asker.browser, begun_at, do="ask").status == 303
    waiting = re.findall(r'name="id" value="([0-9a-f]{32})"', decider.browser.read("/desk/approvals").body.decode())
    own = _post(asker.browser, "/desk/approvals", do="approve", id=waiting[0], back="/desk/approvals")
    assert own.status == 403
    asked = _post(decider.browser, "/desk/approvals", do="approve", id=waiting[0], back="/desk/approvals")
    decider.gesture(re.findall(r'"digest": "([0-9a-f]{64})"', asked.body.decode())[0])
    assert _post(decider.browser, "/desk/approvals", do="approve", id=waiting[0]).status == 303
    return begun_at.rpartition("/")[2]


def _live(browser: Browser, case: str) -> str:
    return browser.read(f"/desk/leaks/{case}/live").body.decode()


def test_a_search_is_ended_and_wiped_in_its_own_case_only(
    shared_stage: Stage, found: Found, hands: tuple[Thief, Thief]
) -> None:
    browser = hands[0].browser
    case, other = (_approved(shared_stage, *hands) for _ in range(2))
    assert _post(browser, f"/desk/leaks/{case}", do="match").status == 303
    give_up = time.monotonic() + 60
    while 'value="wipe"' not in _live(browser, case):  # it has nothing to search, and says so
        assert time.monotonic() < give_up
        time.sleep(0.1)
    page = _live(browser, case)
    assert say("lt", "leak-said-files") in page
    job = re.findall(r'name="job" value="([0-9a-f]{64})"', page)[0]
    assert job not in _live(browser, other)
    pid = shared_stage.pids()["leaks"]
    for do in ("cancel", "wipe"):
        assert _post(browser, f"/desk/leaks/{other}", do=do, job=job).status == 404
    assert shared_stage.pids()["leaks"] == pid
    assert _post(browser, f"/desk/leaks/{found.other}", do="match").status == 403  # allowed for others


# -- what a sample says


def test_names_and_texts_of_a_sample_stay_text(officer: Browser, found: Found) -> None:
    for path in (f"/desk/leaks/{found.case}", f"/desk/leaks/{found.case}/results/{found.match}",
                 f"/desk/leaks/{found.case}/results/{found.attribute}", f"/desk/leaks/{found.case}/live",
                 "/desk/leaks"):
        answer = officer.read(path)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert b"<script>alert" not in answer.body
        assert b"<img src=x" not in answer.body
        assert "filename=" not in answer.headers.get("content-disposition", "")
    assert b"&lt;script&gt;alert(1)" in officer.read(f"/desk/leaks/{found.case}").body


def test_proofs_and_reports_are_kept_by_nobody(officer: Browser, found: Found) -> None:
    proof = officer.read(f"/desk/leaks/{found.case}/results/{found.attribute}/proof/0")
    assert proof.status == 200
    assert proof.headers["content-type"] == "image/jpeg"
    assert proof.headers["cache-control"] == "no-store"
    assert officer.ask("HEAD", f"/desk/leaks/{found.case}/results/{found.attribute}/proof/0").status == 404
    report = _post(officer, f"/desk/leaks/{found.case}/report")
    assert report.status == 200
    assert report.body.startswith(b"%PDF-")
    assert report.headers["cache-control"] == "no-store"
    name = rf'attachment; filename="leak-{found.case[:8]}-\d{{4}}-\d\d-\d\d\.pdf"'
    assert re.fullmatch(name, report.headers["content-disposition"])


def test_looking_is_in_the_log(officer: Browser, found: Found, shared_stage: Stage) -> None:
    def lines() -> int:
        with Desk(shared_stage, "officer2") as desk:
            return len(desk.ask("audit.list", actions=("leak-shown",), count=500))

    before = lines()
    assert officer.read(f"/desk/leaks/{found.case}/results/{found.match}").status == 200
    shown = lines()
    assert shown >= before + 2  # the result, and its labels
    assert officer.ask("HEAD", f"/desk/leaks/{found.case}/results/{found.match}").status == 404
    assert lines() == shown  # nobody looks at a head


def test_nothing_of_a_sample_is_in_logs(officer: Browser, found: Found, shared_stage: Stage) -> None:
    officer.read(f"/desk/leaks/{found.case}/results/{found.match}?kind=sure")
    written = shared_stage.log.read_text("utf-8", "replace")
    for word in (MARK, "x.exe", "onerror", PEOPLE[0][0], found.case, found.match, found.patients[0], "kind=sure"):
        assert word not in written


def test_a_watched_page_is_told_in_our_words(officer: Browser, found: Found, shared_stage: Stage) -> None:
    url = "http://198.51.100.7/a?x=<b>&y=%22"
    for fields in (
        {"url": "file:///etc/passwd", "every": "5"}, {"url": "http://u:p@host/", "every": "5"}, {"every": "5"},
        {"url": url, "every": "0"}, {"url": url, "every": "x"}, {"url": url, "every": "5", "case": "zz"},
        {"url": "javascript:alert(1)", "every": "5"}, {"url": url, "every": "5", "case": os.urandom(16).hex()},
    ):  # fmt: skip
        answer = _post(officer, "/desk/leaks/watches", do="add", **{"case": found.other, **fields})
        assert 400 <= answer.status < 500, fields
    for do in ("stop", "dance", ""):
        assert 400 <= _post(officer, "/desk/leaks/watches", do=do, id=os.urandom(16).hex()).status < 500
    added = {"do": "add", "case": found.other, "url": url, "every": "1440"}
    assert _post(officer, "/desk/leaks/watches", **added).status == 303
    assert _post(officer, "/desk/leaks/watches", **added).status in (409, 412)
    with Desk(shared_stage, "officer1") as desk:
        watch = next(one["id"] for one in desk.ask("watch.list") if one["url"] == url)
    with Desk(shared_stage, "", "jobs") as jobs:
        for price in ("500 €", "900 €"):
            jobs.call("watch.fetched", id=watch, status=200, body=f"{BREAKING} {price}".encode(), added=3, removed=1,
                      prices=(price, "<b>1</b>"), deadlines=("2026-12-01",))  # fmt: skip
    page = officer.read("/desk/leaks/watches").body.decode()
    assert [one in page for one in ("500 €", "900 €", "2026-12-01", "+3, −1")] == [True] * 4
    assert page.count(say("lt", "leak-changed")) == 1  # the price did, the date did not
    assert not [one for one in (BREAKING, "<b>1</b>", "x=<b>") if one in page]
    assert BREAKING not in officer.read(f"/desk/leaks/{found.other}").body.decode()
    assert _post(officer, "/desk/leaks/watches", do="stop", id=watch.hex()).status == 303


@pytest.mark.parametrize("fields", [
    {"label": ""}, {"label": "x"}, {"label": "y" * 300}, {"count": "0"}, {"count": "51"}, {"count": "x"},
    {"kind": "real"},
])  # fmt: skip
def test_decoys_that_cannot_be(officer: Browser, fields: dict[str, str]) -> None:
    sent_so = {"label": "Buhalterija", "count": "2", "kind": "export", **fields}
    answer = _post(officer, "/desk/leaks/decoys", **sent_so)
    assert answer.status in (400, 413)
    assert b"data:text/csv" not in answer.body


def test_decoys_are_told_once_and_kept_by_nobody(officer: Browser) -> None:
    told = _post(officer, "/desk/leaks/decoys", label='"><script>x', count="2", kind="export")
    assert told.status == 200
    assert told.headers["cache-control"] == "no-store"
    assert b"<script>x" not in told.body
    lines = base64.b64decode(re.findall(rb"base64,([A-Za-z0-9+/=]+)", told.body)[0]).decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    later = officer.read("/desk/leaks/decoys").body.decode()
    assert not [one for one in lines[1:] if one.split(",")[2] in later]
    canaries = _post(officer, "/desk/leaks/decoys", label="tarp pacientų", count="1", kind="canary")
    assert b"data:text/csv" not in canaries.body
