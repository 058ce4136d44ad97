"""The shield's pages under attack: other hats, forged forms, others' ids, addresses wanted without a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from darkroom_stage import Desk
from flood_teller import GOOD_VISITOR, SENDER, telling

from seifas.drill.stage import Browser, Stage
from seifas.drill.thieves import form_of
from seifas.errors import OverBudget
from seifas.web.desk.shield.routes import ROUTES

GETS = sorted({one.pattern for one in ROUTES if "GET" in one.methods})
POSTS = sorted({one.pattern for one in ROUTES if "POST" in one.methods})
AT = "/desk/shield"
FIELDS = {"listener": "all", "mode": "siege", "minutes": "60", "do": "on", "what": "csv", "sure": "1", "hours": "24"}
AWAY = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
_KIND = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def stage(shared_stage: Stage) -> Stage:
    return shared_stage


@pytest.fixture(scope="module")
def flood(stage: Stage) -> Iterator[str]:
    """A flood that is over, with its book; its id in hex."""
    with telling(stage) as teller:
        teller.flood(3)
        teller.over()
        yield teller.event.hex()


@pytest.fixture
def officer(stage: Stage) -> Iterator[Browser]:
    browser = stage.sign_in("officer1")
    yield browser
    browser.close()


def _path(pattern: str, flood: str) -> str:
    return pattern.replace("{event}", flood)


def _standing(stage: Stage) -> tuple[Any, ...]:
    """What an attacker would change: orders, the notice, the floods; and the lines of what was shown."""
    with Desk(stage, "officer1") as desk:
        told = desk.ask("shield.status")
        rows = desk.ask("audit.list", count=200)
        return (
            {name: one["mode"] for name, one in told["orders"].items()}, told["notice"]["on"],
            [one["event"] for one in desk.ask("shield.events")],
            sum(one["action"] == "flood-shown" and one["note"] == "book" for one in rows),
        )  # fmt: skip


@pytest.mark.parametrize("account", ["doctor1", "nurse1", "reception1", "auditor"])
def test_other_hats_get_none_of_them(stage: Stage, flood: str, account: str) -> None:
    browser, before = stage.sign_in(account), _standing(stage)
    form = form_of(browser)
    for pattern in GETS:
        answer = browser.read(_path(pattern, flood))
        assert answer.status == 403, pattern
        assert b"198.51.100" not in answer.body
    for pattern in POSTS:
        assert browser.form(_path(pattern, flood), {**FIELDS, "form": form}).status == 403, pattern
    assert b"/desk/shield" not in browser.read("/desk").body
    assert _standing(stage) == before
    browser.close()


def test_an_administrator_removes_nothing(stage: Stage, flood: str) -> None:
    browser, before = stage.sign_in("administrator"), _standing(stage)
    assert browser.form(f"{AT}/floods/{flood}/remove", {"sure": "1", "form": form_of(browser)}).status == 403
    assert _standing(stage) == before
    browser.close()


def test_nobody_who_is_not_signed_in_sees_any(stage: Stage, flood: str) -> None:
    stranger = stage.browser()
    for pattern in GETS:
        answer = stranger.read(_path(pattern, flood))
        assert (answer.status, answer.headers.get("location")) == (303, "/auth/sign-in"), pattern
    for pattern in POSTS:
        assert stranger.form(_path(pattern, flood), FIELDS).status in (303, 403), pattern


@pytest.mark.parametrize("pattern", POSTS)
def test_a_form_that_none_of_our_pages_sent_does_nothing(stage: Stage, flood: str, pattern: str) -> None:
    officer, second = stage.sign_in("officer1"), stage.sign_in("officer2")
    path, before = _path(pattern, flood), _standing(stage)
    for forged in ({}, {"form": "0" * 64}, {"form": form_of(second)}):
        assert officer.form(path, {**FIELDS, **forged}).status in (400, 403)
    sent = "&".join(f"{name}={value}" for name, value in {**FIELDS, "form": form_of(officer)}.items())
    answer = officer.ask("POST", path, sent, {**_KIND, **AWAY})
    assert answer.status in (303, 400, 403)
    assert answer.headers.get("location", "/auth/sign-in") == "/auth/sign-in"
    # Nor does asking for it with a GET, whatever is in its address.
    assert officer.read(f"{path}?{sent}").status == 404
    assert _standing(stage) == before
    officer.close()
    second.close()


def test_ids_of_nothing_and_of_nonsense(officer: Browser, stage: Stage, flood: str) -> None:
    before, form = _standing(stage), form_of(officer)
    for pattern in (one for one in (*GETS, *POSTS) if "{event}" in one):
        for wrong in (os.urandom(16).hex(), "zz", "g" * 32, "a" * 4000, "..%2f..%2fetc", "%00" * 16):
            path = _path(pattern, wrong)
            answer = officer.form(path, {**FIELDS, "form": form}) if pattern in POSTS else officer.read(path)
            assert answer.status in (400, 404, 414, 431), (pattern, wrong[:40])
    for query in ("seen=" + "x" * 3000, "seen=%ff", "head=<script>alert(1)</script>", "seen=a&seen=b&head="):
        assert officer.read(f"{AT}/live?{query}").status in (200, 400), query
        assert officer.read(f"{AT}/traffic?{query}").status in (200, 400), query
    for query in (f"flood={os.urandom(16).hex()}", "flood=zz", "flood=" + "0" * 64):
        assert officer.read(f"/desk/cases?{query}").status in (400, 404), query
    assert _standing(stage) == before


def test_addresses_leave_in_files_only_and_each_time_after_a_line(officer: Browser, stage: Stage, flood: str) -> None:
    form, shown = form_of(officer), _standing(stage)[-1]
    for path in (AT, f"{AT}/live", f"{AT}/minutes", f"{AT}/floods/{flood}", f"{AT}/floods/{flood}/call"):
        body = officer.read(path).body
        assert SENDER.encode() not in body, path
        assert GOOD_VISITOR.encode() not in body, path
    assert _standing(stage)[-1] == shown  # none of them opened the book
    for number, what in enumerate(("csv", "json", "nft", "haproxy", "cidr", "summary"), 1):
        answer = officer.form(f"{AT}/floods/{flood}/export", {"form": form, "what": what, "hours": "24"})
        assert answer.status == 200, what
        assert answer.headers["cache-control"] == "no-store"
        assert SENDER not in str(answer.headers)
        assert (GOOD_VISITOR.encode() in answer.body) == (what in ("csv", "json")), what
        assert _standing(stage)[-1] == shown + number, what
    # The log of the processes names the routes, and no address that sent.
    said = stage.log.read_bytes()
    assert b"/desk/shield/floods/{event}/export" in said
    assert SENDER.encode() not in said
    assert GOOD_VISITOR.encode() not in said


def _take_books(desk: Desk, flood: str) -> None:
    for _ in range(500):
        desk.ask("shield.book", event=bytes.fromhex(flood))


def test_an_account_takes_no_more_books_than_a_day_has(stage: Stage, flood: str) -> None:
    """The keeper counts; the page says what to do, and the session goes on."""
    with Desk(stage, "officer2") as desk, pytest.raises(OverBudget) as stopped:
        _take_books(desk, flood)
    assert stopped.value.where == "flood-books"
    browser = stage.sign_in("officer2")
    answer = browser.form(f"{AT}/floods/{flood}/export", {"form": form_of(browser), "what": "csv"})
    assert answer.status == 429
    assert "kolegos" in answer.body.decode() or "colleague" in answer.body.decode()
    assert browser.read(AT).status == 200
    browser.close()


def test_a_page_that_asks_by_itself_keeps_no_session_awake(stage: Stage, flood: str) -> None:
    with Desk(stage, "officer1") as desk:
        seen = desk.call("session.who", session=desk.session)["idle_ms"]
        for op in ("shield.status", "shield.minutes"):
            desk.ask(op, watch=True)
        assert desk.call("session.who", session=desk.session)["idle_ms"] == seen


