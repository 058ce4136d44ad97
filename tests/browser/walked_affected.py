"""Who is affected by the incident that is walked: a session that read some, then keys that fell."""

from __future__ import annotations

from darkroom_stage import Desk
from playwright.sync_api import Page
from walking import Clinic, Visit

_DAY_MS = 86_400_000


def furnished_affected(clinic: Clinic, officer: Desk, case: bytes) -> dict[str, str]:
    """Facts `affected:first`, the older of two snapshots, in hex."""
    now = officer.ask("case.status", case=case)["now_ms"]
    with Desk(clinic.stage, "doctor2") as doctor:
        for hit in doctor.ask("patient.search", name="jon", count=5):
            doctor.ask("record.read", type="Patient", id=hit["patient"], reason="visit")
        mine = next(one["id"] for one in doctor.ask("session.list") if one["current"])
    basis = {"case": case, "since_ms": now - _DAY_MS, "sessions": [mine]}
    first = officer.ask("case.affected", **basis)["snapshot"]
    event = officer.ask("case.entries", case=case, kinds=("event",))[0]["entry"]
    officer.ask("case.affected", **basis, keys_touched=True, key_ref=event)
    return {"affected:first": first.hex()}


def of_affected(clinic: Clinic) -> list[Visit]:
    at = f"/desk/cases/{clinic.facts['incident']}/affected"
    first = clinic.facts["affected:first"]
    return [
        Visit("affected, an older list", "officer1", f"{at}?snapshot={first}"),
        Visit("affected, taken", "officer1", f"{at}?snapshot={first}&grade=taken"),
        Visit("affected, sealed", "officer1", f"{at}?snapshot={first}&grade=ciphertext"),
        Visit("affected, none, closed", "officer1", f"/desk/cases/{clinic.facts['incident:closed']}/affected"),
        Visit("affected, why a card is opened", "officer1", f"{at}?snapshot={first}&grade=taken", prepare=_asked),
        Visit("affected, no such time", "officer1", at, prepare=_refused),
    ]


def _asked(page: Page, clinic: Clinic) -> None:
    with page.expect_navigation():
        page.locator(".list.affected form button").first.click()
    page.locator("#reason").wait_for()


def _refused(page: Page, clinic: Clinic) -> None:
    page.locator("#u-day").fill("2001-01-01")
    with page.expect_navigation():
        page.locator("#add form > p button").click()
    page.locator("div.said[role=alert]").wait_for()
