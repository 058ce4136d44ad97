"""Every page of a furnished clinic: which address, as whom, and what leads there."""

from __future__ import annotations

import re

from playwright.sync_api import Page
from walked_cases import of_cases
from walked_clinic import FROZEN, GUESSING, LOT, list_for_recall
from walked_leaks import of_leaks
from walked_notices import of_asking
from walked_routes import has_page
from walked_shield import of_shield
from walked_tips import of_tips
from walking import INVITED, PORTAL, Clinic, Visit

from seifas.demo.secret import demo_passphrase_file
from seifas.web.desk.app import ROUTES as DESK_ROUTES
from seifas.web.portal.app import ROUTES as PORTAL_ROUTES
from seifas.web.routing import Route

_HATS = {
    "doctor1": "doctor", "nurse1": "nurse", "reception1": "reception", "officer1": "officer",
    "administrator": "administrator", "auditor": "auditor",
}
_OFFICERS = ("/desk/withheld",)


def visits(clinic: Clinic, language: str) -> list[Visit]:
    """Every page, as it is visited in a language."""
    return [*of_routes(clinic, language), *led_to(clinic, language)]


def of_routes(clinic: Clinic, language: str) -> list[Visit]:
    """Pages with an address."""
    return [
        *_public(language), *_signed_out(clinic), *_by_hat(), *_desk(clinic, language), *_portal(clinic),
    ]


def led_to(clinic: Clinic, language: str) -> list[Visit]:
    """Pages that something leads to. Those of a locked vault come last: nothing is to be had after."""
    return [
        *_led_to(clinic), *of_leaks(clinic), *of_cases(clinic), *of_tips(clinic, language), *of_asking(language),
        *of_shield(clinic), *_said(clinic), *_locked_vault(),
    ]


# -- pages with a route of their own


def _desk(clinic: Clinic, language: str) -> list[Visit]:
    found = []
    for route in DESK_ROUTES:
        if _is_page(route) and route.pattern != "/capture":
            address = _filled(clinic, route.pattern, language)
            found.append(Visit(f"desk {route.pattern}", _who(route), address, route.pattern))
    return found


def _portal(clinic: Clinic) -> list[Visit]:
    found = [Visit("portal first", PORTAL, "/my", "/my", door="public")]
    facts = {"photo": clinic.facts["portal:photo"]}
    for route in PORTAL_ROUTES:
        if _is_page(route):
            address = _with(route.pattern, facts)
            found.append(Visit(f"portal {route.pattern}", PORTAL, address, route.pattern, door="public"))
    return found


def _is_page(route: Route) -> bool:
    return "GET" in route.methods.split() and has_page(route.pattern)


def _who(route: Route) -> str:
    module = route.handler.__module__
    if any(one in module for one in (".officer", ".leaks", ".cases", ".shield")) or route.pattern in _OFFICERS:
        return "officer1"
    return "administrator" if ".administrator" in module else "doctor1"


def _with(pattern: str, facts: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda name: facts[name[1]], pattern)


def _filled(clinic: Clinic, pattern: str, language: str) -> str:
    """The address of a pattern, with this clinic's own ids."""
    facts = dict(clinic.facts)
    kind = "photos" if "/consents/photos/" in pattern else "form"
    facts |= {
        "digest": facts[f"{kind}:{language}"], "number_of": "1",
        "which": facts.get(f"{pattern.split('/')[2]}:which", ""),
        "request": facts["wish"] if "/requests-in/" in pattern else facts["asked"],
    }
    if pattern.startswith("/desk/cases/"):
        facts["case"] = facts["incident:exercise" if pattern.endswith("/exercise") else "incident"]
    if "/record/" in pattern:
        facts["entry"] = facts["record"]
    address = _with(pattern, facts)
    return f"{address}?a={facts['photo']}&b={facts['other']}" if pattern.endswith("/compare") else address


# -- pages that are found without a table


def _public(language: str) -> list[Visit]:
    pages = ("", "services", "team", "prices", "contact", "statement")
    return [
        Visit("public /", "", "/", "/", door="public"),
        *(Visit(f"public {page or 'first'}", "", f"/{language}/{page}", "/{language}/{page}", door="public")
          for page in pages),
        Visit("public no such page", "", f"/{language}/no-such-page", status=404, door="public"),
        Visit("public gallery", "", f"/{language}/gallery", "/{language}/gallery", door="public"),
        Visit("public request", "", f"/{language}/request", "/{language}/request", door="public"),
        Visit("public request wrong", "", f"/{language}/request", door="public", prepare=_wrong_request),
        Visit("public portal door", "", "/my", "/my", door="public"),
        Visit("public portal wrong code", "", "/my", door="public", prepare=_wrong_code),
    ]


def _wrong_request(page: Page, clinic: Clinic) -> None:
    page.fill("#name", "Ąžuolas")
    page.fill("#contact", "x")
    page.fill("#wish", "x")
    page.check("#agreed")
    page.click("form button:not([name])")
    page.locator("[role=alert]:visible").first.wait_for()


def _wrong_code(page: Page, clinic: Clinic) -> None:
    page.fill("[name=code]", "AAAAA-AAAAA")
    page.fill("[name=birth]", "1980-02-03")
    page.locator("form:has([name=code]) button").first.click()
    page.locator("[role=alert]:visible").first.wait_for()


def _signed_out(clinic: Clinic) -> list[Visit]:
    invitation = f"/auth/invite/{clinic.facts['token']}"
    return [
        Visit("sign-in", "", "/auth/sign-in", "/auth/sign-in"), Visit("signed out", "", "/auth/sign-in?out"),
        Visit("sign-in wrong", "", "/auth/sign-in", prepare=_wrong_password),
        Visit("bad link", "", "/auth/link/none", status=401),
        Visit("invitation", "", invitation, "/auth/invite/{token}"),
        Visit("bad invitation", "", "/auth/invite/none", status=404),
        Visit("no such page", "", "/desk/nothing/here", status=404), Visit("capture door", "", "/capture", "/capture"),
    ]


def _wrong_password(page: Page, clinic: Clinic) -> None:
    page.fill("main [name=name]", "doctor1")
    page.fill("main [name=password]", "ne tas slaptažodis")
    page.fill("main [name=code]", "000000")
    page.locator("main form:has([name=password]) button").first.click()
    page.locator("[role=alert]:visible").first.wait_for()


def _by_hat() -> list[Visit]:
    return [
        Visit(f"{hat} {name}", account, address, address)
        for account, hat in _HATS.items()
        for name, address in (("desk", "/desk"), ("account", "/desk/account"))
    ]


# -- pages that a form leads to


def _led_to(clinic: Clinic) -> list[Visit]:
    of = f"/desk/patient/{clinic.facts['patient']}"
    return [
        Visit("found", "reception1", "/desk", prepare=_found),
        Visit("nobody found", "reception1", "/desk", prepare=_not_found),
        Visit("no such caller", "reception3", "/desk", prepare=_guessed),
        Visit("day sheet", "reception1", "/desk", prepare=_sheet),
        Visit("card printed", "doctor1", of, prepare=_printed),
        Visit("chart printed", "doctor1", f"{of}/chart", prepare=_printed),
        Visit("telephone's code", "doctor1", f"{of}/photos", prepare=_telephone),
        Visit("portal slip", "reception1", f"{of}/portal", prepare=_slip),
        Visit("log searched", "officer1", "/desk/log", prepare=_log_searched),
        Visit("step-up", "doctor1", "/desk/lots", prepare=_lot_asked),
        Visit("step-up without a passkey", "nurse1", "/desk/lots", prepare=_lot_asked),
        Visit("invited account", INVITED, "/desk/account"),
        Visit("password offered", INVITED, "/desk/account", "/desk/account/password", prepare=_password),
        Visit("kept text", "doctor6", "/desk/patients/new", prepare=_left_meanwhile),
    ]


def _searched(page: Page, words: str) -> None:
    if page.viewport_size is not None and page.viewport_size["width"] < 800:
        page.set_viewport_size({"width": 1440, "height": 1000})  # on a telephone the line is a page of its own
    page.locator("input[name=query]").first.fill(words)
    with page.expect_navigation():
        page.locator("input[name=query]").first.press("Enter")


def _found(page: Page, clinic: Clinic) -> None:
    _searched(page, "Kaz")


def _not_found(page: Page, clinic: Clinic) -> None:
    _searched(page, "Qwxz")


def _guessed(page: Page, clinic: Clinic) -> None:
    _searched(page, "Nerastenis 1901-01-01")


def _sent(page: Page, form: str) -> None:
    with page.expect_navigation():
        page.locator(f"form{form}").first.locator("button").first.click()


def _sheet(page: Page, clinic: Clinic) -> None:
    _sent(page, "[action$='/sheet']")


def _printed(page: Page, clinic: Clinic) -> None:
    page.locator("[name=why]").fill("Siuntimas pas kitą gydytoją")
    _sent(page, "[action*='/print/']")


def _telephone(page: Page, clinic: Clinic) -> None:
    _sent(page, "[action$='/photos/phone']")
    page.locator("img.qr").wait_for()


def _slip(page: Page, clinic: Clinic) -> None:
    with page.expect_navigation():
        page.locator("button[value=invite]").click()
    page.locator("code.secret").wait_for()


def _log_searched(page: Page, clinic: Clinic) -> None:
    page.fill("#find", "Kaz")
    _sent(page, "[action='/desk/log/find']")


def _lot_asked(page: Page, clinic: Clinic) -> None:
    page.fill("#lot", f"{LOT}-2")
    _sent(page, "[action='/desk/lots']")


def _password(page: Page, clinic: Clinic) -> None:
    _sent(page, "[action='/desk/account/password']")
    page.locator("img.qr").wait_for()


def _left_meanwhile(page: Page, clinic: Clinic) -> None:
    """The session ends while somebody writes; the cookie comes back for the next visit."""
    page.fill("[name=family]", "Bandomasis")
    page.evaluate("for (const one of document.querySelectorAll('main [required]')) one.required = false")
    kept = page.context.cookies()
    page.context.clear_cookies(name="seifas")
    with page.expect_navigation():
        page.locator("main form:has([name=family])").evaluate("(form) => form.submit()")
    page.context.add_cookies(kept)  # type: ignore[arg-type]


# -- pages that say that something is not to be had, or ask for more


def _said(clinic: Clinic) -> list[Visit]:
    cold = f"/desk/patient/{clinic.facts['cold']}"
    return [
        Visit("reason", "doctor1", f"{cold}/chart", status=403),
        Visit("glass", "doctor1", f"{cold}/glass"),
        Visit("missing", "doctor1", f"/desk/patient/{'0' * 32}", status=404),
        Visit("wrong address", "doctor1", "/desk/patient/x", status=400),
        Visit("refused hat", "auditor", "/desk/requests-in", status=403),
        Visit("guessed too often", GUESSING, "/desk", prepare=_guessed),
        Visit("stopped", "doctor1", "/desk/recalls", prepare=_listed_again),
        Visit("frozen", FROZEN, "/desk", status=403),
        Visit("locked session", "nurse3", "/desk", status=0, prepare=_locked),
    ]


def _listed_again(page: Page, clinic: Clinic) -> None:
    """The week's patients to call are all on the list that is there already."""
    list_for_recall(page, last=True)
    page.locator("section.panel[role=alert]").wait_for()


def _locked(page: Page, clinic: Clinic) -> None:
    if page.locator("[data-lock]").count():
        with page.expect_navigation():
            page.evaluate("document.querySelector('[data-lock]').submit()")
    page.goto(f"{clinic.staff}/desk", wait_until="load")


def _locked_vault() -> list[Visit]:
    return [
        Visit("vault unlocked", "", "/unlock", "/unlock", door="unlock"),
        Visit("vault locked", "", "/unlock", door="unlock", before=_lock),
        Visit("vault locked, wrong passphrase", "", "/unlock", door="unlock", before=_lock, prepare=_wrong_phrase),
        Visit("vault locked, desk", "doctor1", "/desk", status=503, before=_lock),
        Visit("vault locked, sign-in", "", "/auth/sign-in", before=_lock),
        Visit("vault locked, portal", "", "/my", door="public", before=_lock),
        Visit("vault unlocked again", "", "/unlock", door="unlock", before=_lock, prepare=_phrase),
    ]


def _lock(clinic: Clinic) -> None:
    with clinic.stage.admin() as admin:
        if not admin.call("health")["locked"]:
            admin.call("admin.lock")


def _typed(page: Page, phrase: str) -> None:
    page.fill("[name=passphrase]", phrase)
    with page.expect_navigation():
        page.locator("button").click()


def _wrong_phrase(page: Page, clinic: Clinic) -> None:
    _typed(page, "ne ta frazė")
    page.locator(".said").wait_for()


def _phrase(page: Page, clinic: Clinic) -> None:
    _typed(page, demo_passphrase_file(clinic.stage.data).read_text("utf-8").strip())
    page.get_by_text("Saugykla atrakinta.").wait_for()
