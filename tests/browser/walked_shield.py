"""The shield for the walk: a flood that goes on and one that is over, and pages that only a form leads to."""

from __future__ import annotations

from flood_teller import SIEGE_LANES, state, telling
from playwright.sync_api import Page
from walking import Clinic, Visit


def furnished_shield(clinic: Clinic) -> None:
    """Tells of them; facts `event` (the one that goes on) and `event:over`, in hex."""
    with telling(clinic.stage) as teller:
        teller.flood(3)
        teller.over()
        clinic.facts["event:over"] = teller.event.hex()
    with telling(clinic.stage) as teller:
        teller.flood(5)
        clinic.facts["event"] = teller.event.hex()


def of_shield(clinic: Clinic) -> list[Visit]:
    at = "/desk/shield"
    flood = f"{at}/floods/{clinic.facts['event']}"
    return [
        Visit("shield, flooded", "officer1", at, before=_flooded),
        Visit("shield, not all get in", "officer1", at, before=_shut_out),
        Visit("shield, a wrong order", "administrator", at, before=_flooded, prepare=_wrong_order),
        Visit("flood that is over", "officer1", f"{at}/floods/{clinic.facts['event:over']}"),
        Visit("flood, nothing chosen", "administrator", flood, prepare=_nothing_chosen),
        Visit("incident for a flood", "officer1", f"/desk/cases?flood={clinic.facts['event']}"),
        Visit("no such flood", "officer1", f"{at}/floods/{'0' * 32}", status=404),
    ]


def _flooded(clinic: Clinic) -> None:
    with telling(clinic.stage) as teller:
        teller.tell(state(2, SIEGE_LANES))


def _shut_out(clinic: Clinic) -> None:
    with telling(clinic.stage) as teller:
        teller.tell(state(1, {**SIEGE_LANES, "staff": {"served": 20, "shed": 20}}))


def _wrong_order(page: Page, clinic: Clinic) -> None:
    page.evaluate("document.querySelector('#o-mode option').value = 'war'")
    _pressed(page, "section[aria-labelledby=order] button")


def _nothing_chosen(page: Page, clinic: Clinic) -> None:
    page.evaluate("document.querySelector('.shield-exports button').value = ''")
    _pressed(page, ".shield-exports button")


def _pressed(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.locator(button).first.click()
    page.locator("div.said[role=alert]").wait_for()
