"""The desk in a real browser: passkeys made and used, pages without scripts, a phone's width; signing in for the first
time, locked sessions and emergencies with a passkey of one's own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from running_vault import RunningVault

pytestmark = pytest.mark.slow
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PASSWORD = "septyni pilki vandenynai"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
SHOTS = os.environ.get("SEIFAS_SHOTS", "")

# Ratio of text to ground (WCAG 2.2, 1.4.3) and what has no name: run in the page, answers a list of complaints.
_COMPLAINTS = """() => {
  const found = [];
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((n) => n / 255)
      .map((n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    const box = node.getBoundingClientRect();
    if (!box.width || !node.checkVisibility()) continue;
    if (own) {
      const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) found.push("contrast: " + node.textContent.trim().slice(0, 40));
    }
    const touched = node.matches("[type=radio], [type=checkbox]") && node.closest("label") || node;
    const high = touched.getBoundingClientRect().height;
    if (node.matches("button, a.button, input") && high < 34) found.push("small: " + node.outerHTML);
    if (node.matches("input:not([type=hidden])") && !node.labels.length && !node.ariaLabel) found.push(node.outerHTML);
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("headings: " + document.querySelectorAll("h1").length);
  if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the screen");
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) found.push("an id twice: " + ids);
  return found;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
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


@pytest.fixture(params=["lt-phone", "en-desktop-dark"])
def context(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[BrowserContext]:
    phone = "phone" in request.param
    made = chromium.new_context(
        locale=request.param[:2], viewport=PHONE if phone else DESKTOP, color_scheme="light" if phone else "dark"
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    made = context.new_page()
    complaints: list[str] = []
    # A status of 400 or more is reported as an error of the page's loading; those pages are meant here.
    made.on(
        "console",
        lambda message: complaints.append(message.text)
        if message.type == "error" and "the server responded with a status" not in message.text else None,
    )  # fmt: skip
    made.on("pageerror", lambda error: complaints.append(str(error)))
    with_authenticator(made)
    yield made
    assert complaints == []


def fit(page: Page, name: str) -> None:
    """Looks at a page as somebody would who sees badly or works with the keyboard."""
    if SHOTS:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
    page.wait_for_load_state()
    assert page.evaluate(_COMPLAINTS) == [], name


def follow(page: Page, lithuanian: str, english: str) -> None:
    """Presses a button that leads to another page, and is there."""
    with page.expect_navigation():
        press(page, lithuanian, english)


def press(page: Page, lithuanian: str, english: str) -> None:
    page.get_by_role("button", name=lithuanian).or_(page.get_by_role("button", name=english)).first.click()


def lock(vault: RunningVault, context: BrowserContext) -> None:
    token = next(str(one["value"]) for one in context.cookies() if one["name"] == "seifas")
    vault.keeper.sessions.lock(vault.desk("session.who", session=token)["session_id"])


def invite(vault: RunningVault, name: str) -> str:
    return f"{localhost(vault)}/auth/invite/{vault.admin('admin.invite', name=name)['token']}"


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
    page.locator("header details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out").wait_for()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/desk")
    page.locator("#query").wait_for()
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
    with page.expect_navigation():
        page.get_by_role("link", name="Ligos istorija").click()
    assert "171.50 cm" in page.content()
    page.locator("header details.menu > summary").click()
    with page.expect_navigation():
        page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator("header details.menu > summary").click()
    with page.expect_navigation():
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


def test_an_invited_person_adds_a_passkey_and_signs_in(
    vault: RunningVault, context: BrowserContext, page: Page, ona: str, request: pytest.FixtureRequest
) -> None:
    name = f"pakviesta-{request.node.callspec.params['context'][:2]}"
    vault.account(name, "doctor")
    page.goto(invite(vault, name))
    fit(page, "invite")
    follow(page, "Priimti kvietimą", "Accept the invitation")
    page.wait_for_url("**/desk/account")
    fit(page, "enrol")
    page.locator("#label").fill("Darbo telefonas su labai ilgu pavadinimu kurio niekas neskaito")
    press(page, "Pridėti prieigos raktą", "Add a passkey")
    page.locator("ul.list li").wait_for()
    fit(page, "enrolled")
    press(page, "Prisijungti", "Go and sign in")
    page.wait_for_url("**/auth/sign-in?out")
    fit(page, "sign-in")
    press(page, "Prisijungti prieigos raktu", "Sign in with a passkey")
    page.wait_for_url("**/desk")
    page.goto(f"{localhost(vault)}/desk/account")
    fit(page, "account")
    # The session locks itself; a touch leads back to the page.
    page.goto(f"{localhost(vault)}/desk/patient/{ona}/chart")
    lock(vault, context)
    page.reload()
    fit(page, "idle")
    follow(page, "Tęsti su prieigos raktu", "Go on with a touch")
    assert page.url.endswith(f"/desk/patient/{ona}/chart")
    # Signing in anew leads there too, for the same person.
    lock(vault, context)
    page.reload()
    follow(page, "Prisijungti iš naujo", "Sign in anew")
    fit(page, "sign-in-back")
    press(page, "Prisijungti prieigos raktu", "Sign in with a passkey")
    page.wait_for_url(f"**/desk/patient/{ona}/chart")


def test_an_invited_person_sets_a_password_without_scripts(
    vault: RunningVault, chromium: Browser, request: pytest.FixtureRequest
) -> None:
    for locale, size in (("lt", PHONE), ("en", DESKTOP)):
        name = f"berakte-{locale}"
        vault.account(name, "reception")
        context = chromium.new_context(locale=locale, viewport=size, java_script_enabled=False)
        page = context.new_page()
        page.goto(invite(vault, name))
        follow(page, "Priimti kvietimą", "Accept the invitation")
        follow(page, "Nustatyti slaptažodį", "Set a password")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"password-{size['width']}.png", full_page=True)
        secret = page.locator("code.secret").inner_text().replace(" ", "")
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD + "x")
        page.fill("#code", pyotp.TOTP(secret).now())
        follow(page, "Išsaugoti", "Save")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"password-wrong-{size['width']}.png", full_page=True)
        assert page.locator("code.secret").inner_text().replace(" ", "") == secret
        assert page.locator("#again").get_attribute("aria-invalid") == "true"
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.fill("#code", pyotp.TOTP(secret).now())
        follow(page, "Išsaugoti", "Save")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"recovery-{size['width']}.png", full_page=True)
        codes = page.locator("ol.codes code").all_inner_texts()
        assert len(codes) == 10
        with page.expect_navigation():
            page.locator("main a.button").click()
        follow(page, "Prisijungti", "Go and sign in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.fill("#code", codes[0])
        page.get_by_role("button", name="Prisijungti", exact=True).or_(
            page.get_by_role("button", name="Sign in", exact=True)
        ).click()
        page.wait_for_url("**/desk")
        context.close()


def test_the_secret_is_a_picture_that_the_page_may_show(vault: RunningVault, page: Page) -> None:
    page.goto(f"{localhost(vault)}/auth/link/{vault.link('registratore')}")
    page.goto(f"{localhost(vault)}/desk/account")
    follow(page, "Nustatyti slaptažodį", "Set a password")
    assert page.evaluate("document.querySelector('img.qr').naturalWidth") > 100
    fit(page, "password-page")


def test_the_glass_is_broken_with_a_touch(
    vault: RunningVault, context: BrowserContext, page: Page, ona: str, request: pytest.FixtureRequest
) -> None:
    vault.new_day()
    name = f"gelbstinti-{request.node.callspec.params['context'][:2]}"
    vault.account(name, "doctor")
    page.goto(f"{localhost(vault)}/auth/link/{vault.link(name)}")
    page.goto(f"{localhost(vault)}/desk/account")
    press(page, "Pridėti prieigos raktą", "Add a passkey")
    page.locator("ul.list li").wait_for()
    page.goto(f"{localhost(vault)}/desk/patient/{ona}/chart")
    fit(page, "reason")
    with page.expect_navigation():
        page.locator("a.button.bad").click()
    fit(page, "glass")
    page.fill("#why", "Anafilaksija po procedūros")
    follow(page, "Atverti skubiai", "Open now")
    fit(page, "step-up")
    press(page, "Patvirtinti prieigos raktu", "Confirm with a passkey")
    page.wait_for_url(f"**/desk/patient/{ona}/chart")
    assert "171.50 cm" in page.content()
    fit(page, "chart")
    token = next(str(one["value"]) for one in context.cookies() if one["name"] == "seifas")
    vault.keeper.sessions.freeze(vault.desk("session.who", session=token)["session_id"], "stopped")
    page.goto(f"{localhost(vault)}/desk")
    fit(page, "frozen")
    page.goto(f"{localhost(vault)}/auth/invite/{'x' * 43}")
    follow(page, "Priimti kvietimą", "Accept the invitation")
    fit(page, "invite-used")
