"""A served clinic's photos over HTTP: received in parts and in a plain form, shown, described, deleted, compared."""

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from darkroom_stage import Desk
from made_pictures import encoded, jpeg, picture
from photo_person import HERE, JSON, PART, Person, frames, let_in
from PIL import Image

from seifas.drill.stage import Stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def doctor(shared_stage: Stage) -> Iterator[Person]:
    with Person(shared_stage, "doctor1") as person:
        yield person


@pytest.fixture(scope="module")
def patient(doctor: Person) -> str:
    return doctor.warm()[0]


def large(seed: int) -> bytes:
    return encoded(picture(2600, 1950, seed), "JPEG", quality=100, subsampling=0)


def pixels(body: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB")).astype(int)


def test_a_photo_comes_in_parts_and_is_shown_marked(doctor: Person, patient: str) -> None:
    taken = large(5)
    assert len(taken) > PART, "more than one part"
    photo = doctor.upload(patient, taken, area="nose", view="left", taken="2026-02-03")
    page = doctor.get(f"/desk/patient/{patient}/photos").text
    assert photo in page
    assert "2026-02-03" in page
    shapes = {}
    for rendition in ("blur", "thumb", "screen", "full"):
        shown = doctor.get(f"/desk/photo/{photo}/{rendition}")
        assert shown.status_code == 200
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["cache-control"] == "no-store"
        assert shown.headers["content-disposition"] == "inline"
        assert shown.headers["cross-origin-resource-policy"] == "same-origin"
        assert shown.headers["x-content-type-options"] == "nosniff"
        shapes[rendition] = max(Image.open(io.BytesIO(shown.content)).size)
    assert shapes["full"] == 2600
    assert shapes["screen"] == 2048
    assert shapes["thumb"] == 512
    again = [pixels(doctor.get(f"/desk/photo/{photo}/screen").content) for _ in range(2)]
    differs = np.abs(again[0] - again[1]).max(axis=2) > 0
    assert differs.mean() > 0.2, "each view bears a mark of its own, all over"


def test_what_was_received_is_asked_for_and_the_rest_sent(doctor: Person, patient: str) -> None:
    taken = large(6)
    handle = doctor.begin(patient, len(taken))
    asked = {**JSON, "Seifas-Upload": handle}
    assert doctor.part(handle, 0, taken[:PART], len(taken)).json() == {"received": PART}
    assert doctor.get("/desk/photos/upload", headers=asked).json() == {"received": PART}
    gap = doctor.part(handle, PART + 10, taken[PART + 10 : PART + 20], len(taken))
    assert gap.status_code == 412, "a hole is refused, and what is there stays"
    assert doctor.get("/desk/photos/upload", headers=asked).json() == {"received": PART}
    assert doctor.part(handle, 0, taken[:PART], len(taken)).json() == {"received": PART}, "sent twice, kept once"
    for at in range(PART, len(taken), PART):
        doctor.part(handle, at, taken[at : at + PART], len(taken))
    assert doctor.get("/desk/photos/upload", headers=asked).json() == {"received": len(taken)}
    assert doctor.script("/desk/photos/finish", handle).status_code == 200


def test_a_lost_reply_is_given_again_to_the_same_session_alone(
    doctor: Person, patient: str, shared_stage: Stage
) -> None:
    taken = jpeg(320, 240, seed=31)
    before = doctor.list_of(patient)
    handle = doctor.begin(patient, len(taken))
    doctor.part(handle, 0, taken, len(taken))
    first = doctor.script("/desk/photos/finish", handle)
    assert first.status_code == 200
    again = doctor.script("/desk/photos/finish", handle)
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(doctor.list_of(patient)) == len(before) + 1
    grant = handle.partition(".")[0]
    for stolen in (handle, f"{grant}.{'0' * 64}", f"{'0' * 64}.{handle.partition('.')[2]}"):
        with Person(shared_stage, "doctor4") as other:
            assert other.script("/desk/photos/finish", stolen).status_code == 403
    refused = doctor.begin(patient, 300)
    doctor.part(refused, 0, b"<svg/>" + bytes(294), 300)
    said = [doctor.script("/desk/photos/finish", refused) for _ in range(2)]
    assert [one.status_code for one in said] == [400, 400]
    assert said[0].json() == said[1].json()
    assert len(doctor.list_of(patient)) == len(before) + 1


def test_an_upload_goes_on_while_the_desk_is_locked(doctor: Person, patient: str, shared_stage: Stage) -> None:
    with Person(shared_stage, "doctor4") as own, Desk(shared_stage, "") as process:
        mine = own.warm()[0]
        taken = jpeg(400, 300, seed=12)
        half = len(taken) // 2
        handle = own.begin(mine, len(taken))
        own.part(handle, 0, taken[:half], len(taken))
        form = own.form_token()
        process.call("session.lock", session=own.session)
        assert own.part(handle, half, taken[half:], len(taken)).json() == {"received": len(taken)}
        sent = {"form": form, "size": "100"}
        begun = own.post(f"/desk/patient/{mine}/photos/begin", data=sent, headers=JSON)
        assert (begun.status_code, begun.json()["where"]) == (403, "idle"), "nothing new begins, and the script waits"
        assert own.get(f"/desk/photo/{'0' * 32}/thumb").status_code == 403, "nothing is shown"
        done = own.post("/desk/photos/finish", data={"form": form}, headers={**JSON, "Seifas-Upload": handle})
        assert done.status_code == 200, "what was begun is kept"


def test_an_upload_is_given_up(doctor: Person, patient: str) -> None:
    before = doctor.list_of(patient)
    taken = jpeg(300, 200)
    handle = doctor.begin(patient, len(taken))
    doctor.part(handle, 0, taken, len(taken))
    asked = {**JSON, "Seifas-Upload": handle}
    assert doctor.delete("/desk/photos/upload", headers=asked).status_code == 200
    assert doctor.get("/desk/photos/upload", headers=asked).status_code == 404
    assert doctor.script("/desk/photos/finish", handle).status_code == 404
    assert doctor.list_of(patient) == before


@pytest.mark.parametrize(("body", "word"), [
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"), (b"%PDF-1.7 not a picture at all", "unsupported"),
    (b"in no way a picture, whatever its name", "not-a-picture"),
    (b"GIF89a" + bytes(60), "gif"), (jpeg(400, 300)[:5000], "truncated"),
    (encoded(picture(4, 4), "PNG"), "too-small"),
])
def test_a_refusal_says_why_in_the_persons_language(doctor: Person, patient: str, body: bytes, word: str) -> None:
    before = doctor.list_of(patient)
    handle = doctor.begin(patient, len(body))
    doctor.part(handle, 0, body, len(body))
    said = {}
    answer = doctor.script("/desk/photos/finish", handle)
    assert (answer.status_code, answer.json()["where"]) == (400, word)
    said["lt"] = answer.json()["message"]
    assert said["lt"].endswith(".")
    assert doctor.list_of(patient) == before, "nothing was stored"


@pytest.mark.parametrize(("size", "status", "where"), [
    ("0", 400, "empty"), ("52428801", 413, "too-large"), ("-1", 400, ""), ("١", 400, ""), ("9" * 30, 400, ""),
])
def test_sizes_that_cannot_be(doctor: Person, patient: str, size: str, status: int, where: str) -> None:
    answer = doctor.script(f"/desk/patient/{patient}/photos/begin", size=size)
    assert (answer.status_code, answer.json()["where"]) == (status, where)


def test_one_file_in_a_plain_form(doctor: Person, patient: str) -> None:
    before = set(doctor.list_of(patient))
    fields = {"form": doctor.form_token(), "area": "lips", "view": "front", "taken": ""}
    file = {"file": ("lūpos.png", encoded(picture(800, 600, 9), "PNG"), "image/png")}
    answer = doctor.post(f"/desk/patient/{patient}/photos/add", data=fields, files=file, headers=HERE)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"/desk/patient/{patient}/photos?kept"
    assert len(set(doctor.list_of(patient)) - before) == 1
    bad = doctor.post(f"/desk/patient/{patient}/photos/add", data=fields, files={"file": ("a.jpg", b"x" * 50)},
                      headers=HERE)
    assert bad.status_code == 400
    assert "nuotraukos failas" in bad.text
    empty = doctor.post(f"/desk/patient/{patient}/photos/add", data=fields, files={"file": ("a.jpg", b"")},
                        headers=HERE)
    assert empty.status_code == 400


def test_described_deleted_brought_back(doctor: Person, patient: str) -> None:
    photo = doctor.upload(patient, jpeg(320, 240, seed=11))
    here = f"/desk/patient/{patient}/photos/{photo}"
    assert doctor.get(here).status_code == 200
    told = {"area": "", "area_other": "kairė ausis", "view": "left", "note": "<b>po</b> savaitės", "expect": "1"}
    answer = doctor.submit(f"{here}/describe", **told)
    assert answer.headers["location"] == f"{here}?described"
    page = doctor.get(here).text
    assert "kairė ausis" in page
    assert "&lt;b&gt;po&lt;/b&gt; savaitės" in page
    assert "<b>po</b>" not in page
    assert len(re.findall(r'<span class="date">', page)) == 2, "both versions are in the history"
    assert doctor.submit(f"{here}/describe", **told).status_code == 412, "somebody wrote meanwhile"
    gone = doctor.submit(f"{here}/delete", expect="2")
    assert gone.headers["location"] == f"/desk/patient/{patient}/photos?deleted={photo}"
    assert photo not in doctor.list_of(patient)
    assert doctor.get(here).status_code == 404
    assert doctor.get(f"/desk/photo/{photo}/thumb").status_code == 404
    assert f"{photo}/restore" in doctor.get(gone.headers["location"]).text
    assert doctor.submit(f"{here}/restore").headers["location"] == f"{here}?restored"
    assert photo in doctor.list_of(patient)
    back = doctor.get(here).text
    assert "savaitės</textarea>" in back, "as it was when it was deleted"
    assert len(re.findall(r'<span class="date">', back)) == 3
    assert doctor.get(f"/desk/photo/{photo}/thumb").status_code == 200
    assert doctor.submit(f"{here}/restore").status_code == 404, "there is nothing to bring back"


def test_many_at_once_and_two_aligned(doctor: Person, patient: str) -> None:
    scene = picture(1200, 900, 21)
    a = doctor.upload(patient, encoded(scene, "JPEG", quality=92), area="chin", view="front", taken="2026-01-01")
    b = doctor.upload(patient, encoded(scene.rotate(3, Image.Resampling.BICUBIC).crop((60, 40, 1160, 865)), "JPEG",
                                       quality=92), area="chin", view="front", taken="2026-03-01")
    at = f"/desk/patient/{patient}/photos"
    for rendition in ("blur", "thumb"):
        found = frames(doctor.script(f"{at}/look", photos=f"{a},{b}", rendition=rendition).content)
        assert list(found) == [a, b]
        assert all(max(Image.open(io.BytesIO(one)).size) <= 512 for one in found.values())
    for wrong in ({"photos": f"{a},{b}", "rendition": "screen"}, {"photos": "", "rendition": "blur"},
                  {"photos": "../../x", "rendition": "blur"}):
        assert doctor.script(f"{at}/look", **wrong).status_code == 400
    page = doctor.get(f"{at}/compare?a={a}&b={b}")
    assert page.status_code == 200
    assert a in page.text
    assert doctor.get(f"{at}/compare?a={a}&b={a}").status_code == 400
    chosen = doctor.submit(f"{at}/compare", a=a, b=b, chosen="1")
    assert chosen.headers["location"] == f"{at}/compare?a={a}&b={b}"
    answer = doctor.script(f"{at}/align", a=a, b=b)
    assert answer.headers["seifas-aligned"] == "yes"
    both = frames(answer.content)
    first, second = pixels(both[a]), pixels(both[b])
    assert first.shape == second.shape
    middle = np.s_[200:700, 300:900]
    assert np.abs(first[middle] - second[middle]).mean() < 12, "one lies on the other"
    strange = doctor.upload(patient, jpeg(700, 900, seed=77), area="chin", view="front")
    assert doctor.script(f"{at}/align", a=a, b=strange).headers["seifas-aligned"] == "no"


def test_a_telephone_takes_photos_of_its_one_patient(doctor: Person, patient: str, shared_stage: Stage) -> None:
    ghost = doctor.upload(patient, jpeg(640, 480, seed=31), area="neck", view="front")
    telephone, told, _ = let_in(doctor, shared_stage, patient, ghost=ghost, area="neck", view="front")
    assert re.fullmatch(r"\w\. \w\., \d{4}", told["label"]), "initials and a year, no name"
    assert (told["ghost"], told["area"], told["view"]) == (True, "neck", "front")
    assert patient not in telephone.get("/capture").text
    seen = telephone.post("/capture/ghost", data={"form": told["form"]}, headers=JSON)
    (body,) = frames(seen.content).values()
    assert max(Image.open(io.BytesIO(body)).size) == 512
    taken = jpeg(900, 1200, seed=32)
    begun = telephone.post("/capture/begin", headers=JSON, data={
        "form": told["form"], "size": str(len(taken)), "area": "neck", "view": "right"}).json()
    assert telephone.part(begun["handle"], 0, taken, len(taken), "/capture/upload").json() == {"received": len(taken)}
    done = telephone.post("/capture/finish", data={"form": told["form"]},
                          headers={**JSON, "Seifas-Upload": begun["handle"]})
    assert done.json() == {"width": 900, "height": 1200}, "no id goes to the telephone"
    arrived = doctor.get(f"/desk/patient/{patient}/photos/arrived", headers=JSON).json()["photos"]
    assert len(arrived) == 1
    page = doctor.get(f"/desk/patient/{patient}/photos/{arrived[0]}").text
    assert "telefono" in page
    assert re.search(r'value="right" selected', page)
    assert telephone.post("/capture/end", data={"form": told["form"]}, headers=JSON).status_code == 200
    assert telephone.post("/capture/who", data={"form": told["form"]}, headers=JSON).status_code == 401
    telephone.close()
