"""Photos through the pages: sending one of 12 megapixels, seeing it first and again, twenty sent at once, the mark.

Everything is what a browser does at the staff listener: a photo is begun, sent in parts of 1 MiB and finished (decoded
in an intake worker, three renditions made, four objects sealed and synced, the commit); a view is one GET, with its
audit line durable before the picture is opened, marked and encoded. The first view is that of a photo nobody has seen
since the darkroom was started anew.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bench.figures import Bar, Figure, alone
from bench.served import Served
from bench.setting import Setting
from seifas.darkroom.imaging import watermark
from seifas.drill.stage import Answer, Browser
from seifas.errors import Unavailable

_HERE = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
_FORM = re.compile(rb'name="form" value="([0-9a-f]{64})"')
_PART = 2**20
_AT_ONCE = 20
_VIEWS = 5


def run(setting: Setting) -> list[Figure]:
    photos = 4 if setting.quick else 12
    files = [_file(4000, 3000, number) for number in range(photos)]
    with setting.serving() as served:
        doctor = _Doctor(served)
        setting.say(f"sending {photos} photos of 12 megapixels ({sum(map(len, files)) / photos / 1e6:.1f} MB each)")
        sent = [_timed(partial(doctor.send, file)) for file in files]
        served.kill("darkroom")
        time.sleep(2.0)
        setting.say("looking at them")
        first, later = [], []
        doctor.see(doctor.photos.pop(), "thumb")  # the connection is made anew
        for photo in doctor.photos:
            views = [_timed(partial(doctor.see, photo, "screen")) for _ in range(_VIEWS)]
            first.append(views[0])
            later += views[1:]
        full = [_timed(partial(doctor.see, doctor.photos[0], "full")) for _ in range(_VIEWS)]
        setting.say(f"sending {_AT_ONCE} at once")
        took, memory, others = _at_once(served, doctor, files)
    return [
        alone("first view of a photo of 12 megapixels at screen size", "ms", first, Bar(at_most=400, unit="ms")),
        alone("later views of it", "ms", later, Bar(at_most=150, unit="ms")),
        alone("a view of it at full size, for printing", "ms", full),
        alone("sending it: parts, decoding, renditions, sealing, commit", "ms", sent),
        alone(f"memory of darkroom and intake over idle while {_AT_ONCE} are sent at once", "MiB", [memory / 2**20]),
        alone(f"views by another meanwhile ({_AT_ONCE} sent in {took:.1f} s)", "ms", others),
        *_marking(),
    ]  # fmt: skip


def _timed(deed: Callable[[], None]) -> float:
    began = time.perf_counter()
    deed()
    return (time.perf_counter() - began) * 1000


def _file(width: int, height: int, seed: int) -> bytes:
    """A picture like a photo to a codec: structure of all sizes; of nobody."""
    made = cv2.imencode(".jpg", _scene(width, height, seed), [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    return bytes(made.tobytes())


def _scene(width: int, height: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = np.full((height, width, 3), 128, np.float32)
    for cells in (5, 20, 80, 400, 1500):
        noise = rng.normal(0, 1, (cells * height // width, cells, 3)).astype(np.float32)
        made += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(60 / cells**0.4)
    return np.clip(made, 0, 255).astype(np.uint8)


class _Doctor:
    """Someone who photographs one patient."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.browser = served.sign_in("doctor1")
        self.form = _found(_FORM, self.browser.ask("GET", "/desk/account"))
        made = self.browser.send(
            "POST", "/fhir/Patient",
            {"resourceType": "Patient", "name": [{"family": "Matuoklė", "given": ["Ona"]}], "birthDate": "1984-02-03"},
        )  # fmt: skip
        self.patient: str = made.json["id"]
        self.photos: list[str] = []

    def send(self, file: bytes, browser: Browser | None = None) -> None:
        """A whole photo."""
        by = browser or self.browser
        begun = _fine(by.ask(
            "POST", f"/desk/patient/{self.patient}/photos/begin", f"form={self.form}&size={len(file)}",
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **_HERE},
        )).json  # fmt: skip
        handle = {"Seifas-Upload": begun["handle"], **_HERE}
        for at in range(0, len(file), _PART):
            part = file[at : at + _PART]
            place = f"bytes {at}-{at + len(part) - 1}/{len(file)}"
            _fine(by.ask("PUT", "/desk/photos/upload", part, {"Content-Range": place, **handle}))
        self.photos.append(_fine(by.ask("POST", "/desk/photos/finish", b"", handle)).json["photo"])

    def see(self, photo: str, rendition: str, browser: Browser | None = None) -> None:
        answer = _fine((browser or self.browser).ask("GET", f"/desk/photo/{photo}/{rendition}"))
        if answer.headers["content-type"] != "image/jpeg":
            raise Unavailable("that is no picture")

    def another(self) -> Browser:
        """The same person in another window."""
        browser = self.served.browser()
        browser.cookie = self.browser.cookie
        return browser


def _fine(answer: Answer) -> Answer:
    if answer.status >= 300:
        raise Unavailable(f"the desk answered {answer.status}: {answer.body[:300]!r}")
    return answer


def _found(pattern: re.Pattern[bytes], answer: Answer) -> str:
    found = pattern.search(_fine(answer).body)
    if found is None:
        raise Unavailable("the page is not as it was")
    return found[1].decode()


def _at_once(served: Served, doctor: _Doctor, files: list[bytes]) -> tuple[float, int, list[float]]:
    """Seconds for all, bytes of memory over idle at most, and what views took meanwhile in ms."""
    shown, pids = doctor.photos[0], served.pids()
    idle = _memory(pids)
    most, others, done = [0], [], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            most[0] = max(most[0], _memory(pids) - idle)

    def look() -> None:
        browser = doctor.another()
        while not done.is_set():
            others.append(_timed(partial(doctor.see, shown, "screen", browser)))
            time.sleep(0.2)

    senders = [
        threading.Thread(target=doctor.send, args=(files[number % len(files)], doctor.another()))
        for number in range(_AT_ONCE)
    ]
    beside = [threading.Thread(target=watch), threading.Thread(target=look)]
    began = time.perf_counter()
    for thread in (*beside, *senders):
        thread.start()
    for thread in senders:
        thread.join()
    took = time.perf_counter() - began
    done.set()
    for thread in beside:
        thread.join()
    return took, most[0], others


def _memory(pids: dict[str, int]) -> int:
    """Bytes of their own of the darkroom, the intake and its workers."""
    total = 0
    workers = Path(f"/proc/{pids['intake']}/task/{pids['intake']}/children").read_text().split()
    for pid in (pids["darkroom"], pids["intake"], *map(int, workers)):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))
    return total


def _marking() -> list[Figure]:
    cv2.setNumThreads(1)
    seed = bytes(range(watermark.SEED_SIZE))
    figures = []
    for name, size, most in (("1 megapixel", (1156, 867), 30), ("12 megapixels", (4000, 3000), 300)):
        picture = _scene(*size, 7).astype(np.uint8)
        took = []
        for _ in range(7):
            began = time.thread_time()
            watermark.embed(picture, seed)
            took.append((time.thread_time() - began) * 1000)
        figures.append(alone(f"marking a picture of {name}, CPU", "ms", took, Bar(at_most=most, unit="ms")))
    return figures

