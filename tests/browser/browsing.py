"""What every test in a browser does: launches it, watches what its pages complain of, signs in, has a passkey."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from seifas.drill.stage import Stage

_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]
# The browser tells of every answer that is not 200: which answers are right is for the test to say.
_OF_ANSWERS = "status of"
_INNER = ("data:", "blob:", "about:")


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """A headless Chromium whose camera is its own test picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


def staff_of(stage: Stage) -> str:
    """The staff's origin. Passkeys and cameras belong to a name, not to an address."""
    return f"http://localhost:{stage.staff}"


def public_of(stage: Stage) -> str:
    return f"http://localhost:{stage.port}"


def watched(context: BrowserContext, stage: Stage) -> list[str]:
    """What the pages of a context complain of, from now on: script errors, what the content policy blocked, requests
    to anybody but this clinic."""
    complaints: list[str] = []
    own = (staff_of(stage), public_of(stage), *_INNER)

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and _OF_ANSWERS not in message.text:
            complaints.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith(own):
            complaints.append(f"asked elsewhere: {request.url}")

    context.on("console", said)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("request", asked)
    context.expose_function("seifasBlocked", lambda what: complaints.append(f"blocked: {what}"))
    context.add_init_script("addEventListener('securitypolicyviolation', (event) => window.seifasBlocked("
                            "event.violatedDirective + ' ' + event.blockedURI));")
    return complaints


def sign_in(page: Page, stage: Stage, account: str) -> None:
    """By a one-time link, to the first page of the desk."""
    with stage.admin() as admin:
        token = admin.call("admin.login_link", name=account)["token"]
    page.goto(f"{staff_of(stage)}/auth/link/{token}")
    page.wait_for_url("**/desk")


def authenticator(page: Page) -> None:
    """A device that holds passkeys and whose person always touches it at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})


def with_passkey(page: Page, stage: Stage, account: str) -> None:
    """Signs in and adds a passkey to the account."""
    authenticator(page)
    sign_in(page, stage, account)
    page.goto(f"{staff_of(stage)}/desk/account")
    page.locator("[data-passkey][data-create='1'] button").click()
    page.locator("section:has(#passkeys) li").wait_for()


def receive(desk: Page, at: str, pictures: list[bytes], area: str, view: str, day: str = "") -> None:
    """Puts JPEGs into a patient's photos, through the page at the address `at`; `day` is when they were taken."""
    desk.goto(at)
    desk.select_option("#batch-area", area)
    desk.select_option("#batch-view", view)
    if day:
        desk.fill("#taken", day)
    desk.set_input_files("#files", [
        {"name": f"veidas-{number}.jpg", "mimeType": "image/jpeg", "buffer": one} for number, one in enumerate(pictures)
    ])
    desk.wait_for_selector("[data-done]:not([hidden])")
