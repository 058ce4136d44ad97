"""Somebody tells what they know from a telephone, without scripts, in both languages, and comes back for the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import walking
from axe_playwright_python.base import AXE_SCRIPT
from darkroom_stage import Desk
from playwright.sync_api import Page

from seifas.drill.stage import Stage
from seifas.web.words import say

Opened = Callable[..., Page]

pytestmark = pytest.mark.slow

CLINIC = "officer"
PHONE = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce", "java_script_enabled": False}
TEXT = "Man pasiūlė pirkti jūsų pacientų nuotraukas."
ANSWER = "Ačiū. Kada tai buvo?"


def pressed(page: Page, words: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=words, exact=True).click()


@pytest.mark.parametrize("language", ["lt", "en"])
def test_told_without_a_name_and_answered(
    shared_stage: Stage, opened: Opened, tmp_path: Path, language: str
) -> None:
    page = opened(**PHONE)
    origin = f"http://localhost:{shared_stage.port}"
    page.goto(f"{origin}/{language}/")
    with page.expect_navigation():
        page.get_by_role("link", name=say(language, "site-tip"), exact=True).click()
    with page.expect_navigation():
        page.get_by_role("link", name=say(language, "site-tip-tell"), exact=True).click()
    receipt = page.inner_text(".receipt-shown code")
    page.fill("#text", TEXT)
    page.fill("#receipt", receipt[:-1])
    pressed(page, say(language, "site-tip-send"))
    assert say(language, "site-tip-mistyped") in page.inner_text("[role=alert]")
    assert page.input_value("#text") == TEXT
    assert page.inner_text(".receipt-shown code") == receipt
    page.fill("#receipt", receipt.lower().replace("-", " "))
    pressed(page, say(language, "site-tip-send"))
    assert say(language, "site-tip-taken") in page.inner_text("main")
    assert receipt not in page.content()
    file = tmp_path / "ekrano kopija.png"
    file.write_bytes(b"\x89PNG" + b"x" * 3_000_000)
    page.set_input_files("#file", file)
    pressed(page, say(language, "site-tip-file-send"))
    assert say(language, "site-tip-file-taken") in page.inner_text("main")
    assert re.search(r"[0-9a-f]{64}", page.inner_text("code.digest"))
    assert page.context.cookies() == []
    with Desk(shared_stage, "officer1") as officer:
        tip = officer.ask("tip.list")[0]
        assert (tip["texts"], tip["files"], tip["unread"]) == (1, 1, 2)
        told = officer.ask("tip.open", tip=tip["tip"])["parts"]
        assert [one["text"] or one["name"] for one in told] == [TEXT, "ekrano kopija.png"]
        officer.ask("tip.answer", tip=tip["tip"], text=ANSWER, status="question")
    later = opened(**PHONE)
    later.goto(f"{origin}/{language}/tip")
    later.fill("#receipt", receipt)
    pressed(later, say(language, "site-tip-look"))
    assert ANSWER in later.inner_text(".answer")
    assert say(language, "site-tip-question") in later.inner_text(".answer")
    assert TEXT not in later.content()
    later.fill("#text", "Vakar.")
    pressed(later, say(language, "site-tip-send"))
    assert say(language, "site-tip-taken") in later.inner_text("main")
    assert later.context.cookies() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_grave_on_a_telephone(shared_stage: Stage, opened: Opened, theme: str) -> None:
    page = opened(viewport={"width": 390, "height": 844}, color_scheme=theme, reduced_motion="reduce")
    page.context.add_init_script(AXE_SCRIPT)
    origin = f"http://localhost:{shared_stage.port}"
    for path in ("/lt/tip", "/en/tip/new"):
        page.goto(origin + path)
        assert walking.grave(page) == []
