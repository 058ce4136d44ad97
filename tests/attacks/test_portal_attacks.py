"""Getting round the portal: other patients and sessions, guesses, forged addresses, foreign forms, smuggling."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_visitors import OURS, Mailbox, Visitor

from seifas import settings as settings_module
from seifas.drill.stage import Stage
from seifas.errors import Invalid, SeifasError, SignIn
from seifas.keeper.client import BlockingClient
from seifas.keeper.door import OPS
from seifas.web.portal.app import ROUTES

DOORS = {"portal.about", "portal.enter", "portal.mail_begin", "portal.mail_finish", "portal.passkey_begin",
         "portal.passkey_finish"}


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def clinic(places: Path, small_clinic: Path, mailbox: Mailbox) -> Iterator[Stage]:
    made = Stage(places / f"portal-{os.urandom(6).hex()}")
    made.copy_from(small_clinic)
    settings = settings_module.load(made.data)
    mail = settings_module.Alarms(smtp_host="127.0.0.1", smtp_port=mailbox.server_address[1])
    settings_module.write(made.data, settings_module.replaced(settings, alarms=mail))
    made.start()
    give_up = time.monotonic() + 60
    while not _there(made):
        assert time.monotonic() < give_up
        time.sleep(0.1)
    yield made
    made.remove()


def _there(clinic: Stage) -> bool:
    with contextlib.suppress(OSError):
        return bool(Visitor(clinic.port).ask("GET", "/my")[0] == 200)
    return False


def invited(clinic: Stage) -> list[dict[str, Any]]:
    with clinic.admin() as admin:
        return list(admin.call("admin.portal_demo"))


def entered(clinic: Stage, invitation: dict[str, Any]) -> Visitor:
    visitor = Visitor(clinic.port)
    status, headers, _ = visitor.submit("/my/enter", code=invitation["code"], birth=invitation["birth"])
    assert status == 303
    assert headers["location"] in ("/my", "/my/account")
    return visitor


@contextlib.contextmanager
def speaking_as(clinic: Stage, name: str) -> Iterator[BlockingClient]:
    """A role's socket, as its own user has it: who connects is what the keeper looks at."""
    first, role = settings_module.load(clinic.data).separation.first_uid, ("keeper", "desk", "public", "jobs", "portal")
    with BlockingClient(clinic.data / "run" / f"{name}.sock") as client:
        if os.geteuid() == 0:
            os.seteuid(first + role.index(name))
        try:
            with contextlib.suppress(SeifasError):
                client.call("nothing")
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
        yield client


@pytest.fixture
def two(clinic: Stage) -> tuple[Visitor, Visitor]:
    first, second = invited(clinic)
    return entered(clinic, first), entered(clinic, second)


# -- the keeper's own door


def test_a_portal_process_has_portal_ops_and_none_takes_a_patient() -> None:
    # What the clinic tells everybody of itself is open to every web process.
    open_to = {name: op for name, op in OPS.table.items() if "portal" in op.roles and name != "clinic.public"}
    assert len(open_to) > 25
    assert all(name.startswith("portal.") for name in open_to)
    for name, op in open_to.items():
        assert op.roles == {"portal"}, name
        assert not op.while_locked
        fields = str(op.decoder.type.__struct_fields__)
        assert "patient" not in fields
        assert ("session" in fields) is (name not in DOORS)


def test_no_portal_op_takes_a_staff_session_and_no_desk_op_a_portal_session(clinic: Stage, two: Any) -> None:
    staff = clinic.sign_in("doctor1").cookie.partition("=")[2]
    filled = {"id": bytes(16), "photo": bytes(16), "account": bytes(16), "index": 1, "text": "labas", "kind": "access",
              "form": "pdf", "rendition": "blur", "mail": "a@b.lt", "address": "127.0.0.1", "handle": "x" * 22,
              "credential": "{}", "code": "123456"}
    with speaking_as(clinic, "portal") as portal:
        for name, op in OPS.table.items():
            if op.roles != {"portal"} or name in DOORS:
                continue
            fields = {one: filled[one] for one in op.decoder.type.__struct_fields__ if one in filled}
            for token in (staff, "x" * 43, "", "ą" * 43, "\x00" * 43):
                with pytest.raises(SignIn):
                    portal.call(name, session=token, **fields)
        for name in ("record.read", "session.who", "patient.search", "admin.login_link", "outbox.due", "photo.open",
                     "portal.invite", "portal.requests", "portal.mail_due", "case.withhold"):
            with pytest.raises(Invalid):
                portal.call(name, session=staff)
    with speaking_as(clinic, "desk") as desk:
        for name in ("session.who", "passkey.list", "portal.requests", "portal.threads"):
            with pytest.raises(SignIn):
                desk.call(name, session=two[0].token)
        for name in ("portal.record", "portal.enter", "portal.opened"):
            with pytest.raises(Invalid):
                desk.call(name, session=two[0].token)


def test_the_portals_socket_is_for_its_user(clinic: Stage) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(clinic.data / "run" / "portal-http.sock"))
        line.settimeout(5)
        got = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(b"GET /my HTTP/1.1\r\nhost: x\r\nseifas-address: 10.0.0.1\r\n\r\n")
            got = line.recv(100)
    # Root is not the public process's user; where all run as one user, that user is let in.
    assert got == b"" if os.geteuid() == 0 else got.startswith(b"HTTP/1.1 200")


# -- other patients


def test_nothing_of_another_patient_through_any_page(clinic: Stage, two: tuple[Visitor, Visitor]) -> None:
    one, other = two
    page = other.ask("GET", "/my/appointments")[2].decode()
    appointment = re.findall(r"/my/appointments/([0-9a-f]{32})", page)
    lines = re.findall(r"/my/opened/(\d+)/proof", other.ask("GET", "/my/opened?own=1")[2].decode())
    sessions = re.findall(r'name="id" value="([0-9a-f]{32})"', other.ask("GET", "/my/account")[2].decode())
    assert appointment
    assert lines
    for line in lines:
        assert one.ask("GET", f"/my/opened/{line}/proof")[0] == 404
        assert other.ask("GET", f"/my/opened/{line}/proof")[0] == 200
    for ident in appointment:
        assert one.act(f"/my/appointments/{ident}", do="confirm")[0] == 404
        assert one.act(f"/my/appointments/{ident}", do="cancel")[0] == 404
    for ident in [*sessions, os.urandom(16).hex(), "x", ""]:
        assert one.act("/my/account", do="end", id=ident)[0] == 404
        assert one.act("/my/account", do="key-remove", id=ident)[0] == 404
        assert one.act("/my/behalf", account=ident)[0] == 404
    unknown = os.urandom(16).hex()
    for path in (f"/my/photo/{unknown}/screen", f"/my/photo/{unknown}/full", f"/my/photos/{unknown}",
                 "/my/photo/../screen", "/my/opened/-1/proof", "/my/opened/1e3/proof", "/my/opened/٣/proof",
                 "/my/nothing", "/my/record/x"):
        assert one.ask("GET", urllib.parse.quote(path))[0] in (400, 404), path
    assert one.act(f"/my/consents/{unknown}/withdraw")[0] == 404
    assert other.ask("GET", "/my/record")[0] == 200


# -- sessions, forms, frames


def test_without_a_session_every_page_is_the_door(clinic: Stage) -> None:
    for method, pattern in [(method, route.pattern) for route in ROUTES for method in route.methods.split()]:
        path = re.sub(r"\{(\w+)\}", lambda name: {"rendition": "blur", "form": "pdf"}.get(name[1], "0" * 32), pattern)
        path = path.replace("/my/opened/" + "0" * 32, "/my/opened/7")
        for cookie in ("", "my=" + "x" * 43, "my=", "seifas=" + "x" * 43):
            visitor = Visitor(clinic.port)
            visitor.cookie = cookie
            status, headers, body = visitor.ask(method, path, "a=b" if method == "POST" else None, **OURS)
            signing_in = pattern in ("/my/enter", "/my/code", "/my/code/check") or "/passkey/" in pattern
            assert status in ((400, 401, 403, 413, 200) if signing_in else (303, 403)), (path, status)
            if status == 303:
                assert headers["location"] in ("/my", "/my?out")
                assert body == b""


def test_a_staff_session_is_no_portal_session_and_the_other_way_round(clinic: Stage, two: Any) -> None:
    staff = clinic.sign_in("doctor1")
    visitor = Visitor(clinic.port)
    visitor.cookie = f"my={staff.cookie.partition('=')[2]}"
    assert visitor.ask("GET", "/my/record")[0] == 303
    desk = clinic.browser()
    desk.cookie = f"seifas={two[0].token}"
    assert desk.ask("GET", "/desk").status == 303
    bearer = {"Authorization": f"Bearer {two[0].token}"}
    assert desk.ask("GET", f"/fhir/Patient/{'0' * 32}", headers=bearer).status == 401


def test_forms_of_other_pages_and_sessions_do_nothing(clinic: Stage, two: tuple[Visitor, Visitor]) -> None:
    one, other = two
    theirs, own = other.form(), one.form()
    posts = [route.pattern.replace("{form}", "pdf") for route in ROUTES if "POST" in route.methods]
    for pattern in posts:
        path = re.sub(r"\{\w+\}", "0" * 32, pattern)
        elsewhere = {**OURS, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        body = urllib.parse.urlencode({"form": own, "kind": "access", "do": "end", "text": "labas"})
        assert one.ask("POST", path, body, **elsewhere)[0] == 403, path
        assert one.ask("POST", path, body, **{**OURS, "Sec-Fetch-Site": "same-site"})[0] == 403, path
        if pattern in ("/my/enter", "/my/code", "/my/code/check") or "/passkey/" in pattern:
            continue
        for form in ("", theirs, "0" * 64):
            assert one.submit(path, form=form, kind="access", do="end", text="labas")[0] == 403, path
    assert one.ask("GET", "/my/record")[0] == 200, "still signed in: nobody was signed out either"


def test_no_cookie_from_before_becomes_a_session(clinic: Stage) -> None:
    invitation = invited(clinic)[0]
    fixed = "f" * 43
    visitor = Visitor(clinic.port)
    visitor.cookie = f"my={fixed}"
    visitor.submit("/my/enter", code=invitation["code"], birth=invitation["birth"])
    assert visitor.token not in ("", fixed)
    attacker = Visitor(clinic.port)
    attacker.cookie = f"my={fixed}"
    assert attacker.ask("GET", "/my/record")[0] == 303


def test_every_answer_is_kept_by_nobody_framed_by_nobody_and_tells_no_referrer(clinic: Stage, two: Any) -> None:
    for visitor in (two[1], Visitor(clinic.port)):
        for path in ("/my", "/my/record", "/my/opened", "/my/account", "/my/export", "/my/nothing", "/auth"):
            _, headers, body = visitor.ask("GET", path)
            assert headers["cache-control"] == "no-store"
            assert headers["x-frame-options"] == "DENY"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["referrer-policy"] == "no-referrer"
            assert "'unsafe" not in headers["content-security-policy"]
            title = re.search(rb"<title>([^<]*)</title>", body)
            assert title is None or title[1] == b"My page", "a history says nothing of a clinic"


def test_after_signing_out_there_is_nothing(clinic: Stage) -> None:
    visitor = entered(clinic, invited(clinic)[0])
    token, form = visitor.cookie, visitor.form()
    status, headers, _ = visitor.submit("/my/out", form=form)
    assert (status, headers["location"]) == (303, "/my?out")
    assert headers["clear-site-data"] == '"cache"'
    assert "Max-Age=0" in headers["set-cookie"]
    visitor.cookie = token
    assert visitor.ask("GET", "/my/record")[0] == 303


def test_the_switch_of_languages_leads_back_to_the_portal(clinic: Stage) -> None:
    visitor = Visitor(clinic.port)
    for status, _, body in (visitor.ask("GET", "/my"), visitor.submit("/my/code/check", handle="x" * 22, code="1")):
        assert status in (200, 401)
        assert set(re.findall(rb'name="back" value="([^"]*)"', body)) == {b"/my"}


# -- guessing and finding out


def test_an_address_that_is_told_by_the_visitor_changes_no_brake(clinic: Stage) -> None:
    statuses: list[int] = []
    for number in range(40):  # after the first ten each wrong one doubles the wait: it comes, however slow we are
        if 429 in statuses:
            break
        visitor = Visitor(clinic.port, **{"Seifas-Address": f"10.{number}.0.1", "X-Forwarded-For": f"10.{number}.0.1",
                                          "Forwarded": f"for=10.{number}.0.1"})
        statuses.append(visitor.submit("/my/enter", code="AAAAA-AAAAA", birth="1980-01-01")[0])
    assert statuses[-1] == 429
    assert statuses[0] == 401
    # Whoever has a code gets in once the brake lets go, and with that the network of this whole module is free again.
    invitation, give_up = invited(clinic)[0], time.monotonic() + 60
    while True:
        status, *_ = Visitor(clinic.port).submit("/my/enter", code=invitation["code"], birth=invitation["birth"])
        if status == 303:
            break
        assert status == 429
        assert time.monotonic() < give_up
        time.sleep(0.5)


def test_known_and_unknown_addresses_get_one_answer_and_one_of_them_a_letter(clinic: Stage, mailbox: Mailbox) -> None:
    visitor = entered(clinic, invited(clinic)[1])
    begun = visitor.act("/my/account", do="address", mail="ona@example.lt")
    assert begun[0] == 200
    code, handle = _code(mailbox, "ona@example.lt"), re.search(rb'name="handle" value="([^"]+)"', begun[2])
    assert handle is not None
    done = visitor.act("/my/account", do="address-code", handle=handle[1].decode(), code=code)
    assert done[0] == 303
    answers = {}
    for mail in ("ona@example.lt", "eva@example.lt"):
        status, headers, body = Visitor(clinic.port).submit("/my/code", mail=mail)
        handle = re.search(rb'name="handle" value="([^"]+)"', body)
        assert handle is not None
        answers[mail] = (status, sorted(headers), len(body), body.replace(handle[1], b""))
    assert answers["ona@example.lt"] == answers["eva@example.lt"]
    letter = _letter(mailbox, "ona@example.lt")
    assert not re.search(r"(?i)klinik|clinic|seifas|gydy|patient|pacient", letter.partition("Subject")[2])
    assert "eva@example.lt" not in str(mailbox.letters)


def _letter(mailbox: Mailbox, to: str) -> str:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        for letter in list(mailbox.letters):
            if f"To: {to}" in letter:
                mailbox.letters.remove(letter)
                return letter
        time.sleep(0.1)
    raise AssertionError("no letter came")


def _code(mailbox: Mailbox, to: str) -> str:
    text = _letter(mailbox, to)
    found = re.search(r"\b(\d{6})\b", text.partition("\n\n")[2]) or re.search(r"=3A?\s?(\d{6})|(\d{6})", text)
    assert found is not None, text
    return found[1] or found[2]


# -- smuggling


@pytest.mark.parametrize("head", [
    b"POST /my/enter HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /my/enter HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n",
    b"POST /my/enter HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /my/enter HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"POST /my/enter HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n",
    b"GET /my HTTP/1.1\r\nHost: x\r\nseifas-address: 10.0.0.1\r\n seifas-address: 1.1.1.1\r\n\r\n",
    b"GET /my HTTP/1.1\nHost: x\nX: y\r\r\n\r\n",
])
def test_a_second_request_does_not_ride_in_the_first(clinic: Stage, two: Any, head: bytes) -> None:
    hidden = b"GET /my/record HTTP/1.1\r\nHost: x\r\nX: "
    with socket.create_connection(("127.0.0.1", clinic.port), timeout=3) as line:
        line.sendall(head + hidden)
        got = b""
        try:
            while data := line.recv(65536):
                got += data
        except TimeoutError:
            pass
    assert b"My record" not in got
    assert b"Mano \xc4\xaf" not in got.partition(b"</title>")[2] or b"/my/enter" in got
    # The portal still gives each visitor their own page and nobody an answer that was left on the line.
    assert two[1].ask("GET", "/my/account")[0] == 200
    assert Visitor(clinic.port).ask("GET", "/my")[0] == 200
