"""Tips against people who mean harm: who guess receipts, send what is no form, flood the box, or read the disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

from keeper_rig import Asked, Rig
from told_apart import Times, assert_alike, in_turn

from seifas.drill.stage import Browser, Stage
from seifas.fhir.exchange import Exchange
from seifas.keeper import tip_book, tip_receipts, tip_sealing
from seifas.keeper.tip_sealing import Place, TipText
from seifas.web.public.pace import Pace
from seifas.web.public.pages_kept import PagesKept
from seifas.web.public.tip_box import TipBox
from seifas.web.public.tips import Tips, shown

pytestmark = pytest.mark.slow

HERE = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
MARK = "Nepakartojamas-liudijimas-apie-vagį"
SECRET_FILE = b"\xff\xd8\xffNepakartojamas-failas-" * 3000
ANSWER = "Nepakartojamas-atsakymas"
SCRIPT = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)> \u202e\u0000\u200b {{ 7*7 }}"
TIP = r"/desk/cases/tips/([0-9a-f]{32})"


# -- who guesses receipts


class Through:
    """Stands where the keeper's client stands: asks the ops of the public socket without a socket."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.path = "/"

    async def call(self, op: str, **args: Any) -> Any:
        return await self.asked.op("public", op, **args)


class Unpaced(Pace):
    """Lets through as many as there are: the bounds have tests of their own."""

    def allows(self, address: str, now: float) -> bool:
        return True


async def tried(tips: Tips, receipt: str) -> tuple[int, bytes, bytes, float]:
    """(status, headers, body without its ticket, seconds) of one receipt that is tried."""
    body = f"form=read&receipt={receipt}".encode()
    headers = [(b"host", b"x"), (b"content-type", b"application/x-www-form-urlencoded"),
               (b"content-length", str(len(body)).encode())]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/lt/tip", "headers": headers, "client": ("192.0.2.1", 1)}
    exchange = Exchange(scope, receive, send)
    began = time.perf_counter()
    await tips.read(exchange, "lt", ())
    seconds = time.perf_counter() - began
    page = re.sub(rb'name="form" value="[^"]{40,}"', b"", sent[1]["body"])
    return sent[0]["status"], repr(sent[0]["headers"]).encode(), page, seconds


def test_thousands_of_receipts_tell_nothing_of_which_are_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    """Half of them wait for an answer, half never were: status, headers and body are the same, and no one can tell them
    apart by time."""
    monkeypatch.setattr(tip_book, "MOST_LOOKS_A_MINUTE", 10**9)
    monkeypatch.setattr(tip_book, "MOST_AN_HOUR", 10**9)
    rig = Rig(tmp_path / "vault")
    seen: set[tuple[int, bytes, bytes]] = set()
    times: Times = {True: [], False: []}

    async def deed(asked: Asked) -> None:
        real, never = ([tip_receipts.new() for _ in range(100)] for _ in range(2))
        clinic = asked.keeper.settings.clinic_id
        public = (await asked.op("public", "drop.key"))["key"]
        for receipt in real:
            keys, part = tip_receipts.keys_of(tip_receipts.read(receipt), clinic), os.urandom(16)
            sealed = tip_sealing.seal_text(public, Place(clinic, keys.lookup, part), TipText(MARK, "lt", 1))
            await asked.op("public", "tip.put", lookup=keys.lookup, answer_key=keys.public, id=part, sealed=sealed)
        box = TipBox(Through(asked), clinic)  # type: ignore[arg-type]
        tips = Tips(box, PagesKept(rig.settings, None), rig.settings, Unpaced())
        for _ in range(200):
            await tried(tips, tip_receipts.new())  # both kinds begin warm
        for is_real, receipt in in_turn(real, never, tries, 5):
            answer = await tried(tips, receipt)
            seen.add(answer[:3])
            times[is_real].append(answer[3])
        assert asked.keeper.require_unlocked().audit.size < 1000, "who looks leaves no trace"

    rig.run(deed)
    assert len(times[True]) == len(times[False]) == tries
    assert len(seen) == 1
    assert_alike(times)


def test_what_is_asked_too_often_is_refused_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tip_book, "MOST_LOOKS_A_MINUTE", 20)
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        clinic = asked.keeper.settings.clinic_id
        receipt = tip_receipts.new()
        keys = tip_receipts.keys_of(tip_receipts.read(receipt), clinic)
        box = TipBox(Through(asked), clinic)  # type: ignore[arg-type]
        await box.put(keys, os.urandom(16), MARK, "lt")
        tips = Tips(box, PagesKept(rig.settings, None), rig.settings, Unpaced())
        for _ in range(20):
            assert (await tried(tips, tip_receipts.new()))[0] == 200
        known, unknown = await tried(tips, receipt), await tried(tips, tip_receipts.new())
        assert known[0] == 429
        assert known[:3] == unknown[:3]
        assert asked.alarms("tips-guessing") == 1
        few = Tips(box, PagesKept(rig.settings, None), rig.settings, Pace(3, 3, 3))
        answers = [(await tried(few, tip_receipts.new()))[0] for _ in range(5)]
        assert answers == [200, 429, 429, 429, 429] or answers == [429] * 5

    rig.run(deed)


# -- a served clinic


@pytest.fixture(scope="module")
def site(shared_stage: Stage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{shared_stage.port}", timeout=60, headers=HERE) as client:
        there(client)
        yield client


@pytest.fixture(scope="module")
def officer(shared_stage: Stage) -> Iterator[Browser]:
    made = shared_stage.sign_in("officer1")
    yield made
    made.close()


def there(client: httpx.Client) -> None:
    """Waits for the public listener: a stage is ready when the staff's is."""
    give_up = time.monotonic() + 60
    while True:
        try:
            client.get("/health")
            return
        except httpx.HTTPError:
            assert time.monotonic() < give_up
            time.sleep(0.1)


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([^"]{40,})"', page)
    assert found is not None, page
    return found[1]


def told(site: httpx.Client, text: str) -> tuple[str, httpx.Response]:
    page = site.get("/en/tip/new").text
    found = re.search(r"<code>([0-9A-Z-]{29})</code>", page)
    assert found is not None
    return found[1], site.post("/en/tip/new", data={"form": form_of(page), "text": text, "receipt": found[1]})


def listed(officer: Browser) -> list[str]:
    return list(dict.fromkeys(re.findall(TIP, officer.read("/desk/cases/tips").body.decode())))


def opened(officer: Browser, tip: str) -> str:
    return officer.read(f"/desk/cases/tips/{tip}").body.decode()


def objects(stage: Stage) -> set[str]:
    return {path.name for path in (stage.data / "data" / "objects").iterdir()}


def raw(site: httpx.Client, head: bytes, body: bytes, *, hang_up: bool = False) -> bytes:
    """What comes back for bytes as they are."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", site.base_url.port or 80), 60)) as line:
        line.sendall(b"POST /en/tip/file HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n" + head + b"\r\n\r\n")
        line.sendall(body)
        if hang_up:
            time.sleep(0.3)
            return b""
        line.settimeout(60)
        with contextlib.suppress(TimeoutError):
            return line.recv(65536)
    return b""


def test_hostile_forms_leave_nothing_behind(site: httpx.Client, shared_stage: Stage, officer: Browser) -> None:
    receipt, sent = told(site, MARK)
    assert sent.status_code == 200
    ticket = form_of(sent.text).encode()
    before = objects(shared_stage)
    kind = b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: "
    field = b'--b\r\nContent-Disposition: form-data; name="form"\r\n\r\n' + ticket + b"\r\n"
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    end = b"\r\n--b--\r\n"
    big = b"x" * 5_000_000
    bodies = [
        (b"", False), (b"--b--\r\n", False), (field, False), (field + file, False), (file + big[:1000] + end, False),
        (field + file + big, False), (field + file + big + b"\r\n--c--\r\n", False),
        (field.replace(ticket, b"x" * 60) + file + b"x" + end, False), (field * 40 + file + b"x" + end, False),
        (field.replace(ticket, b"x" * 9000) + file + b"x" + end, False),
        (b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + file + b"x" + end, False),
        (field + b"--b\r\n" + b"X: y\r\n" * 1000 + b"\r\nx" + end, False), (os.urandom(100_000), False),
        (field + file + end, False),
    ]
    for body, _ in bodies:
        answer = raw(site, kind + str(len(body)).encode(), body)
        assert re.match(rb"HTTP/1.1 4\d\d ", answer), (body[:300], answer[:100])
    lies: list[tuple[bytes, int]] = [
        (field + file + big, 60_000_000), (field + file + b"x" + end, 10_000_000), (field, 2**40),
    ]
    for body, length in lies:
        raw(site, kind + str(length).encode(), body, hang_up=True)
    # The front waits a while for the bodies of strangers; what is too much in itself the application says.
    assert raw(site, kind + str(2**40).encode(), field)[9:12] in (b"408", b"413")
    for head in (b"Content-Type: multipart/form-data", b"Content-Type: text/plain\r\nContent-Length: 3",
                 b"Content-Type: multipart/form-data; boundary=" + b"b" * 200 + b"\r\nContent-Length: 3",
                 b"Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked"):
        assert re.match(rb"HTTP/1.1 4\d\d ", raw(site, head, b"3\r\nabc\r\n0\r\n\r\n"))
    deadline = time.monotonic() + 60
    while objects(shared_stage) != before and time.monotonic() < deadline:
        time.sleep(0.3)
    assert objects(shared_stage) == before, "what was broken off is swept at once"
    page = opened(officer, listed(officer)[0])
    assert MARK in page
    assert "SHA-256" not in page
    assert site.post("/en/tip", data={"form": "read", "receipt": receipt}).status_code == 200


def test_a_hundred_megabytes_and_not_one_more(site: httpx.Client, officer: Browser) -> None:
    _, sent = told(site, "didelis")
    size = tip_sealing.MOST_FILE
    data = os.urandom(1 << 20) * 100
    assert len(data) == size
    kept = site.post("/en/tip/file", data={"form": form_of(sent.text)}, files={"file": ("visi.zip", data)})
    assert kept.status_code == 200
    digest = hashlib.sha256(data).hexdigest()
    assert digest in kept.text
    assert digest in opened(officer, listed(officer)[0])
    with contextlib.suppress(httpx.TransportError):  # the answer may come while it still sends
        over = site.post("/en/tip/file", data={"form": form_of(kept.text)}, files={"file": ("v", data + b"x")})
        assert over.status_code == 413


def test_hostile_words_are_words_on_every_page(site: httpx.Client, officer: Browser) -> None:
    receipt, sent = told(site, f"{MARK} {SCRIPT}")
    files = {"file": (SCRIPT, b"<svg onload=alert(1)>", "image/svg+xml")}
    assert site.post("/en/tip/file", data={"form": form_of(sent.text)}, files=files).status_code == 200
    tip = listed(officer)[0]
    page = opened(officer, tip)
    form = re.search(r'name="form" value="([0-9a-f]{64})"', page)
    assert form is not None
    fields = {"form": form[1], "text": SCRIPT, "status": "question"}
    assert officer.form(f"/desk/cases/tips/{tip}/answer", fields).status == 303
    assert officer.form(f"/desk/cases/tips/{tip}/note", fields).status == 303
    seen = site.post("/lt/tip", data={"form": "read", "receipt": receipt}).text
    for shown_page in (opened(officer, tip), seen):
        assert "<script>alert" not in shown_page
        assert "<img src=x" not in shown_page
        assert "&lt;script&gt;" in shown_page
        assert "{{ 7*7 }}" in shown_page
        assert not set("\u202e\x00\u200b") & set(shown_page)
    assert "svg onload" not in page


def test_pages_of_tips_are_the_officers(site: httpx.Client, shared_stage: Stage, officer: Browser) -> None:
    told(site, MARK)
    tip = listed(officer)[0]
    for account in ("reception1", "doctor5", "administrator", "auditor"):
        other = shared_stage.sign_in(account)
        for path in ("/desk/cases/tips", f"/desk/cases/tips/{tip}"):
            answer = other.read(path)
            assert answer.status == 403
            assert MARK.encode() not in answer.body
        for act in ("answer", "note", "adopt", "remove"):
            assert other.form(f"/desk/cases/tips/{tip}/{act}", {"form": "0" * 64}).status == 403
        other.close()
    nobody = Browser(shared_stage.staff)
    assert nobody.read(f"/desk/cases/tips/{tip}").status == 303
    nobody.close()
    assert officer.form(f"/desk/cases/tips/{tip}/remove", {"form": "0" * 64}).status == 403
    assert site.get(f"/desk/cases/tips/{tip}").status_code == 404, "nothing of the desk is on the public listener"
    assert tip in listed(officer)


def test_nothing_that_was_told_lies_on_the_disk(shared_stage: Stage, officer: Browser) -> None:
    own = httpx.HTTPTransport(local_address="127.0.0.77")
    with httpx.Client(
        base_url=f"http://127.0.0.1:{shared_stage.port}", timeout=60, headers=HERE, transport=own
    ) as site:
        receipt, sent = told(site, MARK)
        files = {"file": ("Nepakartojamas-vardas.jpg", SECRET_FILE)}
        assert site.post("/en/tip/file", data={"form": form_of(sent.text)}, files=files).status_code == 200
        tip = listed(officer)[0]
        page = opened(officer, tip)
        assert "Nepakartojamas-vardas.jpg" in page
        form = re.search(r'name="form" value="([0-9a-f]{64})"', page)
        assert form is not None
        fields = {"form": form[1], "text": ANSWER, "status": "question"}
        assert officer.form(f"/desk/cases/tips/{tip}/answer", fields).status == 303
        assert ANSWER in site.post("/lt/tip", data={"form": "read", "receipt": receipt}).text
    marks = [
        MARK.encode(), b"Nepakartojamas-failas", b"Nepakartojamas-vardas", ANSWER.encode(), receipt.encode(),
        receipt.replace("-", "").encode(), b"127.0.0.77", MARK.encode("utf-16-le"),
    ]
    planted = shared_stage.data / "run" / "planted"
    for mark in marks:
        planted.write_bytes(b"x" * 100 + mark)
        assert found(shared_stage, [mark]) == [planted], "the searcher sees what is there, and nothing else is"
    planted.unlink()


def found(stage: Stage, marks: list[bytes]) -> list[Path]:
    files = [*(path for path in stage.data.rglob("*") if path.is_file() and not path.is_socket()), stage.log]
    hits = []
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            data = path.read_bytes()
            hits += [path for mark in marks if mark in data]
    return hits


def test_locked_texts_wait_sealed_and_files_are_refused_plainly(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    stage.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{stage.port}", timeout=60, headers=HERE) as site:
        there(site)
        receipt, sent = told(site, "pirmas")
        assert sent.status_code == 200
        with stage.admin() as admin:
            admin.call("admin.lock")
        second, held = told(site, MARK)
        assert held.status_code == 202
        assert "sealed and waits" in held.text
        for one in (receipt, second, tip_receipts.new()):
            seen = site.post("/en/tip", data={"form": "read", "receipt": one})
            assert (seen.status_code, "Answers cannot be shown now" in seen.text) == (200, True)
        file = site.post("/en/tip/file", data={"form": form_of(held.text)}, files={"file": ("x", b"y" * 100)})
        assert file.status_code == 503
        assert "the file cannot be taken" in file.text
        stage.seifas("unlock", "--passphrase-file", str(stage.data.with_name(stage.data.name + ".passphrase")))
        officer = stage.sign_in("officer1")
        deadline = time.monotonic() + 60
        while len(listed(officer)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert any(MARK in opened(officer, tip) for tip in listed(officer))
        officer.close()


def test_a_flood_is_turned_away_and_what_was_accepted_stays(site: httpx.Client, officer: Browser) -> None:
    """Last, because it uses the hour up. What the front lets through is bounded by the keeper behind it."""
    before = len(listed(officer))
    receipt, _ = told(site, MARK)
    statuses = [told(site, f"potvynis {number}")[1].status_code for number in range(tip_book.MOST_AN_HOUR + 10)]
    assert set(statuses) == {200, 503}
    assert statuses == sorted(statuses), "once full, it stays so"
    assert statuses.count(200) < tip_book.MOST_AN_HOUR
    refused = told(site, "Neprarastas tekstas")[1]
    assert "Neprarastas tekstas" in refused.text
    assert len(listed(officer)) == before + 1 + statuses.count(200)
    assert b"tips" in officer.read("/desk").body
    assert site.post("/lt/tip", data={"form": "read", "receipt": receipt}).status_code == 200


def test_receipts_are_long_enough() -> None:
    symbols = tip_receipts.read(tip_receipts.new())
    assert shown(symbols).count("-") == 5
    assert (len(symbols) - 1) * 5 >= 100
