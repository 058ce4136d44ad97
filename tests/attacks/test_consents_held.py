"""Consents against those who would read, forge, or outlive them: other hats, other patients, other texts, copies."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator

import pytest
from made_pictures import jpeg

from patients_about import patients_of
from seifas.drill.stage import Browser, Stage

pytestmark = pytest.mark.slow

INK = "100.200.0-150.100.30-200.250.60_300.120.90-400.220.120"
SIGNED = {"signer": "Ona Bandomoji", "relation": "motina", "agreed": "yes", "signature": INK}


@pytest.fixture(scope="module")
def doctor(shared_stage: Stage) -> Iterator[Browser]:
    browser = shared_stage.sign_in("doctor1")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def booked(shared_stage: Stage) -> list[str]:
    """Patients of these days."""
    return patients_of(shared_stage, "doctor1")


def token_of(browser: Browser) -> str:
    found = re.search(rb'name="form" value="([0-9a-f]{64})"', browser.read("/desk/account").body)
    assert found is not None
    return found[1].decode()


def digest_of(browser: Browser, patient: str) -> str:
    page = browser.read(f"/desk/patient/{patient}/consents").body.decode()
    return re.findall(r"/consents/form/([0-9a-f]{64})", page)[0]


def documents(browser: Browser, patient: str) -> list[str]:
    page = browser.read(f"/desk/patient/{patient}/consents").body.decode()
    return re.findall(r"/consents/([0-9a-f]{32})/file", page)


def test_signed_kept_opened_withdrawn(doctor: Browser, booked: list[str], shared_stage: Stage) -> None:
    patient, form = booked[0], token_of(doctor)
    digest = digest_of(doctor, patient)
    before = documents(doctor, patient)
    answer = doctor.form(f"/desk/patient/{patient}/consents/form/{digest}/sign", {"form": form, **SIGNED})
    assert (answer.status, answer.headers["location"]) == (303, f"/desk/patient/{patient}/consents?signed")
    (paper,) = [one for one in documents(doctor, patient) if one not in before]
    file = doctor.read(f"/desk/patient/{patient}/consents/{paper}/file")
    assert file.body.startswith(b"%PDF")
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["cache-control"] == "no-store"
    # Of another patient's page it is not, nor for another hat, nor for nobody.
    assert doctor.read(f"/desk/patient/{booked[1]}/consents/{paper}/file").status == 404
    for account in ("reception1", "officer1", "administrator"):
        other = shared_stage.sign_in(account)
        assert other.read(f"/desk/patient/{patient}/consents/{paper}/file").status in (403, 404)
        assert other.read(f"/desk/patient/{patient}/consents").status in (403, 404)
        sent = other.form(f"/desk/patient/{patient}/consents/form/{digest}/sign", {"form": token_of(other), **SIGNED})
        assert sent.status in (403, 404)
        other.close()
    nobody = Browser(shared_stage.staff)
    assert nobody.read(f"/desk/patient/{patient}/consents/{paper}/file").status == 303
    nobody.close()
    for stored in shared_stage.data.rglob("*"):
        if stored.is_file() and not stored.is_socket():
            assert b"%PDF-1" not in stored.read_bytes(), stored


@pytest.mark.parametrize("changed", [
    {"form": "0" * 64}, {"agreed": ""}, {"signature": ""}, {"signature": "1.1.1"}, {"signer": " "},
    {"signature": "<svg/onload=alert(1)>"},
])  # fmt: skip
def test_what_is_not_signed_is_not_stored(doctor: Browser, booked: list[str], changed: dict[str, str]) -> None:
    patient, form = booked[0], token_of(doctor)
    before = documents(doctor, patient)
    fields = {"form": form, **SIGNED, **changed}
    answer = doctor.form(f"/desk/patient/{patient}/consents/form/{digest_of(doctor, patient)}/sign", fields)
    assert answer.status in (400, 403)
    assert b"<svg/onload" not in answer.body
    assert documents(doctor, patient) == before


def test_another_text_is_no_text(doctor: Browser, booked: list[str]) -> None:
    form = token_of(doctor)
    digest = digest_of(doctor, booked[0])
    for wrong in ("0" * 64, digest[:-1] + ("0" if digest[-1] != "0" else "1"), "x", digest.upper()):
        path = f"/desk/patient/{booked[0]}/consents/form/{wrong}"
        assert doctor.read(path).status == 404
        assert doctor.form(f"{path}/sign", {"form": form, **SIGNED}).status == 404
    # A treatment's form is none for photos, and the other way round.
    assert doctor.read(f"/desk/patient/{booked[0]}/consents/photos/{digest}").status == 404


def test_a_stranger_costs_a_reason(doctor: Browser, booked: list[str], shared_stage: Stage) -> None:
    digest = digest_of(doctor, booked[0])
    other = shared_stage.sign_in("doctor2")
    warm = set(patients_of(shared_stage, "doctor2"))
    cold = next(one for one in booked if one not in warm)
    page = other.read(f"/desk/patient/{cold}/consents")
    if page.status == 403:  # not warm to this doctor: nothing is shown without a reason
        assert b'name="reason"' in page.body
        assert b"/consents/form/" not in page.body
        sent = other.form(f"/desk/patient/{cold}/consents/form/{digest}/sign", {"form": token_of(other), **SIGNED})
        assert sent.status == 403
        assert INK.encode() in sent.body, "what was signed is sent again with the reason"
    other.close()


def scan(form: str, body: bytes, *, title: str = "Senas lapas", signed: str = "2020-01-02") -> tuple[bytes, str]:
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in (("form", form), ("title", title), ("signed", signed))]
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: text/html\r\n\r\n'
    return b"".join([*parts, head, body, b"\r\n--x--\r\n"]), "multipart/form-data; boundary=x"


def test_scans_are_kept_as_files_and_hostile_ones_refused(doctor: Browser, booked: list[str]) -> None:
    patient, form = booked[0], token_of(doctor)
    address = f"/desk/patient/{patient}/consents/paper"
    before = documents(doctor, patient)
    for wrong in (b"<html><script>alert(1)</script>", b"", b"GIF89a", b"<svg onload=x>", b"MZ\x90", b"%PD"):
        body, kind = scan(form, wrong)
        assert doctor.ask("POST", address, body, {"Content-Type": kind}).status == 400
    body, kind = scan("0" * 64, b"%PDF-1.4")
    assert doctor.ask("POST", address, body, {"Content-Type": kind}).status == 403
    body, kind = scan(form, b"%PDF-1.4", signed="2999-01-01")
    assert doctor.ask("POST", address, body, {"Content-Type": kind}).status == 400
    assert documents(doctor, patient) == before
    body, kind = scan(form, b"%PDF-1.4 <script>")
    assert doctor.ask("POST", address, body, {"Content-Type": kind}).status == 303
    (paper,) = [one for one in documents(doctor, patient) if one not in before]
    file = doctor.read(f"/desk/patient/{patient}/consents/{paper}/file")
    assert file.body == b"%PDF-1.4 <script>"
    assert file.headers["content-disposition"].startswith("attachment")
    assert "default-src 'none'" in file.headers["content-security-policy"]


def with_photo(doctor: Browser, patient: str) -> str:
    """The id of a photo that the patient has: of one that is put in now."""
    form, image = token_of(doctor), jpeg(800, 600)
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in (("form", form), ("area", "nose"), ("view", "front"))]
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = b"".join([*parts, head, image, b"\r\n--x--\r\n"])
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert doctor.ask("POST", f"/desk/patient/{patient}/photos/add", body, kind).status == 303
    page = doctor.read(f"/desk/patient/{patient}/photos").body.decode()
    return re.findall(r"/photos/([0-9a-f]{32})", page)[0]


def test_nothing_is_published_without_consent_and_a_gesture(doctor: Browser, booked: list[str]) -> None:
    patient = booked[0]
    photo = with_photo(doctor, patient)
    fields = {"form": token_of(doctor), "consent": "0" * 32, "photo": photo, "use": "publication"}
    assert doctor.form(f"/desk/patient/{patient}/consents/publish", fields).status == 404


def test_a_withdrawn_picture_is_gone_within_five_seconds(doctor: Browser, shared_stage: Stage) -> None:
    public = Browser(shared_stage.port)
    shown: list[str] = []
    deadline = time.monotonic() + 60
    while not shown and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            shown = re.findall(r'src="(/gallery/[0-9a-f]{32})"', public.read("/lt/gallery").body.decode())
        time.sleep(0.5)
    assert shown, "the demo publishes some"
    page = public.read("/en/gallery")
    assert "noimageindex" in page.headers["x-robots-tag"]
    assert "no-store" in page.headers["cache-control"]
    assert not re.search(rb"/desk/|[Pp]atient/|Media", page.body)
    picture = public.read(shown[0])
    assert picture.status == 200
    assert picture.headers["cache-control"] == "no-store"
    assert b"Exif" not in picture.body[:200]
    # When the keeper says nothing, nobody knows what may be shown, and so nothing is.
    with shared_stage.admin() as admin:
        admin.call("admin.lock")
    began = asked = time.monotonic()
    while public.read(shown[0]).status == 200:
        assert asked - began < 5.5, "it was still shown to somebody who asked so late"
        time.sleep(0.1)
        asked = time.monotonic()
    assert b"<img" not in public.read("/lt/gallery").body
    assert public.read("/lt/services").status == 200
    public.close()
