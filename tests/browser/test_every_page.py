"""Every page that has an address of its own, and every one that a form, a refusal or a lock leads to; and no route that
gives a page is left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import walked_looks
import walked_routes
from playwright.sync_api import Browser
from shown_words import wrong
from walked_clinic import furnished
from walked_looks import Seen
from walked_pages import visits
from walking import LANGUAGES, Clinic, Walker

from seifas.drill.stage import Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def walker(chromium: Browser, shared_stage: Stage) -> Iterator[Walker]:
    made = Walker(chromium, Clinic(shared_stage))
    furnished(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def walk(walker: Walker) -> list[Seen]:
    return walked_looks.walked(walker, {one: visits(walker.clinic, one) for one in LANGUAGES})


def test_every_route_with_a_page_is_visited(walker: Walker) -> None:
    assert walked_routes.unvisited(visits(walker.clinic, "lt")) == []
    assert walked_routes.excused_for_nothing() == []


def test_every_page_is_the_one_that_is_meant(walk: list[Seen]) -> None:
    walked_looks.assert_each_is_the_one_that_is_meant(walk)


def test_nothing_grave(walk: list[Seen]) -> None:
    walked_looks.assert_nothing_grave(walk)


def test_nothing_is_wider_than_the_screen(walk: list[Seen]) -> None:
    walked_looks.assert_nothing_is_wider_than_the_screen(walk)


def test_every_page_speaks_its_language(walk: list[Seen]) -> None:
    walked_looks.assert_each_speaks_its_language(walk)


def test_no_page_is_heavy(walk: list[Seen]) -> None:
    walked_looks.assert_none_is_heavy(walk)


def test_what_counts_as_a_wrong_word() -> None:
    assert wrong({"Sign out", "Atsijungti"}, {"Sign out"}) == {"lt": ["Sign out"], "en": []}
    assert wrong({"Atsijungti"}, {"Atsijungti"}) == {"lt": [], "en": ["Atsijungti"]}
    assert wrong({"Please write the opening hours"}, {"Please write the opening hours"})["lt"]
    noted = {"Wishes to be treated within 5 weeks, before flying home. Asked for a quotation for the insurer."}
    assert wrong(noted, noted) == {"lt": [], "en": []}
    said = {"Asked for a quotation for the insurer. Please write the opening hours"}
    assert wrong(said, said)["lt"]
    same = {"Ona Žukauskienė", "Blefaroplastika", "English", "2026-11-22", "PDF", "John Smith"}
    assert wrong(same, same) == {"lt": [], "en": []}
