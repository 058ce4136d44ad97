"""The desk in a real browser: passkeys made and used, pages without scripts, and a phone's width."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from running_vault import RunningVault

pytestmark = pytest.mark.slow
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def localhost(vault: RunningVault) -> str:
    """Passkeys belong to a name, not to an address."""
    return f"http://localhost:{vault.settings.listen.staff.rpartition(':')[2]}"


def with_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_signs_in(vault: RunningVault, chromium: Browser) -> None:
    vault.account("raktine", "nurse")
    context = chromium.new_context(locale="en")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with_authenticator(page)
    page.goto(f"{localhost(vault)}/auth/link/{vault.link('raktine')}")
    page.goto(f"{localhost(vault)}/desk/account")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Remove").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out").wait_for()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/desk")
    page.get_by_role("heading", name="Find a patient").wait_for()
    assert complaints == []
    context.close()


def test_past_the_hours_budget_a_passkey_opens_the_next(vault: RunningVault, chromium: Browser) -> None:
    with vault.fhir(vault.sign_in("gydytoja"), **{"Content-Type": "application/fhir+json"}) as fhir:
        made = [
            fhir.post("/Patient", json={"resourceType": "Patient", "name": [{"family": f"Raktinis{letter}"}]}).json()[
                "id"
            ]
            for letter in "abcdefghijk"
        ]
    vault.new_day()
    vault.account("skubanti", "nurse")
    context = chromium.new_context(locale="en")
    page = context.new_page()
    with_authenticator(page)
    page.goto(f"{localhost(vault)}/auth/link/{vault.link('skubanti')}")
    page.goto(f"{localhost(vault)}/desk/account")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Remove").wait_for()
    token = next(str(one["value"]) for one in context.cookies() if one["name"] == "seifas")
    with vault.fhir(token, **{"Seifas-Reason": "visit"}) as same_session:
        for ident in made[:10]:
            assert same_session.get(f"/Patient/{ident}/$everything").status_code == 200
    page.goto(f"{localhost(vault)}/desk/patient/{made[10]}/chart")
    page.get_by_role("button", name="Visit").click()
    page.get_by_role("button", name="Confirm with a passkey").click()
    page.get_by_role("heading", name="Raktinisk").wait_for()
    context.close()


def test_pages_work_without_scripts_on_a_phone(vault: RunningVault, chromium: Browser, ona: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="lt")
    page = context.new_page()
    page.goto(f"{vault.staff}/auth/link/{vault.link('gydytoja')}")
    page.fill("#query", "Žuk")
    page.get_by_role("button", name="Ieškoti").click()
    page.get_by_role("link", name="Atverti").first.click()
    page.get_by_role("button", name="Atverti ligos istoriją").click()
    assert "171.50 cm" in page.content()
    page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="Sign out").click()
    assert page.url.endswith("/auth/sign-in?out")
    assert page.get_by_role("button", name="Sign in with a passkey").count() == 0
    context.close()


@pytest.mark.parametrize("path", ["/desk", "/desk/account", "/auth/sign-in"])
def test_nothing_is_wider_than_a_phone(vault: RunningVault, chromium: Browser, path: str) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, locale="lt")
    page = context.new_page()
    page.goto(f"{vault.staff}/auth/link/{vault.link('pareigune')}")
    page.goto(vault.staff + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
