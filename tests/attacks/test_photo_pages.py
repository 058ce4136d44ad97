"""Attacks on the pages of photos: other people's sessions, patients and uploads, forged forms, what could be logged."""

import io
import os
import re
import uuid
from collections.abc import Iterator

import pytest
from darkroom_stage import Desk
from made_pictures import jpeg
from photo_person import HERE, JSON, Person, let_in
from PIL import Image

from seifas.drill.stage import Stage
from seifas.web.desk.app import ROUTES
from seifas.web.desk.photos.pictures import RENDITIONS
from seifas.web.routing import served

pytestmark = pytest.mark.slow

PHOTO_ROUTES = [(method, pattern) for method, pattern in served(ROUTES)
                if "/photo" in pattern or pattern.startswith("/capture")]


@pytest.fixture(scope="module")
def doctor(shared_stage: Stage) -> Iterator[Person]:
    with Person(shared_stage, "doctor1") as person:
        yield person


@pytest.fixture(scope="module")
def colleague(shared_stage: Stage) -> Iterator[Person]:
    with Person(shared_stage, "doctor2") as person:
        yield person


@pytest.fixture(scope="module")
def patients(doctor: Person) -> list[str]:
    return doctor.warm()[:2]


@pytest.fixture(scope="module")
def photo(doctor: Person, patients: list[str]) -> str:
    return doctor.upload(patients[0], jpeg(640, 480, seed=3), area="face", view="front")


@pytest.fixture(scope="module")
def officer(shared_stage: Stage) -> Iterator[Desk]:
    with Desk(shared_stage, "officer1") as desk:
        yield desk


def filled(pattern: str, patient: str, photo: str, rendition: str = "screen") -> str:
    return pattern.replace("{patient}", patient).replace("{photo}", photo).replace("{rendition}", rendition)


def shown(officer: Desk, patient: str) -> list[dict]:
    return list(officer.ask("audit.list", patient=bytes.fromhex(patient), actions=("photo-shown",), count=500))


def is_picture(body: bytes) -> bool:
    try:
        Image.open(io.BytesIO(body)).verify()
    except Exception:
        return b"\xff\xd8\xff" in body or b"data:image/jpeg" in body
    return True


# -- every way on which a picture leaves is marked and written down


def test_the_searcher_sees_pictures() -> None:
    assert is_picture(jpeg(40, 30))
    assert is_picture(bytes(20) + jpeg(40, 30))
    assert not is_picture(b"<html></html>")


@pytest.mark.parametrize("pattern", sorted({pattern for method, pattern in served(ROUTES) if method == "GET"}))
def test_no_get_answers_a_picture_but_the_one_that_is_written_down(
    doctor: Person, officer: Desk, patients: list[str], photo: str, pattern: str
) -> None:
    path = re.sub(r"{\w+}", photo, filled(pattern, patients[0], photo))
    before = shown(officer, patients[0])
    answer = doctor.get(path, headers={"Accept": "text/html"})
    lines = shown(officer, patients[0])[: len(shown(officer, patients[0])) - len(before)]
    if pattern != "/desk/photo/{photo}/{rendition}":
        assert not is_picture(answer.content), pattern
        assert not answer.headers.get("content-type", "").startswith("image/")
        return
    assert answer.headers["content-type"] == "image/jpeg"
    assert len(lines) == 1
    assert (lines[0]["objects"], lines[0]["note"]) == (2, "screen"), "the photo and the view that its mark is of"


@pytest.mark.parametrize("rendition", sorted(RENDITIONS))
def test_each_look_has_its_own_line_and_its_own_mark(
    doctor: Person, officer: Desk, patients: list[str], photo: str, rendition: str
) -> None:
    before = len(shown(officer, patients[0]))
    looks = {doctor.get(f"/desk/photo/{photo}/{rendition}").content for _ in range(2)}
    assert len(looks) == 2, "the same bytes twice would be without a mark of the view"
    assert len(shown(officer, patients[0])) == before + 2


def test_pictures_in_frames_have_their_line_too(
    doctor: Person, officer: Desk, patients: list[str], photo: str
) -> None:
    other = doctor.upload(patients[0], jpeg(640, 480, seed=4))
    at = f"/desk/patient/{patients[0]}/photos"
    before = len(shown(officer, patients[0]))
    for expected, path, fields in (
        (1, "look", {"photos": f"{photo},{other}", "rendition": "thumb"}), (2, "align", {"a": photo, "b": other})
    ):
        answers = [doctor.script(f"{at}/{path}", **fields).content for _ in range(2)]
        assert answers[0] != answers[1]
        after = len(shown(officer, patients[0]))
        assert after == before + 2 * expected
        before = after


def test_heads_and_originals_are_not_there(doctor: Person, photo: str) -> None:
    assert doctor.head(f"/desk/photo/{photo}/screen").status_code == 404
    for rendition in ("original", "published", "SCREEN", "screen%00", "..%2fscreen", "screen%0d%0aX-Evil:%201", "1"):
        answer = doctor.get(f"/desk/photo/{photo}/{rendition}")
        assert answer.status_code in (400, 404), rendition
        assert "x-evil" not in answer.headers
        assert not is_picture(answer.content)


# -- somebody else


def test_nobody_without_a_session(shared_stage: Stage, patients: list[str], photo: str) -> None:
    with Person(shared_stage) as stranger:
        for method, pattern in PHOTO_ROUTES:
            if pattern == "/capture":
                continue
            answer = stranger.request(method, filled(pattern, patients[0], photo), headers=HERE)
            assert answer.status_code in (303, 400, 401, 403, 415), (method, pattern, answer.status_code)
            assert answer.headers.get("location", "/auth/sign-in").startswith("/auth/sign-in")
            assert not is_picture(answer.content)


@pytest.mark.parametrize("account", ["reception1", "officer1", "administrator"])
def test_hats_that_see_no_photos(shared_stage: Stage, patients: list[str], photo: str, account: str) -> None:
    with Person(shared_stage, account) as person:
        for method, pattern in PHOTO_ROUTES:
            if pattern.startswith("/capture"):
                continue
            path = filled(pattern, patients[0], photo)
            fields = {"form": person.form_token(), "size": "100", "photos": photo, "rendition": "blur", "a": photo,
                      "b": "0" * 32, "expect": "1"}
            answer = person.request(method, path, headers=HERE, data=fields if method == "POST" else None)
            assert answer.status_code in (400, 403, 404, 415), (method, pattern, answer.status_code)
            assert not is_picture(answer.content)
            assert "data-photo" not in answer.text


def test_a_patients_photo_under_another_patients_address(
    doctor: Person, patients: list[str], photo: str
) -> None:
    other = patients[1]
    mine = doctor.upload(other, jpeg(320, 240, seed=8))
    at = f"/desk/patient/{other}/photos"
    assert doctor.get(f"{at}/{photo}").status_code == 404
    assert doctor.get(f"{at}/compare?a={photo}&b={mine}").status_code == 404
    for photos in (photo, f"{mine},{photo}"):
        answer = doctor.script(f"{at}/look", photos=photos, rendition="thumb")
        assert answer.status_code == 404
        assert not is_picture(answer.content)
    assert doctor.submit(f"{at}/phone", ghost=photo).status_code == 404


def test_unknown_and_strange_ids_look_the_same(doctor: Person, patients: list[str]) -> None:
    unknown = os.urandom(16).hex()
    assert doctor.get(f"/desk/photo/{unknown}/screen").status_code == 404
    assert doctor.get(f"/desk/patient/{patients[0]}/photos/{unknown}").status_code == 404
    for strange in ("%2e%2e", "..;", "a" * 31, "A" * 32, "a" * 33, str(uuid.uuid4()), "%00" * 16, "a" * 4000):
        assert doctor.get(f"/desk/photo/{strange}/screen").status_code in (400, 404)
        assert doctor.get(f"/desk/patient/{patients[0]}/photos/{strange}").status_code in (400, 404)
    for query in ("a=1&b=2", "a=%0d%0aX:1&b=", "deleted=../../x", "a" * 3000, "%ff=%ff"):
        assert doctor.get(f"/desk/patient/{patients[0]}/photos/compare?{query}").status_code == 400
    for query in ("deleted=%3Cscript%3E", "deleted=../../x"):
        answer = doctor.get(f"/desk/patient/{patients[0]}/photos?{query}")
        assert answer.status_code == 400
        assert "<script>" not in answer.text


def test_a_cold_patients_photo_needs_a_reason(shared_stage: Stage, doctor: Person) -> None:
    warm = set(doctor.warm())
    with Person(shared_stage, "doctor5") as stranger:
        warm |= set(stranger.warm())
        cold = next(one for one in (_patient(number) for number in range(299, 0, -1)) if one not in warm and
                    stranger.get(f"/desk/patient/{one}/photos").status_code == 403)
        begun = stranger.script(f"/desk/patient/{cold}/photos/begin", size="100")
        assert (begun.status_code, begun.json()["code"]) == (403, "reason-needed")
        looked = stranger.script(f"/desk/patient/{cold}/photos/look", photos=os.urandom(16).hex(), rendition="blur")
        assert looked.status_code in (403, 404)
        opened = stranger.submit(f"/desk/patient/{cold}/photos", reason="visit")
        assert opened.status_code == 200
        assert stranger.script(f"/desk/patient/{cold}/photos/begin", size="100").status_code == 200


def _patient(number: int) -> str:
    from seifas.demo.schedule import patient_id

    return patient_id(1, number)


# -- forms and uploads of others


def test_no_form_of_another_site_or_session(
    doctor: Person, colleague: Person, patients: list[str], photo: str
) -> None:
    theirs = colleague.form_token()
    for method, pattern in PHOTO_ROUTES:
        if method != "POST" or pattern.startswith("/capture") or pattern == "/desk/photos/finish":
            continue
        path = filled(pattern, patients[0], photo)
        fields = {"size": "100", "photos": photo, "rendition": "blur", "a": photo, "b": "0" * 32, "expect": "1"}
        body = {"files": {"file": ("a.jpg", jpeg(40, 30))}} if pattern.endswith("/add") else {}
        for form, headers in (
            ({}, HERE), ({"form": theirs}, HERE), ({"form": "0" * 64}, HERE), ({"form": "ą"}, HERE),
            ({"form": doctor.form_token()}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}),
            ({"form": doctor.form_token()}, {"Origin": "null", "Sec-Fetch-Site": "same-site"}),
        ):
            answer = doctor.post(path, data={**fields, **form}, headers=headers, **body)
            assert answer.status_code == 403, (pattern, form.keys(), headers)
            assert not is_picture(answer.content)
    assert doctor.get(f"/desk/patient/{patients[0]}/photos/{photo}").status_code == 200, "nothing was deleted"


def test_another_sessions_upload_is_not_reached(
    doctor: Person, colleague: Person, patients: list[str]
) -> None:
    taken = jpeg(300, 200)
    handle = doctor.begin(patients[0], len(taken))
    grant, proof = handle.split(".")
    for stolen in (handle, grant, f"{grant}.{'0' * 64}", f"{'0' * 64}.{proof}", ".", "a" * 5000):
        assert colleague.part(stolen, 0, taken, len(taken)).status_code == 403
        assert colleague.script("/desk/photos/finish", stolen).status_code == 403
        assert colleague.get("/desk/photos/upload", headers={**JSON, "Seifas-Upload": stolen}).status_code == 403
        assert colleague.delete("/desk/photos/upload", headers={**JSON, "Seifas-Upload": stolen}).status_code == 403
    evil = {"Seifas-Upload": handle, "Content-Range": f"bytes 0-{len(taken) - 1}/{len(taken)}",
            "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert doctor.put("/desk/photos/upload", content=taken, headers=evil).status_code == 403
    assert doctor.part(handle, 0, taken, len(taken)).status_code == 200, "its own session goes on"
    kept, again = (doctor.script("/desk/photos/finish", handle) for _ in range(2))
    assert (kept.status_code, again.status_code) == (200, 200)
    assert kept.json() == again.json(), "a lost answer is given again, and nothing is kept twice"
    assert colleague.script("/desk/photos/finish", handle).status_code == 403


@pytest.mark.parametrize("told", [
    "", "bytes", "bytes 0-9", "bytes 0-9/*", "bytes 9-0/10", "bytes 0-1048576/2000000", "bytes 0-9/9", "bytes -1-9/10",
    "bytes 0-9/99999999999", "items 0-9/10", "bytes 0-9/10, bytes 0-9/10", "bytes ١-9/10",
])
def test_ranges_that_cannot_be(doctor: Person, patients: list[str], told: str) -> None:
    handle = doctor.begin(patients[0], 10)
    headers = {**JSON, "Seifas-Upload": handle, "Content-Range": told.encode()}
    answer = doctor.put("/desk/photos/upload", content=b"x" * 10, headers=headers)
    assert (answer.status_code, answer.json()["where"]) == (400, "range")


def test_a_part_is_as_long_as_it_says_and_no_longer_than_a_part(doctor: Person, patients: list[str]) -> None:
    handle = doctor.begin(patients[0], 3_000_000)
    headers = {**JSON, "Seifas-Upload": handle, "Content-Range": "bytes 0-9/3000000"}
    assert doctor.put("/desk/photos/upload", content=b"x" * 11, headers=headers).status_code == 400
    assert doctor.put("/desk/photos/upload", content=b"x" * 1_100_000, headers=headers).status_code == 413


# -- the telephone


def test_a_telephone_reaches_nothing_but_its_own(
    doctor: Person, shared_stage: Stage, patients: list[str], photo: str
) -> None:
    telephone, told, token = let_in(doctor, shared_stage, patients[0])
    cookie = telephone.cookies["seifas_capture"]
    (kept,) = [one for one in telephone.cookies.jar if one.name == "seifas_capture"]
    assert kept.path == "/capture"
    assert kept.has_nonstandard_attr("HttpOnly")
    assert kept.get_nonstandard_attr("SameSite") == "Strict"
    # Its token as a person's: nothing opens. A person's as its own: likewise.
    with Person(shared_stage) as thief:
        thief.cookies.set("seifas", cookie)
        for path in ("/desk", f"/desk/patient/{patients[0]}", f"/desk/patient/{patients[0]}/photos",
                     f"/desk/photo/{photo}/thumb", "/fhir/Patient/" + patients[0], "/desk/account"):
            answer = thief.get(path)
            assert answer.status_code in (303, 401), path
            assert not is_picture(answer.content)
    with Person(shared_stage) as mixed:
        mixed.cookies.set("seifas_capture", doctor.session)
        form = {"form": doctor.form_token(), "size": "100"}
        for path in ("/capture/begin", "/capture/who", "/capture/ghost"):
            assert mixed.post(path, data=form, headers=JSON).status_code in (401, 403), path
    # The staff's cookie alone is not looked at there.
    assert doctor.post("/capture/who", data={"form": doctor.form_token()}, headers=JSON).status_code == 401
    # No earlier picture was chosen, so none is to be had; another code's token is spent.
    assert telephone.post("/capture/ghost", data={"form": told["form"]}, headers=JSON).status_code == 404
    again = telephone.post("/capture/redeem", data={"token": token}, headers=JSON)
    assert again.status_code == 404
    # Its form token is its own, its uploads are not the desk's.
    assert telephone.post("/capture/begin", data={"form": doctor.form_token(), "size": "9"},
                          headers=JSON).status_code == 403
    evil = {**JSON, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert telephone.post("/capture/begin", data={"form": told["form"], "size": "9"}, headers=evil).status_code == 403
    begun = telephone.post("/capture/begin", data={"form": told["form"], "size": "100"}, headers=JSON).json()
    assert "photo" not in begun
    assert telephone.part(begun["handle"], 0, b"x" * 100, 100, "/desk/photos/upload").status_code in (303, 401)
    assert doctor.part(begun["handle"], 0, b"x" * 100, 100).status_code == 403
    telephone.close()


@pytest.mark.parametrize("token", ["", "a", "a" * 43, "a" * 5000, "ą" * 43, "../" * 14])
def test_codes_that_never_were(shared_stage: Stage, token: str) -> None:
    with Person(shared_stage) as telephone:
        answer = telephone.post("/capture/redeem", data={"token": token}, headers=JSON)
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers


def test_a_telephone_ends_with_the_session_that_let_it_in(shared_stage: Stage, patients: list[str]) -> None:
    with Person(shared_stage, "doctor1") as maker:
        telephone, told, _ = let_in(maker, shared_stage, patients[0])
        assert maker.submit("/auth/sign-out").status_code == 303
        for path in ("/capture/begin", "/capture/who"):
            answer = telephone.post(path, data={"form": told["form"], "size": "100"}, headers=JSON)
            assert answer.status_code == 401, path
        telephone.close()


def test_only_who_let_the_telephone_in_is_told_what_arrived(
    doctor: Person, colleague: Person, shared_stage: Stage, patients: list[str]
) -> None:
    telephone, told, _ = let_in(doctor, shared_stage, patients[1])
    taken = jpeg(300, 400, seed=61)
    begun = telephone.post("/capture/begin", data={"form": told["form"], "size": str(len(taken))}, headers=JSON).json()
    telephone.part(begun["handle"], 0, taken, len(taken), "/capture/upload")
    assert telephone.post("/capture/finish", data={"form": told["form"]},
                          headers={**JSON, "Seifas-Upload": begun["handle"]}).status_code == 200
    telephone.close()
    for person, patient, expected in ((doctor, patients[1], 1), (doctor, patients[0], 0), (colleague, patients[1], 0)):
        answer = person.get(f"/desk/patient/{patient}/photos/arrived", headers=JSON)
        assert len(answer.json()["photos"]) == expected


def test_a_deletion_is_taken_back_by_nobody_else(
    doctor: Person, colleague: Person, patients: list[str]
) -> None:
    gone = doctor.upload(patients[0], jpeg(320, 240, seed=62))
    at = f"/desk/patient/{patients[0]}/photos/{gone}"
    assert colleague.submit(f"{at}/restore").status_code == 404, "it is not deleted yet"
    assert doctor.submit(f"{at}/delete", expect="1").status_code == 303
    assert colleague.submit(f"{at}/restore").status_code == 404
    assert doctor.get(f"/desk/photo/{gone}/thumb").status_code == 404
    assert doctor.submit(f"{at}/restore").status_code == 303


# -- pages


def test_pages_may_ask_for_the_camera_only_where_one_takes_pictures(
    doctor: Person, shared_stage: Stage, patients: list[str], photo: str
) -> None:
    at = f"/desk/patient/{patients[0]}/photos"
    for path in (at, f"{at}/{photo}", f"{at}/take", "/capture", "/desk"):
        answer = doctor.get(path)
        allowed = "camera=(self)" in answer.headers["permissions-policy"]
        assert allowed == (path in (f"{at}/take", "/capture")), path
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "data:" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
    with Person(shared_stage) as stranger:
        page = stranger.get("/capture").text
        assert not re.search(r"[0-9a-f]{32}", re.sub(r"\?v=[0-9a-f]+", "", page)), "the page knows nothing of anybody"


def test_nothing_of_an_upload_or_a_code_is_logged(
    doctor: Person, shared_stage: Stage, patients: list[str], photo: str
) -> None:
    taken = jpeg(300, 200, seed=99)
    handle = doctor.begin(patients[0], len(taken), area="slaptavieta")
    doctor.part(handle, 0, taken, len(taken))
    made = doctor.script("/desk/photos/finish", handle).json()["photo"]
    telephone, told, token = let_in(doctor, shared_stage, patients[0])
    doctor.get(f"/desk/photo/{made}/thumb")
    telephone.get("/capture")
    telephone.close()
    log = shared_stage.log.read_text()
    for pattern in ("/desk/photos/upload", "/capture/redeem", "/desk/photo/{photo}/{rendition}"):
        assert f'"route":"{pattern}"' in log.replace('": "', '":"'), "the log is read, and names patterns"
    for secret in (handle[:64], handle[65:], token, told["form"], made, photo, patients[0], "slaptavieta",
                   told["label"]):
        assert secret not in log
