"""A person at the desk of a served clinic, and a telephone: as browsers send it, without a script of ours."""

import re
import struct
import urllib.parse
from typing import Any

import cv2
import httpx
import numpy as np

from seifas.demo import made
from seifas.demo.clinic import clinic
from seifas.demo.schedule import appointments
from seifas.drill.stage import Stage

HERE = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
JSON = {**HERE, "Accept": "application/json"}
PART = 1024 * 1024


class Person(httpx.Client):
    """Signed in by a one-time link; keeps cookies, does not follow redirects."""

    def __init__(self, stage: Stage, account: str = "") -> None:
        super().__init__(base_url=f"http://127.0.0.1:{stage.staff}", timeout=60)
        self._stage, self._account = stage, account
        if account:
            with stage.admin() as admin:
                token = admin.call("admin.login_link", name=account)["token"]
            assert self.get(f"/auth/link/{token}").status_code == 303

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def session(self) -> str:
        return self.cookies["seifas"]

    def form_token(self) -> str:
        found = re.search(r'name="form" value="([0-9a-f]{64})"', self.get("/desk/account").text)
        assert found is not None
        return found[1]

    def submit(self, path: str, **fields: str) -> httpx.Response:
        return self.post(path, data={"form": self.form_token(), **fields}, headers=HERE)

    def script(self, path: str, handle: str = "", **fields: str) -> httpx.Response:
        """As a script of ours asks: JSON back."""
        headers = {**JSON, **({"Seifas-Upload": handle} if handle else {})}
        return self.post(path, data={"form": self.form_token(), **fields}, headers=headers)

    def warm(self) -> list[str]:
        """Patients of the doctor of the days about the one that the demo was built on, the nearest first: no reason is
        asked for them. On one weekday each doctor has none."""
        built = made.read(self._stage.data)
        assert built is not None
        assert built.today is not None
        day = built.today.toordinal()
        (own,) = (one.id for one in clinic(built.seed, built.today).doctors if one.account == self._account)
        near = [
            one for one in appointments(built.seed, built.patients, built.today)
            if one.doctor == own and abs(one.ordinal - day) <= 2 and one.status not in ("missed", "cancelled")
        ]
        return list(dict.fromkeys(one.patient for one in sorted(near, key=lambda one: abs(one.ordinal - day))))

    def begin(self, patient: str, size: int, **told: str) -> str:
        answer = self.script(f"/desk/patient/{patient}/photos/begin", size=str(size), **told)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["handle"])

    def part(self, handle: str, at: int, data: bytes, size: int, where: str = "/desk/photos/upload") -> httpx.Response:
        headers = {**JSON, "Seifas-Upload": handle, "Content-Range": f"bytes {at}-{at + len(data) - 1}/{size}"}
        return self.put(where, content=data, headers=headers)

    def upload(self, patient: str, picture: bytes, **told: str) -> str:
        """The photo's id."""
        handle = self.begin(patient, len(picture), **told)
        for at in range(0, len(picture), PART):
            assert self.part(handle, at, picture[at : at + PART], len(picture)).status_code == 200
        done = self.script("/desk/photos/finish", handle)
        assert done.status_code == 200, done.text
        return str(done.json()["photo"])

    def list_of(self, patient: str) -> list[str]:
        """The photos on the page, in its order."""
        page = self.get(f"/desk/patient/{patient}/photos")
        assert page.status_code == 200, page.text
        return re.findall(r'data-photo="([0-9a-f]{32})"', page.text)


def frames(body: bytes) -> dict[str, bytes]:
    found, at = {}, 0
    while at < len(body):
        ident, size = struct.unpack_from(">16sI", body, at)
        found[ident.hex()] = body[at + 20 : at + 20 + size]
        at += 20 + size
    return found


def let_in(person: Person, stage: Stage, patient: str, **fields: str) -> tuple[Person, dict[str, Any], str]:
    """A telephone that read the code of a desk's page: it, what it was told, and the code."""
    page = person.submit(f"/desk/patient/{patient}/photos/phone", **fields)
    assert page.status_code == 200, page.text
    token = code_of(page.text)
    telephone = Person(stage)
    answer = telephone.post("/capture/redeem", data={"token": token}, headers=JSON)
    assert answer.status_code == 200, answer.text
    return telephone, answer.json(), token


def code_of(page: str) -> str:
    """What the code in a page says, read as a telephone reads it: out of the picture."""
    drawn = re.search(r'src="data:image/svg\+xml[^,]*,([^"]*)"', page)
    assert drawn is not None, page[:400]
    svg = urllib.parse.unquote(drawn[1])
    size, lines = re.search(r"M0 0h(\d+)v", svg), re.search(r"class='qrline'[^>]* d='([^']*)'", svg)
    assert size is not None
    assert lines is not None
    cells = np.full((int(size[1]), int(size[1])), 255, np.uint8)
    x = y = 0.0
    for kind, a, b in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", lines[1]):
        if kind == "h":
            cells[int(y), int(x) : int(x + float(a))] = 0
            x += float(a)
        else:
            x, y = (float(a), float(b)) if kind == "M" else (x + float(a), y + float(b))
    # The plain detector of OpenCV misses three or four sound codes of a hundred, this one none of 400.
    said, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(np.kron(cells, np.ones((8, 8), np.uint8)))
    assert said, "the code does not read"
    return said.partition("#")[2]
