"""Who may say to the front that somebody was let in: the applications, and only after the keeper took a session."""

from __future__ import annotations

import json
import os
import socket

import pytest

from seifas import hardening
from seifas.drill.stage import Browser, Stage

pytestmark = pytest.mark.slow

NOBODY = "A" * 43
BUNDLE = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": []})
FHIR = {"Content-Type": "application/fhir+json"}


def asked(port: int, method: str, path: str, body: str | None = None, **headers: str) -> Browser:
    browser = Browser(port)
    try:
        answer = browser.ask(method, path, body, headers)
    finally:
        browser.close()
    assert [name for name in answer.headers if name.startswith("seifas-")] == [], path
    return browser


@pytest.mark.parametrize("headers", [
    {"Cookie": f"seifas={NOBODY}"}, {"Authorization": f"Bearer {NOBODY}"},
    {"Cookie": f"seifas={NOBODY}; seifas_capture={NOBODY}", "Seifas-Lane": "staff"},
    {"Seifas-Lane": "staff", "Seifas-Token": NOBODY}, {},
])  # fmt: skip
def test_nobody_gets_a_lane_without_a_session(shared_stage: Stage, headers: dict[str, str]) -> None:
    ident = os.urandom(16).hex()
    ours = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    for method, path, body, more in (
        ("GET", "/desk", None, {}), ("GET", "/desk/account", None, {}), ("GET", f"/desk/patient/{ident}", None, {}),
        ("POST", "/auth/sign-out", f"form={'0' * 64}", ours), ("GET", "/auth/sign-in", None, {}),
        ("GET", "/fhir/metadata", None, {}), ("GET", f"/fhir/Patient/{ident}", None, {}),
        ("GET", "/fhir/Patient/x", None, {}), ("GET", "/fhir/Patient?_id=x", None, {}),
        ("GET", "/fhir/Patient?family=x", None, {}), ("GET", f"/fhir/Patient/{ident}/$everything", None, {}),
        ("POST", "/fhir", BUNDLE, FHIR), ("POST", "/fhir/Patient", '{"resourceType":"Patient"}', FHIR),
        ("POST", "/auth/token", "grant_type=client_credentials", ours), ("POST", "/capture/who", "", ours),
        ("GET", f"/auth/link/{NOBODY}", None, {}), ("GET", "/language?to=en", None, {}), ("GET", "/health", None, {}),
    ):
        assert asked(shared_stage.staff, method, path, body, **{**more, **headers}).lane == "", path
    patients = {name: value.replace("seifas=", "my=") for name, value in headers.items()}
    for path in ("/", "/lt/", "/my", "/my/record", "/my/account", "/auth", f"/my/photo/{ident}/screen"):
        assert asked(shared_stage.port, "GET", path, **patients).lane == "", path


def test_staff_and_programs_get_theirs_and_the_words_for_it_stay_inside(shared_stage: Stage) -> None:
    doctor = shared_stage.sign_in("doctor1")
    answer = doctor.ask("GET", "/desk")
    assert doctor.lane.startswith("seifas_lane=1.staff.")
    assert [name for name in answer.headers if name.startswith("seifas-")] == []
    again = Browser(shared_stage.staff)
    again.cookie = doctor.cookie
    assert again.ask("GET", "/desk").status == 200
    assert again.lane not in ("", doctor.lane), "a browser that lost it is given another"
    again.close()
    program = shared_stage.program(10)
    answer = program.ask("GET", "/fhir/metadata")
    assert [name for name in answer.headers if name.startswith("seifas-")] == []
    assert program.lane == "", "a program is known by its token, and keeps no cookie"


def test_an_address_that_a_visitor_tells_is_not_believed(shared_stage: Stage) -> None:
    """/metrics is for this machine: it would be gone for whoever says that they come from elsewhere."""
    for name in ("Seifas-Address", "seifas-address", "X-Forwarded-For", "Forwarded", "X-Real-IP"):
        browser = Browser(shared_stage.staff)
        assert browser.ask("GET", "/metrics", headers={name: "203.0.113.9"}).status == 200, name
        browser.close()


def test_only_the_front_may_knock_at_the_applications(shared_stage: Stage) -> None:
    run = shared_stage.data / "run"
    separated = (run / "desk").stat().st_uid != os.geteuid()
    for program in ("desk", "public", "portal"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(60)
            knocking.connect(str(run / program / f"{program}-http.sock"))
            try:
                knocking.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nSeifas-Address: 127.0.0.1\r\n\r\n")
                answered = knocking.recv(100)
            except ConnectionError:
                answered = b""
        assert bool(answered) is not separated, program


def test_the_public_process_does_not_reach_the_patients_pages(shared_stage: Stage) -> None:
    """What is broken into at the site's own pages finds the portal's socket shut, as everybody but the front does."""
    place = shared_stage.data / "run" / "portal" / "portal-http.sock"
    public, portal = (shared_stage.data / "run" / name for name in ("public", "portal"))
    separated = portal.stat().st_uid != os.geteuid()
    child = os.fork()
    if child == 0:
        status = 2
        try:
            if separated:
                hardening.become(public.stat().st_uid)
            with socket.socket(socket.AF_UNIX) as knocking:
                knocking.settimeout(60)
                knocking.connect(str(place))
                knocking.sendall(b"GET /my HTTP/1.1\r\nHost: x\r\n\r\n")
                status = 1 if knocking.recv(10) else 0
        except ConnectionError:
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (0 if separated else 1)
