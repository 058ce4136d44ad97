"""Patients' pages turned round: from elsewhere, by other hats, for another patient, without reason or line."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fhir"))
sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

from desk_browser import Browser
from running_vault import RunningVault, running_vault

from seifas.errors import SeifasError
from seifas.web.desk.app import build_desk
from seifas.web.public.app import build_public

HERE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
SignedIn = Callable[[str], Browser]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    with running_vault(tmp_path_factory.mktemp("vault"), build_desk, build_public) as running:
        for name, hat in (("ruta", "doctor"), ("jonas", "doctor"), ("zita", "nurse"), ("priimamoji", "reception"),
                          ("pareigune", "officer"), ("adminas", "administrator"), ("auditore", "auditor")):
            running.account(name, hat)
        yield running


@pytest.fixture
def browser(vault: RunningVault) -> Iterator[SignedIn]:
    opened: list[Browser] = []

    def sign_in(name: str) -> Browser:
        made = Browser(base_url=vault.staff, follow_redirects=True, timeout=30, headers={"Accept-Language": "en"})
        opened.append(made)
        assert made.get(f"/auth/link/{vault.link(name)}").status_code == 200
        return made

    yield sign_in
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def two(vault: RunningVault) -> list[tuple[str, str]]:
    """(patient, note) of two patients; nobody is new any more."""
    made = []
    with vault.fhir(vault.sign_in("ruta"), **{"Content-Type": "application/fhir+json"}) as fhir:
        for family in ("Pirmutė", "Antrutė"):
            ident = fhir.post("/Patient", json={
                "resourceType": "Patient", "name": [{"family": family}], "birthDate": "1970-01-01"}).json()["id"]
            note = fhir.post("/Observation", json={
                "resourceType": "Observation", "status": "final", "code": {"text": "Įrašas"},
                "subject": {"reference": f"Patient/{ident}"}, "valueString": f"paslaptis {family}",
                "effectiveDateTime": "2026-01-01"}).json()["id"]  # fmt: skip
            made.append((ident, note))
    vault.new_day()
    return made


def lines(vault: RunningVault, patient: str) -> list[str]:
    found = vault.desk("audit.list", session=vault.sign_in("pareigune"), patient=bytes.fromhex(patient), count=500)
    return [row["action"] for row in found if row["outcome"] == 0 and row["action"] != "audit-view"]


def cold_left(vault: RunningVault, one: Browser) -> int:
    left: int = vault.desk("session.left", session=one.cookies["seifas"])["left"]["cold_session_day"]
    return left


WRITES = ("write/note", "write/procedure", "write/visit", "edit", "merge", "print/chart", "print/card")


@pytest.mark.parametrize("path", WRITES)
def test_forms_from_elsewhere_write_and_show_nothing(
    vault: RunningVault, browser: SignedIn, two: list[tuple[str, str]], path: str
) -> None:
    one, ident = browser("ruta"), two[0][0]
    before = lines(vault, ident)
    good = {"text": "iš kitur", "visit": "none", "procedure": "x", "why": "priežastis", "do": "save", "expect": "1",
            "family": "Vagis", "given": "X", "born": "1970-01-01", "other": two[1][0]}  # fmt: skip
    for headers in ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
                    {"Sec-Fetch-Site": "same-site", "Origin": "null"}, {"Origin": "https://evil.example"}):
        answer = one.post(f"/desk/patient/{ident}/{path}", headers=headers, data=good | {"form": one.form_token()})
        assert answer.status_code == 403
        assert "iš kitur" not in answer.text
    # Of our origin, but with no token of this session: asked once more, and nothing done by itself.
    answer = one.post(f"/desk/patient/{ident}/{path}", headers=HERE, data=good | {"form": "0" * 64})
    assert "not written yet" in answer.text
    assert "paslaptis" not in answer.text
    assert lines(vault, ident) == before


@pytest.mark.parametrize("name", ["priimamoji", "pareigune", "adminas", "auditore"])
def test_hats_that_do_not_treat_get_no_chart_by_any_page(
    vault: RunningVault, browser: SignedIn, two: list[tuple[str, str]], name: str
) -> None:
    one, (ident, note) = browser(name), two[0]
    base = f"/desk/patient/{ident}"
    for path in (f"{base}/chart", f"{base}/record/Observation/{note}", "/desk/lots"):
        assert one.get(path).status_code == 403
    for path, fields in (
        (f"{base}/chart", {"reason": "visit"}), (f"{base}/write/note", {"text": "x", "visit": "none"}),
        (f"{base}/record/Observation/{note}", {"reason": "visit"}),
        (f"{base}/record/Observation/{note}", {"do": "wrong", "expect": "1"}),
        (f"{base}/print/chart", {"why": "priežastis"}), ("/desk/lots", {"lot": "AAAA-1"}),
    ):  # fmt: skip
        answer = one.submit(path, **fields)
        assert answer.status_code == 403, path
        assert "paslaptis" not in answer.text
    token = one.cookies["seifas"]
    for op, args in (
        ("record.chart", {"patient": bytes.fromhex(ident), "reason": "visit"}),
        ("record.print", {"patient": bytes.fromhex(ident), "what": "chart", "reason": "visit"}),
        ("record.versions", {"type": "Observation", "id": bytes.fromhex(note), "reason": "visit"}),
    ):
        with pytest.raises(SeifasError):
            vault.desk(op, session=token, **args)


def test_an_address_of_one_patient_shows_another_only_as_who_it_is_and_at_its_price(
    vault: RunningVault, browser: SignedIn, two: list[tuple[str, str]]
) -> None:
    vault.new_day()
    one = browser("jonas")
    (first, _), (second, note) = two
    assert one.submit(f"/desk/patient/{first}/chart", reason="visit").status_code == 200
    before = cold_left(vault, one)
    mixed = one.get(f"/desk/patient/{first}/record/Observation/{note}")
    assert mixed.status_code == 403, "the second is cold, whatever the address says"
    assert "paslaptis Antrutė" not in mixed.text
    told = one.submit(f"/desk/patient/{first}/record/Observation/{note}", reason="visit")
    assert before - cold_left(vault, one) == 1
    assert re.search(r'<h1 class="whose-name">\s*Antrutė', told.text), "whose it is stands over it"
    assert "Pirmutė" not in told.text
    assert lines(vault, second).count("open-chart") >= 1


def test_no_page_without_a_line_and_no_price_without_one(
    vault: RunningVault, browser: SignedIn, two: list[tuple[str, str]]
) -> None:
    vault.new_day()
    one, (ident, note) = browser("zita"), two[1]
    for path, action, fields in (
        (f"/desk/patient/{ident}/chart", "open-chart", {"reason": "visit"}),
        (f"/desk/patient/{ident}/record/Observation/{note}", "open-chart", {}),
        (f"/desk/patient/{ident}/print/chart", "printed", {"why": "siuntimas"}),
        (f"/desk/patient/{ident}", "open-card", {}),
        (f"/desk/patient/{ident}/edit", "open-card", {}),
        (f"/desk/patient/{ident}/merge", "open-card", {}),
    ):
        before = lines(vault, ident).count(action)
        answer = one.submit(path, **fields)
        assert answer.status_code == 200, path
        assert lines(vault, ident).count(action) > before, path
    assert 20 - cold_left(vault, one) == 1, "one patient, paid once"
    # A cold print without a reason of its own is none; the refusal costs and shows nothing.
    vault.new_day()
    other = browser("zita")
    printed = lines(vault, ident).count("printed")
    assert other.submit(f"/desk/patient/{ident}/print/chart", why=" ").status_code == 400
    assert lines(vault, ident).count("printed") == printed
    assert cold_left(vault, other) == 20


def test_a_stopped_session_neither_reads_nor_writes(
    vault: RunningVault, browser: SignedIn, two: list[tuple[str, str]]
) -> None:
    one, (ident, note) = browser("jonas"), two[0]
    form = one.form_token()
    vault.keeper.sessions.freeze(
        vault.desk("session.who", session=one.cookies["seifas"])["session_id"], "suspended"
    )
    written = lines(vault, ident).count("create")
    for path in (f"/desk/patient/{ident}/chart", f"/desk/patient/{ident}", f"/desk/patient/{ident}/merge", "/desk/lots",
                 f"/desk/patient/{ident}/record/Observation/{note}"):
        answer = one.get(path)
        assert answer.status_code == 403
        assert "paslaptis" not in answer.text
    for path in WRITES:
        answer = one.post(f"/desk/patient/{ident}/{path}", headers=HERE,
                          data={"form": form, "text": "x", "visit": "none", "why": "abc", "procedure": "y"})
        assert answer.status_code == 403, path
    assert lines(vault, ident).count("create") == written


@pytest.mark.parametrize(
    "path",
    [
        "record/Photo/{note}", "record/Patient/{note}", "record/Practitioner/{note}", "record/Observation/{ident}",
        "record/Observation/zz", "record/%2e%2e/chart", "write/..%2fchart", "record/Observation/{note}/x", "print/all",
        "write/note/x", "record/Observation/%00", "record/Basic/{note}",
    ],
)  # fmt: skip
def test_addresses_that_are_none(
    browser: SignedIn, two: list[tuple[str, str]], path: str
) -> None:
    one, (ident, note) = browser("ruta"), two[0]
    place = f"/desk/patient/{ident}/" + path.format(ident=ident, note=note)
    for answer in (one.get(place), one.submit(place, do="wrong", expect="1", reason="visit")):
        assert answer.status_code in (400, 403, 404, 405), (place, answer.status_code)
        assert "paslaptis" not in answer.text


def test_what_comes_back_from_a_form_never_runs(browser: SignedIn, two: list[tuple[str, str]]) -> None:
    one, ident = browser("ruta"), two[0][0]
    evil = '"><script>alert(1)</script>{{7*7}}'
    one.submit(f"/desk/patient/{ident}/chart", reason="visit")
    fields = {"text": evil, "visit": "none", "procedure": evil, "lot1": evil, "icd": evil, "value": evil, "why": evil,
              "query": evil, "do": "find", "site": evil, "product1": ""}  # fmt: skip
    for path in ("write/note", "write/procedure", "write/complaint", "write/measurement", "merge", "print/card"):
        answer = one.submit(f"/desk/patient/{ident}/{path}", **fields)
        assert "<script>alert" not in answer.text, path
        assert "49" not in re.sub(r"[0-9a-f]{16,}", "", answer.text).partition("main")[2] or "{{7*7}}" in answer.text
    chart = one.get(f"/desk/patient/{ident}/chart").text
    assert "<script>alert" not in chart
    for huge in ({"text": "x" * 70_000}, {f"f{number}": "1" for number in range(5000)}):
        answer = one.submit(f"/desk/patient/{ident}/write/note", **huge)
        assert answer.status_code in (400, 413)
