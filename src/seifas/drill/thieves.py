"""A thief with a stolen session, at work on the real HTTP API: FHIR and the desk's pages, with a passkey or without.

He holds a live cookie and knows the programs' source. `Thief` is his hands: one method a way to a patient. What he
gets is counted by `Haul` from what came out, never from what he meant to do.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.drill.stage import Answer, Browser, Stage
from seifas.drill.thieves_haul import Haul
from seifas.errors import Unavailable
from seifas.keeper.identity.gestures import request_digest

_FORM: Final = re.compile(rb'name="form" value="([0-9a-f]{64})"')
_ASKS_GESTURE: Final = b"/auth/step-up/begin"
_ASKS_MORE: Final = (_ASKS_GESTURE, b'href="/desk/account"', b'name="reason"')
Way = Callable[["Thief", str], Answer]


class Stopped(Exception):
    """The session was frozen or ended: nothing more comes out of it."""


def form_of(browser: Browser) -> str:
    """The form token that the desk's pages carry in this session."""
    found = _FORM.search(browser.read("/desk/account").body)
    if found is None:
        raise Unavailable("the desk's page has no form: the session does not work")
    return found[1].decode()


def enrol(stage: Stage, browser: Browser) -> SoftAuthenticator:
    """Adds a passkey to the account of a session that has just been opened, as its owner would."""
    authenticator = SoftAuthenticator()
    form = form_of(browser)
    begun = browser.form("/auth/passkeys/begin", {"form": form}).json
    made = authenticator.create(begun["options"], origin_of(stage))
    added = browser.form("/auth/passkeys/finish", {"form": form, "handle": begun["handle"], "credential": made})
    if added.status != 200:
        raise Unavailable(f"the passkey was not added: {added.status}")
    return authenticator


def origin_of(stage: Stage) -> str:
    return f"http://localhost:{stage.staff}"


def sign_in(stage: Stage, authenticator: SoftAuthenticator) -> Browser:
    """A new session, opened with a passkey."""
    browser = stage.browser()
    begun = browser.form("/auth/passkey/begin", {}).json
    touched = authenticator.get(begun["options"], origin_of(stage))
    answer = browser.form("/auth/passkey/finish", {"handle": begun["handle"], "credential": touched})
    if answer.status != 200:
        raise Unavailable(f"the passkey did not sign in: {answer.status}")
    return browser


def word_of(answer: Answer) -> str:
    """What an answer comes down to: "ok", "reason", "step-up", "frozen", "missing", "throttled", or the status."""
    if answer.status < 400:
        return "ok"
    if answer.status == 401:
        return "signed-out"
    if not answer.headers.get("content-type", "").startswith("application/fhir+json"):
        asks = any(sign in _main_part(answer.body) for sign in _ASKS_MORE)
        return "frozen" if answer.status == 403 and not asks else f"page-{answer.status}"
    issue = answer.json["issue"][0]
    if issue.get("expression") == ["frozen"]:
        return "frozen"
    words = {"business-rule": "reason", "security": "step-up", "not-found": "missing", "throttled": "throttled"}
    return words.get(issue["code"], f"{answer.status}-{issue['code']}")


def _main_part(page: bytes) -> bytes:
    """A page without its head and menu."""
    return page.partition(b'id="content"')[2]


class Thief:
    """One stolen session. `passkey` is None for a thief who holds the cookie and nothing else."""

    def __init__(self, stage: Stage, browser: Browser, passkey: SoftAuthenticator | None = None) -> None:
        self.stage = stage
        self.browser = browser
        self.passkey = passkey
        self.haul = Haul()
        self.gestures = 0
        self.froze_at = 0.0
        self.stopped_at = 0.0
        self._form = ""

    def close(self) -> None:
        self.browser.close()

    # -- asking

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str] | None = None, *,
        way: str = "", over: str = "", sign: str = "open",
    ) -> Answer:
        """One request, with a reason, and once more after a gesture over `over` where a step-up is demanded.

        `way` names the way under which the answer is counted; "" for what the thief himself wrote.
        """
        sent = {"Seifas-Reason": "visit", **(headers or {})}
        answer = self.browser.ask(method, path, body, sent)
        if word_of(answer) == "step-up" and self.passkey is not None:
            self.gesture(request_digest(sign, {"patient": bytes.fromhex(over)}).hex())
            answer = self.browser.ask(method, path, body, sent)
        self._note(answer)
        if way and answer.status == 200 and answer.body:
            self.haul.json(answer.body, way)
        return answer

    def _note(self, answer: Answer) -> None:
        word = word_of(answer)
        self.haul.answers[word] += 1
        if answer.status == 429 and not self.froze_at:
            self.stopped_at = time.monotonic()
        if word in ("frozen", "signed-out"):
            self.froze_at = self.froze_at or time.monotonic()
            raise Stopped(word)

    def gesture(self, digest: str) -> None:
        """Touches the passkey over a digest, through the desk's own addresses."""
        assert self.passkey is not None
        self._form = self._form or form_of(self.browser)
        begun = self.browser.form("/auth/step-up/begin", {"form": self._form, "digest": digest}).json
        touched = self.passkey.get(begun["options"], origin_of(self.stage))
        self.browser.form(
            "/auth/step-up/finish", {"form": self._form, "handle": begun["handle"], "credential": touched}
        )
        self.gestures += 1

    def send(self, method: str, path: str, resource: Any, headers: dict[str, str] | None = None, *, over: str = ""
             ) -> Answer:
        """Writes a resource."""
        kind = {"Content-Type": "application/fhir+json", **(headers or {})}
        return self.ask(method, path, json.dumps(resource), kind, over=over)

    # -- ways to a patient

    def search(self, **fields: str) -> list[str]:
        """Ids of masked hits."""
        text = "&".join(f"{name}={_plus(value)}" for name, value in fields.items())
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.ask("POST", "/fhir/Patient/_search", text, kind, way="search", sign="search")
        if answer.status != 200:
            return []
        return [entry["resource"]["id"] for entry in answer.json.get("entry", [])]

    def card(self, patient: str) -> Answer:
        return self.ask("GET", f"/fhir/Patient/{patient}", way="read", over=patient)

    def everything(self, patient: str) -> Answer:
        return self.ask("GET", f"/fhir/Patient/{patient}/$everything", way="everything", over=patient)

    def inside(self, patient: str) -> Answer:
        """A search inside the patient; that there is nothing is an answer about the chart, too."""
        return self._clinical(f"/fhir/Observation?patient={patient}&_count=1", patient)

    def counted(self, patient: str) -> Answer:
        """The same, asking for a count and no entries."""
        return self._clinical(f"/fhir/Condition?subject=Patient/{patient}&_count=0", patient)

    def _clinical(self, path: str, patient: str) -> Answer:
        answer = self.ask("GET", path, way="inside", over=patient)
        if answer.status == 200:
            self.haul.charts.add(patient)
        return answer

    def by_id(self, patient: str) -> Answer:
        return self.ask("GET", f"/fhir/Patient?_id={patient}", way="by-id", over=patient)

    def history(self, patient: str) -> Answer:
        return self.ask("GET", f"/fhir/Patient/{patient}/_history/1", way="history", over=patient)

    def unchanged(self, patient: str) -> Answer:
        """A conditional read: whether version 1 is the current one is an answer without a body."""
        answer = self.ask("GET", f"/fhir/Patient/{patient}", headers={"If-None-Match": 'W/"1"'}, over=patient)
        if answer.status == 304:
            self.haul.cards.add(patient)
        return answer

    def bundled(self, patient: str) -> Answer:
        """Reads inside a transaction."""
        return self.transaction([patient])

    def transaction(self, patients: Iterable[str]) -> Answer:
        """One transaction that reads many."""
        patients = list(patients)
        entries = [{"request": {"method": "GET", "url": f"Patient/{one}"}} for one in patients]
        bundle = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})
        kind = {"Content-Type": "application/fhir+json"}
        over = patients[0] if len(patients) == 1 else ""
        return self.ask("POST", "/fhir", bundle, kind, way="transaction", over=over)

    def page(self, patient: str, part: str = "") -> Answer:
        """A page of the desk, through the reason and the step-up that it asks for."""
        path = f"/desk/patient/{patient}{part}"
        self._form = self._form or form_of(self.browser)
        answer = self.browser.form(path, {"form": self._form, "reason": "visit"})
        if answer.status == 403 and _ASKS_GESTURE in answer.body and self.passkey is not None:
            self.gesture(request_digest("open", {"patient": bytes.fromhex(patient)}).hex())
            answer = self.browser.form(path, {"form": self._form, "reason": "visit"})
        if answer.status == 200:
            self.haul.page(answer.body, patient, "page" + part)
        self._note(answer)
        return answer

    def card_page(self, patient: str) -> Answer:
        return self.page(patient)

    def chart_page(self, patient: str) -> Answer:
        return self.page(patient, "/chart")

    def caller(self, surname: str, birthdate: str, patient: str) -> Answer:
        """The card by a caller's proof, typed at the desk."""
        self._form = self._form or form_of(self.browser)
        answer = self.browser.form("/desk/caller", {"form": self._form, "surname": surname, "birthdate": birthdate})
        if answer.status == 303 and answer.headers["location"].startswith("/desk/patient/"):
            answer = self.browser.ask("GET", answer.headers["location"])
        if answer.status == 200:
            self.haul.page(answer.body, patient, "caller")
        self._note(answer)
        return answer

    # -- ways to make a patient warm, or one's own

    def visit(self, patient: str, at: str) -> Answer:
        """Writes a visit of today: a care link."""
        return self.send("POST", "/fhir/Encounter", encounter(patient, at), over=patient)

    def register(self, family: str) -> Answer:
        return self.send("POST", "/fhir/Patient", {"resourceType": "Patient", "name": [{"family": family}]})

    def overwrite(self, patient: str, family: str, birth: str, version: int = 1) -> Answer:
        """Gives the patient another identity, blindly, on a guessed version."""
        body = {"resourceType": "Patient", "id": patient, "name": [{"family": family}], "birthDate": birth}
        return self.send("PUT", f"/fhir/Patient/{patient}", body, {"If-Match": f'W/"{version}"'}, over=patient)


class Hands:
    """Makes thieves on served clinics and hangs up for all of them at the end."""

    def __init__(self) -> None:
        self._browsers: list[Browser] = []

    def cookie(self, stage: Stage, account: str) -> Thief:
        """The session of an account that has just been opened by a link; there is no passkey."""
        return self.with_browser(stage, stage.sign_in(account))

    def thief(self, stage: Stage, account: str, *, passkey: bool) -> Thief:
        """A session of an account whose owner has a passkey; with `passkey` the thief can use that, too."""
        owner = stage.sign_in(account)
        key = enrol(stage, owner)
        owner.close()
        return self.with_browser(stage, sign_in(stage, key), key.clone() if passkey else None)

    def with_browser(self, stage: Stage, browser: Browser, passkey: SoftAuthenticator | None = None) -> Thief:
        self._browsers.append(browser)
        return Thief(stage, browser, passkey)

    def close(self) -> None:
        for browser in self._browsers:
            browser.close()
        self._browsers.clear()


def encounter(patient: str, at: str, ident: str = "") -> dict[str, Any]:
    """A finished visit at `at` (ISO, with offset)."""
    body = {
        "resourceType": "Encounter", "status": "finished", "subject": {"reference": f"Patient/{patient}"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "period": {"start": at},
    }
    return {**body, "id": ident} if ident else body


READING: Final[dict[str, Way]] = {
    "read": Thief.card, "everything": Thief.everything, "inside": Thief.inside, "counted": Thief.counted,
    "by-id": Thief.by_id, "history": Thief.history, "unchanged": Thief.unchanged, "transaction": Thief.bundled,
    "card-page": Thief.card_page, "chart-page": Thief.chart_page,
}
"""Every way over HTTP to something of one patient."""


def harvest(thief: Thief, surnames: Iterable[str], *, most: int = 10_000) -> list[str]:
    """Walks the names by their beginnings until the listing stops; the ids found, in that order."""
    found: dict[str, None] = {}
    prefixes = dict.fromkeys(name[:3] for name in surnames if len(name) >= 3)
    refused = 0
    for prefix in prefixes:
        before = thief.haul.answers["throttled"] + thief.haul.answers["step-up"]
        found.update(dict.fromkeys(thief.search(family=prefix)))
        if thief.haul.answers["throttled"] + thief.haul.answers["step-up"] > before:
            refused += 1
        if refused >= 3 or len(found) >= most:
            break
    return list(found)


def open_all(thief: Thief, patients: Iterable[str], ways: Iterable[Way] = (Thief.everything,), *, careful: bool = True
             ) -> int:
    """Opens one patient after another by the ways in turn; how many answers were refused.

    `careful`: stops at the first refusal that more of the same would turn into a freeze.
    """
    turn = list(ways)
    refused = 0
    for number, patient in enumerate(patients):
        answer = turn[number % len(turn)](thief, patient)
        if answer.status in (200, 304):
            continue
        refused += 1
        if careful:
            break
    return refused


def _plus(text: str) -> str:
    return "".join(chr(b) if chr(b).isalnum() and b < 128 else f"%{b:02X}" for b in text.encode())


class Told(msgspec.Struct, frozen=True):
    """An alarm as the log channel delivered it: its kind, severity, account, and when (Unix seconds)."""

    kind: str
    severity: int
    account: str
    raised: float
    delivered: float


def alarms_in(log: bytes) -> list[Told]:
    """The alarms that the jobs process has delivered to the log so far."""
    told = []
    for line in log.splitlines():
        if b'"alarm"' not in line:
            continue
        one = msgspec.json.decode(line)
        if one.get("message") == "alarm":
            told.append(Told(one["kind"], one["severity"], one["account"], one["raised_ms"] / 1000, _seconds(one)))
    return told


def _seconds(line: dict[str, Any]) -> float:
    return datetime.fromisoformat(line["time"]).timestamp()
