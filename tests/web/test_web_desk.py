"""The desk over real sockets: signing in, forms, patients, reasons, and that pages show nothing that runs."""

import logging
import re
import time
from collections.abc import Callable

import httpx
import pytest
from desk_browser import Browser
from running_vault import RunningVault

SignedIn = Callable[[str], Browser]


# -- sessions


def test_a_link_signs_in_once(vault: RunningVault) -> None:
    link = f"{vault.staff}/auth/link/{vault.link('gydytoja')}"
    first = httpx.get(link, timeout=60)
    assert (first.status_code, first.headers["location"]) == (303, "/desk")
    cookie = first.headers["set-cookie"]
    assert re.fullmatch(r"seifas=[\w-]{20,}; Path=/; HttpOnly; SameSite=Strict", cookie)
    second = httpx.get(link, headers={"Accept-Language": "lt"}, timeout=60)
    assert second.status_code == 401
    assert "nebegalioja" in second.text
    assert "set-cookie" not in second.headers
    assert httpx.get(f"{vault.staff}/auth/link/{'x' * 5000}", timeout=60).status_code in (400, 401)


def test_signing_out_ends_the_session(vault: RunningVault, browser: SignedIn) -> None:
    one = browser("gydytoja")
    token = one.cookies["seifas"]
    out = one.submit("/auth/sign-out")
    assert out.url.path == "/auth/sign-in"
    assert "signed out" in out.text
    again = httpx.get(f"{vault.staff}/desk", cookies={"seifas": token}, timeout=60)
    assert (again.status_code, again.headers["location"]) == (303, "/auth/sign-in")
    assert "Max-Age=0" in again.headers["set-cookie"]


def test_wrong_passwords_say_the_same_whoever_was_named(browser: SignedIn) -> None:
    nobody = browser("")
    here = {"Sec-Fetch-Site": "same-origin"}
    texts = set()
    for name in ("gydytoja", "nesamas"):
        sent = {"name": name, "password": "x" * 12, "code": "123456"}
        answer = nobody.post("/auth/sign-in", data=sent, headers=here)
        assert answer.status_code == 401
        texts.add(re.sub(r"\s+", " ", answer.text))
    assert len(texts) == 1
    assert nobody.post("/auth/sign-in", data=sent, headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_click_in_a_letter_reaches_the_desk(vault: RunningVault) -> None:
    cross = {"Sec-Fetch-Site": "cross-site"}
    moment = httpx.get(f"{vault.staff}/desk", headers=cross, timeout=60)
    assert moment.status_code == 200
    assert 'http-equiv="refresh"' in moment.text
    assert httpx.get(f"{vault.staff}/desk", headers={"Sec-Fetch-Site": "none"}, timeout=60).status_code == 303


@pytest.mark.parametrize("name", ["gydytoja", "registratore", "pareigune", "adminas", "auditore"])
@pytest.mark.parametrize("language", ["lt", "en"])
def test_every_hat_has_its_desk_in_both_languages(browser: SignedIn, name: str, language: str) -> None:
    page = browser(name).get("/desk", headers={"Accept-Language": f"{language};q=0.9, de;q=0.1"})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert ('action="/desk/search"' in page.text) is (name in ("gydytoja", "registratore"))
    assert ('id="alarms"' in page.text) is (name == "pareigune")
    assert ('href="/desk/people"' in page.text) is (name == "adminas")
    assert ('id="sessions"' in page.text) is (name == "pareigune")


def test_hats_are_changed_and_only_among_ones_own(browser: SignedIn) -> None:
    one = browser("gydytoja")
    assert 'id="sessions"' in one.submit("/desk/hat", hat="officer").text
    assert one.submit("/desk/hat", hat="administrator").status_code in (403, 404)
    assert one.submit("/desk/hat", hat="x").status_code == 404
    assert 'action="/desk/search"' in one.submit("/desk/hat", hat="doctor").text


def test_sessions_are_ended_from_the_account_page(browser: SignedIn) -> None:
    one, other = browser("auditore"), browser("auditore")
    ident = re.search(r'name="id" value="([0-9a-f]{32})"', other.get("/desk/account").text)
    assert ident is not None
    assert other.submit("/desk/sessions", id=ident[1], do="end", back="account").url.path == "/desk/account"
    assert one.get("/desk").url.path == "/auth/sign-in"


# -- forms


@pytest.mark.parametrize("path", ["/desk/search", "/desk/hat", "/desk/alarms", "/desk/caller", "/auth/sign-out"])
def test_forms_from_elsewhere_do_nothing(vault: RunningVault, browser: SignedIn, path: str) -> None:
    one = browser("gydytoja")
    fields = {"form": one.form_token(), "query": "Žuk", "hat": "officer"}
    for headers in (
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": vault.staff},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ):
        assert one.post(path, data=fields, headers=headers).status_code == 403, headers
    stale = one.post(path, data=fields | {"form": "0" * 64}, headers={"Sec-Fetch-Site": "same-origin"})
    assert stale.status_code == 403
    other = browser("gydytoja").form_token()
    assert one.post(path, data=fields | {"form": other}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403
    assert one.get("/desk").status_code == 200


def test_forms_are_no_uploads(browser: SignedIn) -> None:
    one = browser("gydytoja")
    here = {"Sec-Fetch-Site": "same-origin"}
    assert one.post("/desk/search", files={"query": b"x"}, headers=here).status_code == 415
    large = one.post("/desk/search", data={"form": "x", "query": "y" * 100_000}, headers=here)
    assert large.status_code == 413
    assert one.get("/desk/search").status_code == 404


# -- patients


def test_patients_are_found_masked_and_opened(browser: SignedIn, ona: str) -> None:
    one = browser("gydytoja")
    found = one.submit("/desk/search", query="Žuk")
    assert f'href="/desk/patient/{ona}"' in found.text
    assert "Žukauskienė" not in found.text
    assert "1980-02-03" not in found.text
    assert "…567" in found.text
    assert "Nobody" in one.submit("/desk/search", query="Nesamasis").text
    card = one.get(f"/desk/patient/{ona}")
    assert "Žukauskienė" in card.text
    assert "+370 612 34567" in card.text
    assert "171.50" not in card.text
    chart = one.submit(f"/desk/patient/{ona}/chart")
    assert "171.50 cm" in chart.text
    assert "narrative-is-not-shown" not in chart.text


def test_what_patients_are_called_never_runs(browser: SignedIn, ona: str) -> None:
    one = browser("gydytoja")
    chart = one.submit(f"/desk/patient/{ona}/chart").text
    assert "<script>alert" not in chart
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in chart
    assert "Ūgis &lt;i&gt;" in chart
    card = one.submit(f"/desk/patient/{ona}").text
    assert "<script>alert" not in card
    assert "urn:x&#34;&#39;&gt;&lt;b&gt;" in card


def test_cold_patients_want_a_reason(vault: RunningVault, browser: SignedIn, ona: str) -> None:
    vault.new_day()
    vault.account("kolege", "nurse")
    one = browser("kolege")
    asked = one.get(f"/desk/patient/{ona}/chart")
    assert asked.status_code == 403
    assert 'name="reason" value="visit"' in asked.text
    assert "171.50" not in asked.text
    told = one.submit(f"/desk/patient/{ona}/chart", reason="visit")
    assert told.status_code == 200
    assert "171.50" in told.text
    other = one.submit(f"/desk/patient/{ona}", other="Skubus iškvietimas")
    assert other.status_code == 200
    assert one.submit(f"/desk/patient/{ona}", other="x" * 200).status_code == 400


def test_reception_sees_cards_only(browser: SignedIn, ona: str) -> None:
    one = browser("registratore")
    proof = one.submit("/desk/caller", surname="Žukauskienė", birthdate="1980-02-03")
    assert "+370 612 34567" in proof.text
    assert "/chart\"" not in proof.text
    assert one.submit("/desk/caller", surname="Žukauskienė", birthdate="1981-02-03").status_code == 404
    assert one.submit(f"/desk/patient/{ona}/chart", reason="visit").status_code == 403


def test_those_who_see_no_patients_are_refused(browser: SignedIn, ona: str) -> None:
    for name in ("pareigune", "adminas", "auditore"):
        one = browser(name)
        assert one.get(f"/desk/patient/{ona}").status_code in (403, 404)
        assert one.submit("/desk/search", query="Žuk").status_code == 403


@pytest.mark.parametrize("ident", ["x", "ab" * 16, "0" * 32, "AB" * 16, "..%2f..", "a/b/c"])
def test_patients_that_are_not_there(browser: SignedIn, ident: str) -> None:
    assert browser("gydytoja").get(f"/desk/patient/{ident}").status_code in (400, 404)


# -- the frame


def test_every_answer_is_guarded(vault: RunningVault, browser: SignedIn) -> None:
    one = browser("gydytoja")
    for path in (
        "/desk",
        "/desk/account",
        "/auth/sign-in",
        "/nothing",
        "/health",
        "/static/passkey.js",
        "/auth",
        "/metrics",
    ):
        answer = one.get(path, follow_redirects=False)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        if not path.startswith("/static/"):
            assert answer.headers["cache-control"] == "no-store"
    assert one.get("/nothing").status_code == 404


def test_static_files_last_as_long_as_their_content(browser: SignedIn) -> None:
    nobody = browser("")
    address = re.search(r'href="(/static/seifas\.css\?v=[0-9a-f]+)"', nobody.get("/auth/sign-in").text)
    assert address is not None
    first = nobody.get(address[1])
    assert "immutable" in first.headers["cache-control"]
    assert nobody.get("/static/seifas.css").headers["cache-control"] == "no-cache"
    assert nobody.get(address[1], headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    for path in ("/static/", "/static/../app.py", "/static/%2e%2e/words.py", "/static/base.html"):
        assert nobody.get(path).status_code == 404


def test_the_language_switch_goes_back_and_nowhere_else(vault: RunningVault, browser: SignedIn) -> None:
    one = browser("gydytoja")
    here = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    back = one.post("/language", data={"language": "lt", "back": "/desk/account"}, headers=here)
    assert back.url.path == "/desk/account"
    assert '<html lang="lt">' in back.text
    for place in ("//evil.example", "https://evil.example", "/\\evil.example", "/a?b", "javascript:x", ""):
        answer = one.post("/language", data={"language": "en", "back": place}, headers=here, follow_redirects=False)
        assert answer.headers["location"] == "/"
    odd = one.post(
        "/language", data={"language": "x\r\nSet-Cookie: a=b", "back": "/"}, headers=here, follow_redirects=False
    )
    assert "set-cookie" not in odd.headers


def test_health_and_metrics(browser: SignedIn) -> None:
    nobody = browser("")
    told = nobody.get("/health").json()
    assert told == {"live": True, "ready": True, "locked": False, "standby": False, "version": "0.1.0"}
    metrics = nobody.get("/metrics")
    assert metrics.headers["content-type"].startswith("application/openmetrics-text")
    assert metrics.text.endswith("# EOF\n")


def test_logs_name_nobody(browser: SignedIn, ona: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        one = browser("gydytoja")
        one.submit("/desk/search", query="Žukauskienė")
        one.get(f"/desk/patient/{ona}")
        one.get("/fhir/Patient?family=Žukauskienė")
        one.get(f"/fhir/Patient/{ona}/_history/1")
        one.get("/nothing/Žukauskienė?q=Žukauskienė")
        deadline = time.monotonic() + 60  # a line is written after its answer was sent
        while not any(record.__dict__.get("route") == "?" for record in caplog.records):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    lines = [record for record in caplog.records if record.name == "seifas.access"]
    routes = {record.__dict__["route"] for record in lines}
    assert {"/auth/link/{token}", "/desk/search", "/desk/patient/{ident}", "/fhir/{type}", "?"} <= routes
    everything = "\n".join(str(record.__dict__) for record in caplog.records if record.name.startswith("seifas"))
    for secret in ("ukausk", ona, one.cookies["seifas"], "%C5%BDukausk"):
        assert secret not in everything
    assert {record.__dict__["status"] for record in lines} >= {200, 404}


def test_an_idle_session_says_how_to_go_on(
    vault: RunningVault, browser: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = browser("registratore")
    session = vault.desk("session.who", session=one.cookies["seifas"])["session_id"]
    real = vault.keeper.now

    def later() -> object:
        moment = real()
        return moment._replace(wall_ms=moment.wall_ms + 3 * 3_600_000)

    monkeypatch.setattr(vault.keeper, "now", later)
    one.get("/desk/account")  # the keeper notices at the next act that nobody was there
    page = one.get("/desk")
    monkeypatch.undo()
    assert session
    assert "locked itself" in page.text
    assert 'action="/desk/search"' not in page.text
