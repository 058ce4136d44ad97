"""The public listener against people who mean it harm: paths, headers, forms, stored scripts, floods."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import time
import urllib.parse
from collections.abc import Iterator

import httpx
import pytest

from seifas.crypto import dropbox
from seifas.drill.stage import Browser, Stage
from seifas.keeper import dropping

pytestmark = pytest.mark.slow

NAME = "Žvirblienė-Nepakartojama"
WISH = "norėčiau-labai-slaptai-pasitarti"
ONE = r"/desk/requests-in/[0-9a-f]{32}"
SCRIPT = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def site(shared_stage: Stage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{shared_stage.port}", timeout=60) as client:
        there(client)
        yield client


@pytest.fixture(scope="module")
def ripe(site: httpx.Client) -> dict[str, str]:
    """Forms by language, given out as long ago as a person takes to fill them in. One may be sent several times."""
    forms = {language: form_of(site, language) for language in ("lt", "en")}
    time.sleep(3.1)
    return forms


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


def form_of(site: httpx.Client, language: str = "lt") -> str:
    found = re.search(r'name="form" value="([^"]+)"', site.get(f"/{language}/request").text)
    assert found is not None
    return found[1]


def filled(token: str, **other: str) -> dict[str, str]:
    return {"form": token, "name": NAME, "contact": "+370 600 00000", "wish": WISH, "agreed": "yes", **other}


@pytest.mark.parametrize("path", [
    "/lt/../../etc/passwd", "/lt/..%2f..%2fsettings.toml", "/files/../../settings.toml", "/files/..%2fsettings.toml",
    "/files/%2e%2e/%2e%2e/settings.toml", "/lt/%2e%2e/%2e%2e/settings", "//etc/passwd", "/lt//services",
    "/lt/services/",
    "/lt/services.md", "/LT/services", "/de/services", "/lt/\x7f", "/lt/index.md", "/site/lt/index.md",
    "/static/../app.py", "/static/..%2fapp.py", "/static/%00", "/gallery/" + "0" * 32, "/gallery/../../x",
    "/gallery/" + "Ā" * 16, "/lt/" + "a" * 4000,
])  # fmt: skip
def test_path_tricks_end_at_404(site: httpx.Client, path: str) -> None:
    raw = path.encode("utf-8")
    with contextlib.closing(socket.create_connection(("127.0.0.1", site.base_url.port or 80), 60)) as line:
        target = urllib.parse.quote(raw, safe="/%.")
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert re.match(rb"HTTP/1.1 40[04] ", answer), answer[:100]
    assert b"clinic" not in answer.partition(b"\r\n\r\n")[0]
    assert b"[clinic]" not in answer
    assert b"root:" not in answer


def test_no_header_is_made_of_what_was_sent(site: httpx.Client) -> None:
    hostile = "x%0d%0aset-cookie:%20a=b"
    for path in (f"/{hostile}", f"/lt/{hostile}", f"/lt/services?{hostile}", f"/files/{hostile}"):
        answer = site.get(path)
        assert "a" not in answer.cookies
        assert hostile not in "".join(answer.headers.values())
    for host in ("evil.example", "evil.example:80@x", "a" * 2000, "\"><script>"):
        answer = site.get("/lt/request", headers={"Host": host})
        assert host not in answer.text
        assert host not in "".join(answer.headers.values())
        assert "evil.example" not in answer.text


def test_every_answer_is_guarded(site: httpx.Client) -> None:
    pages = ("/", "/lt/", "/en/services", "/lt/request", "/lt/gallery", "/nothing")
    for path in (*pages, "/robots.txt", "/static/site.css"):
        answer = site.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers, "nobody who only looks is given a cookie"
        assert "<script" not in answer.text
        assert " style=" not in answer.text


def test_the_same_bytes_packed_and_tagged(site: httpx.Client) -> None:
    plain = site.get("/lt/services", headers={"Accept-Encoding": "identity"})
    packed = site.get("/lt/services", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content
    assert len(plain.content) < 30_000
    assert packed.num_bytes_downloaded < len(plain.content) / 2
    again = site.get("/lt/services", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert site.get("/lt/services", headers={"Accept-Encoding": "gzip;q=0"}).headers.get("content-encoding") is None


def test_the_form_is_not_sent_by_others(site: httpx.Client, ripe: dict[str, str]) -> None:
    token = ripe["lt"]
    site_of = "Sec-Fetch-Site"
    for headers in ({"Origin": "https://evil.example"}, {site_of: "cross-site"}, {site_of: "same-site"}):
        assert site.post("/lt/request", data=filled(token), headers=headers).status_code == 403
    forged = f"{int(time.time()) - 60}-{secrets.token_hex(32)}"
    for wrong in ("", "x", forged, token[:-1] + ("0" if token[-1] != "0" else "1"), "0-" + token, "9" * 40):
        answer = site.post("/lt/request", data=filled(wrong))
        assert answer.status_code == 400
        assert NAME in answer.text, "what was written is still in the form"


def test_programs_are_slowed_and_nothing_is_lost_on_people(site: httpx.Client, ripe: dict[str, str]) -> None:
    quick = site.post("/en/request", data=filled(form_of(site)))
    assert quick.status_code == 400
    assert "unusually fast" in quick.text
    token = ripe["lt"]
    trapped = site.post("/en/request", data=filled(token, homepage="https://spam.example"))
    assert trapped.status_code == 400
    assert WISH in trapped.text
    for field in ("name", "contact", "wish", "agreed"):
        assert site.post("/lt/request", data=filled(token) | {field: ""}).status_code == 400


def test_huge_and_odd_forms_are_refused(site: httpx.Client) -> None:
    token = form_of(site)
    assert site.post("/lt/request", data=filled(token, wish="x" * 70_000)).status_code == 413
    assert site.post("/lt/request", data={f"f{number}": "x" for number in range(100)}).status_code == 400
    odd = {"Content-Type": "multipart/form-data; boundary=x"}
    assert site.post("/lt/request", content=b"--x--", headers=odd).status_code == 415
    packed = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    assert site.post("/lt/request", content=b"\x1f\x8b", headers=packed).status_code == 415
    assert site.post("/lt/request", content=b"a=%ff%fe", headers={
        "Content-Type": "application/x-www-form-urlencoded"}).status_code == 400
    assert site.put("/lt/request", content=b"x").status_code == 405
    assert site.get("/lt/services").status_code == 200


def test_slow_forms_do_not_hold_others(site: httpx.Client) -> None:
    """In up to three rounds: slow forms that hold others do so in each, a busy machine does not."""
    assert any(_beside_slow_forms(site) < 5 for _ in range(3))


def _beside_slow_forms(site: httpx.Client) -> float:
    """Seconds that twenty pages take while fifty forms do not end."""
    with contextlib.ExitStack() as held:
        for _ in range(50):
            line = held.enter_context(socket.create_connection(("127.0.0.1", site.base_url.port or 80), 60))
            line.sendall(b"POST /lt/request HTTP/1.1\r\nHost: x\r\n"
                         b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nname=")
        began = time.monotonic()
        for _ in range(20):
            assert site.get("/lt/services").status_code == 200
        return time.monotonic() - began


def test_a_request_is_read_by_those_who_answer_and_nobody_else(
    site: httpx.Client, ripe: dict[str, str], shared_stage: Stage
) -> None:
    for language, name in (("lt", NAME), ("en", SCRIPT)):
        answer = site.post(f"/{language}/request", data=filled(ripe[language], name=name, wish=WISH + SCRIPT))
        assert answer.status_code == 200
        assert NAME not in answer.text, "nothing of it comes back"
    # The same answer for somebody who is a patient.
    reception = shared_stage.sign_in("reception1")
    listed = reception.read("/desk/requests-in").body.decode()
    assert NAME not in listed, "the list names nobody"
    addresses = re.findall(r"/desk/requests-in/[0-9a-f]{32}", listed)
    assert len(set(addresses)) >= 2
    shown = "".join(reception.read(address).body.decode() for address in dict.fromkeys(addresses))
    assert NAME in shown
    assert WISH in shown
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown
    assert "<img src=x" not in shown
    for account in ("officer1", "administrator", "auditor"):
        other = shared_stage.sign_in(account)
        assert other.read("/desk/requests-in").status == 403
        assert other.read(addresses[0]).status == 403
        other.close()
    nobody = Browser(shared_stage.staff)
    assert nobody.read(addresses[0]).status == 303
    nobody.close()
    form = re.search(r'name="form" value="([0-9a-f]{64})"', shown)
    assert form is not None
    assert reception.form(f"{addresses[0]}/done", {"form": "0" * 64, "act": "remove"}).status == 403
    assert reception.form(f"{addresses[0]}/done", {"form": form[1], "act": "done"}).status == 303
    assert reception.form(f"{addresses[1]}/done", {"form": form[1], "act": "remove"}).status == 303
    assert reception.read(addresses[1]).status == 404
    assert b"came-in" not in reception.read("/desk/requests-in").body
    reception.close()


def test_nothing_that_was_written_is_in_a_log_or_on_the_disk(
    site: httpx.Client, ripe: dict[str, str], shared_stage: Stage
) -> None:
    assert site.post("/lt/request?secret=zqxjk", data=filled(ripe["lt"])).status_code == 200
    marks = [NAME.encode(), WISH.encode(), b"zqxjk", b"600 00000", NAME.encode("utf-16-le")]
    planted = shared_stage.data / "run" / "planted"
    planted.write_bytes(b"x" * 100 + NAME.encode())
    found = [path for path in _files(shared_stage) if any(mark in path.read_bytes() for mark in marks)]
    assert found == [planted], "the searcher sees what is there, and there is nothing else"
    planted.unlink()


def _files(stage: Stage) -> list:
    with contextlib.suppress(OSError):
        return [*(path for path in stage.data.rglob("*") if path.is_file() and not path.is_socket()), stage.log]
    return []


def test_a_script_in_the_clinics_pages_is_words(site: httpx.Client, shared_stage: Stage) -> None:
    path = shared_stage.data / "site" / "lt" / "bandymas.md"
    path.write_text(f"---\ntitle: {SCRIPT[:60]}\norder: 99\ndescription: {SCRIPT}\n---\n{SCRIPT}\n\n"
                    "[x](javascript:alert(1)) ![y](https://evil.example/p.png)\n")
    path.chmod(0o644)
    (shared_stage.data / "site" / "lt" / "statement.md").write_text(
        f"---\ntitle: Pranešimas {SCRIPT[:40]}\ndescription: {SCRIPT}\n---\n{SCRIPT}\n")
    (shared_stage.data / "site" / "lt" / "statement.md").chmod(0o644)
    (shared_stage.data / "site" / "lt" / "nuoroda.md").symlink_to(shared_stage.data / "settings.toml")
    deadline = time.monotonic() + 60
    while site.get("/lt/bandymas").status_code != 200 or "Pranešimas" not in site.get("/lt/services").text:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    for page in (site.get("/lt/bandymas").text, site.get("/lt/services").text, site.get("/lt/statement").text):
        assert "<script" not in page
        assert "<img" not in page
        assert "javascript:alert" not in re.sub(r">[^<]*<", "><", page)
        assert "Pranešimas" in page, "the statement stands on every page"
    assert site.get("/lt/nuoroda").status_code == 404
    for name in ("bandymas.md", "statement.md", "nuoroda.md"):
        (shared_stage.data / "site" / "lt" / name).unlink()


def test_no_open_redirects(site: httpx.Client) -> None:
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "/lt/\r\nx: y", "javascript:x"):
        own = {"Sec-Fetch-Site": "same-origin"}
        answer = site.post("/language", data={"language": "en", "back": back}, headers=own)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
    for path in ("//evil.example", "/lt//evil.example", "/auth", "/lt"):
        place = site.get(path).headers.get("location", "/")
        assert place.startswith("/")
        assert not place.startswith("//")


def test_locked_the_site_stays_and_requests_wait_sealed(make_stage) -> None:  # type: ignore[no-untyped-def]
    stage = make_stage()
    stage.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{stage.port}", timeout=60) as site:
        there(site)
        token = form_of(site)
        with stage.admin() as admin:
            admin.call("admin.lock")
        assert site.get("/lt/services").status_code == 200
        assert "08:00" in site.get("/lt/contact").text or site.get("/lt/contact").status_code == 200
        time.sleep(3.1)
        held = site.post("/en/request", data=filled(token))
        assert held.status_code == 202
        assert "would be lost" in held.text, "it is said what could happen to it"
        stage.seifas("unlock", "--passphrase-file", str(stage.data.with_name(stage.data.name + ".passphrase")))
        reception = stage.sign_in("reception1")
        deadline = time.monotonic() + 60
        while not (found := re.findall(ONE, reception.read("/desk/requests-in").body.decode())):
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert NAME in reception.read(found[0]).body.decode()
        reception.close()


def test_the_bounds_of_the_box_are_the_keepers() -> None:
    """What a taken-over public process may do is bounded behind it (tests/site/test_site_drop_box.py fills it)."""
    assert dropping.MOST_AN_HOUR <= dropping.MOST_WAITING
    assert dropbox.OVERHEAD < dropping.drops.MOST_SEALED
