"""A short day of real work in a served clinic, with words that can be found again: what leaves them on the disk?

Sign-ins, openings, searches, writes, programs, and above all mistakes: wrong passwords, broken bodies, ids that are
none, words in addresses. Each carries a marker, a made-up word that stands nowhere else. What happens to a request
(served, refused) does not matter here; that a marker reaches no file does.
"""

from __future__ import annotations

import http.client
import json
import random
import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec

from seifas.demo.chart import PatientFile
from seifas.demo.population import patient_file
from seifas.demo.schedule import patient_id
from seifas.drill.stage import Answer, Browser, Stage
from seifas.errors import SeifasError

_LETTERS: Final = "aeioubdgklmnprstvz"
_FORM: Final = re.compile(rb'name="form" value="([0-9a-f]{64})"')


class Work(msgspec.Struct, frozen=True):
    """What was done: the markers that were used, and how many requests were answered and how."""

    markers: tuple[str, ...]
    patients: tuple[str, ...]
    written: int
    answers: dict[int, int]


class _Day:
    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.chance = random.Random(seed)  # noqa: S311 - words for a test, not secrets
        self.markers: list[str] = []
        self.answers: dict[int, int] = {}
        self.written = 0
        self.patients: list[str] = []

    def marker(self) -> str:
        """A new word with a Lithuanian letter in it, of 15 letters."""
        word = "".join(self.chance.choices(_LETTERS, k=13)).capitalize() + "šė"
        self.markers.append(word)
        return word

    def note(self, answer: Answer) -> Answer:
        self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
        return answer

    def attempt(self, deed: Callable[[], Answer | None]) -> None:
        """What breaks the connection or is refused is part of the day."""
        try:
            answer = deed()
        except (OSError, http.client.HTTPException, SeifasError, ValueError):
            self.answers[0] = self.answers.get(0, 0) + 1
        else:
            if answer is not None:
                self.note(answer)


def work(
    stage: Stage, *, patients: int, today: date, seed: int = 1, newcomers: int = 4, markers: int = 1
) -> Work:
    """Works against a served clinic of the demo's `patients`, `seed` and day: so many new patients with a whole chart
    each, and about 90 requests besides. `markers` is the seed of the made-up words."""
    day = _Day(stage, markers)
    program = stage.program(200)
    for number in range(newcomers):
        _newcomer(day, program, patient_file(seed, patients + number, today))
    doctor, desk = stage.sign_in("doctor1"), stage.sign_in("reception1")
    for index in range(3):
        _open(day, doctor, patient_id(seed, index * patients // 3))
    for browser in (doctor, desk):
        _search(day, browser)
    for browser in (program, doctor):
        _mistakes(day, browser)
    _wrong_sign_ins(day)
    _wrong_links(day)
    for browser in (program, doctor, desk):
        browser.close()
    return Work(tuple(day.markers), tuple(day.patients), day.written, dict(sorted(day.answers.items())))


def _resource(kind: str, **fields: Any) -> dict[str, Any]:
    return {"resourceType": kind, **fields}


def _newcomer(day: _Day, program: Browser, file: PatientFile) -> None:
    """A chart like all others, with marked names and complaints, in one transaction; then a changed card and a further
    complaint. Like all others: what is told apart by its size is not what this is about."""
    # No consents: that somebody agrees to the use of a photo is signed at the desk, and no program may say it.
    resources = [json.loads(one.body) for one in file.resources if one.type != "Consent"]
    for resource in resources:
        if resource["resourceType"] == "Patient":
            resource["name"] = [{"family": day.marker(), "given": [day.marker()]}]
        elif resource["resourceType"] == "Condition":
            resource["code"]["text"] = f"{resource['code']['text']} {day.marker()}"
    made = day.note(program.send("POST", "/fhir", _bundle(resources)))
    if made.status != 200:
        return
    ident = next(
        entry["response"]["location"].split("/")[-3] for entry in made.json["entry"]
        if "/Patient/" in f"/{entry['response']['location']}"
    )
    day.patients.append(ident)
    day.written += len(resources)
    card = {**resources[0], "id": ident, "address": [{"text": day.marker()}]}
    changed = day.note(program.send("PUT", f"/fhir/Patient/{ident}", card, {"If-Match": 'W/"1"'}))
    complaint = _resource("Condition", subject={"reference": f"Patient/{ident}"}, code={"text": day.marker()})
    added = day.note(program.send("POST", "/fhir/Condition", complaint))
    day.written += (changed.status == 200) + (added.status == 201)


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A transaction that creates them all; what they call each other becomes urn:uuid."""
    names = {f"{one['resourceType']}/{one['id']}": f"urn:uuid:{UUID(one['id'])}" for one in resources}
    entries = []
    for one in resources:
        text = json.dumps({key: value for key, value in one.items() if key not in ("id", "meta")})
        for name, urn in names.items():
            text = text.replace(f'"{name}"', f'"{urn}"')
        entries.append({
            "fullUrl": names[f"{one['resourceType']}/{one['id']}"], "resource": json.loads(text),
            "request": {"method": "POST", "url": one["resourceType"]},
        })
    return _resource("Bundle", type="transaction", entry=entries)


def _open(day: _Day, doctor: Browser, ident: str) -> None:
    reason = quote(day.marker())
    day.note(doctor.read(f"/fhir/Patient/{ident}", reason))
    day.note(doctor.read(f"/fhir/Patient/{ident}/$everything", reason))
    day.note(doctor.ask("GET", f"/desk/patient/{ident}"))


def _search(day: _Day, browser: Browser) -> None:
    page = day.note(browser.ask("GET", "/desk/account"))
    token = _FORM.search(page.body)
    form = {"form": token[1].decode()} if token else {}
    own = {"Origin": f"http://localhost:{browser.port}", "Sec-Fetch-Site": "same-origin"}
    for path, fields in (
        ("/desk/search", {"query": day.marker()}),
        ("/desk/caller", {"surname": day.marker(), "birthdate": "1979-05-06"}),
        ("/desk/caller", {"surname": day.marker(), "phone": day.marker()}),
    ):
        text = "&".join(f"{name}={quote(value)}" for name, value in {**form, **fields}.items())
        day.note(browser.ask("POST", path, text, {"Content-Type": "application/x-www-form-urlencoded", **own}))
    day.note(browser.ask("GET", f"/fhir/Patient?family={quote(day.marker())}"))
    day.note(browser.form("/fhir/Patient/_search", {"family": day.marker(), "given": day.marker()}))


def _mistakes(day: _Day, browser: Browser) -> None:
    """Bodies, ids, addresses and headers that are wrong in ways that make a server want to say what it was sent."""
    json_type = {"Content-Type": "application/fhir+json"}
    bodies = (
        '{"resourceType":"Patient","name":[{"family":"%s"',
        '{"resourceType":"%s"}',
        '{"resourceType":"Patient","%s":1,"%s":2}',
        '{"resourceType":"Patient","birthDate":"%s"}',
        '{"resourceType":"Condition","subject":{"reference":"Patient/%s"},"code":{"text":"%s"}}',
        '{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"%s"}}]}',
    )
    for text in bodies:
        filled = re.sub("%s", lambda _: day.marker(), text)
        for path in ("/fhir/Patient", "/fhir"):
            day.attempt(lambda path=path, filled=filled: browser.ask("POST", path, filled, json_type))  # type: ignore[misc]
    utf16 = json.dumps(_resource("Patient", name=[{"family": day.marker()}])).encode("utf-16")
    day.attempt(lambda: browser.ask("POST", "/fhir/Patient", utf16, json_type))
    for path in ("/fhir/%s/1", "/fhir/Patient/%s", "/desk/patient/%s", "/desk/%s", "/%s?name=%s", "/fhir/Patient?%s=%s",
                 "/fhir/Patient/_search?name=%s"):
        filled = re.sub("%s", lambda _: quote(day.marker()), path)
        day.attempt(lambda filled=filled: browser.ask("GET", filled))  # type: ignore[misc]
    for name in ("Seifas-Reason", "If-Match", "If-None-Exist", "Cookie", "X-Request-Id", "User-Agent", "Referer"):
        sent = {name: quote(day.marker()), **json_type}
        card = json.dumps(_resource("Patient", name=[{"family": day.marker()}]))
        day.attempt(lambda sent=sent, card=card: browser.ask("POST", "/fhir/Patient", card, sent))  # type: ignore[misc]
    day.attempt(lambda: browser.ask("POST", f"/fhir/Patient/{quote(day.marker())}/$everything", day.marker()))


def _wrong_sign_ins(day: _Day) -> None:
    browser = day.stage.browser()
    own = {"Origin": f"http://localhost:{browser.port}", "Sec-Fetch-Site": "same-origin"}
    sent = {"Content-Type": "application/x-www-form-urlencoded", **own}
    for name in (day.marker(), "doctor1"):
        text = f"name={quote(name)}&password={quote(day.marker())}&code=123456"
        day.attempt(lambda text=text: browser.ask("POST", "/auth/sign-in", text, sent))  # type: ignore[misc]
    for path in ("/auth/token", "/auth/passkey/begin", "/auth/passkey/finish"):
        fields = {"client_assertion": day.marker(), "handle": day.marker(), "name": day.marker()}
        day.attempt(lambda path=path, fields=fields: browser.form(path, fields))  # type: ignore[misc]
    browser.close()


def _wrong_links(day: _Day) -> None:
    """The public listener, and raw bytes that are hardly HTTP."""
    public, staff = Browser(day.stage.port), day.stage.browser()
    for path in ("/%s", "/my/%s", "/auth/link/%s"):
        filled = re.sub("%s", lambda _: quote(day.marker()), path)
        day.attempt(lambda filled=filled: public.ask("GET", filled))  # type: ignore[misc]
        day.attempt(lambda filled=filled: staff.ask("GET", filled))  # type: ignore[misc]
    public.close()
    staff.close()
    for word in (day.marker(), "GET /" + "a" * 9000 + day.marker()):
        day.attempt(lambda word=word: _raw(day.stage.staff, word))  # type: ignore[misc]


def _raw(port: int, word: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    connection.connect()
    try:
        connection.sock.sendall(word.encode() + b"\r\nHost: " + word.encode() + b"\r\n\r\n")
        connection.sock.recv(4096)
    finally:
        connection.close()
