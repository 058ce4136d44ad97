"""Evidence at a served desk, from the file that comes in to the bundle that others verify; and nothing on the disk."""

import hashlib
import http.client
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile

import bagit
import pytest
import typer
from darkroom_stage import Desk
from evidence_rig import Authority, served
from leaks_stage import agree
from pypdf import PdfReader

from seifas.cli import cases_bundle
from seifas.drill.stage import Browser, Stage
from seifas.drill.thieves import form_of
from seifas.incidents import timestamping

MARK = "kilpadrobulis-įkaltis"
SAMPLE = f"Šimkūnaitė;Žydronė;1981-03-17;{MARK}\n".encode() * 30_000
"""Over a megabyte: it comes in and goes out in pieces."""

COPY = b"\xff\xd8\xff\xe0" + MARK.encode() + bytes(200_000)


@pytest.fixture(scope="module")
def authority(places):
    made = Authority(places / f"tsa-{os.urandom(4).hex()}")
    with served(made) as made.url:
        yield made


@pytest.fixture(scope="module")
def clinic(places, small_clinic, authority):
    """A served clinic that has evidence stamped."""
    stage = Stage(places / f"evidence-{os.urandom(4).hex()}")
    stage.copy_from(small_clinic)
    with (stage.data / "settings.toml").open("a") as file:
        file.write(f'\n[incidents]\ntsa_url = "{authority.url}"\ntsa_certificates = "{authority.folder}/ca.pem"\n')
    stage.start()
    yield stage
    stage.remove()


@pytest.fixture(scope="module")
def officer(clinic: Stage):
    browser = clinic.sign_in("officer1")
    yield browser
    browser.close()


def post(browser: Browser, path: str, **fields: str):
    return browser.form(path, {"form": form_of(browser), **fields})


def sent_in(browser: Browser, case: str, name: str, body: bytes, **fields: str):
    """A file through the plain form."""
    mark = "----seifas-test"
    parts = "".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in {"form": form_of(browser), **fields}.items()
    )
    head = f'{parts}--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    whole = head.encode() + body + f"\r\n--{mark}--\r\n".encode()
    return browser.ask("POST", f"{case}/evidence/add", whole, {
        "Content-Type": f"multipart/form-data; boundary={mark}", "Origin": "null", "Sec-Fetch-Site": "same-origin",
    })  # fmt: skip


@pytest.fixture(scope="module")
def case(officer: Browser):
    """A case with a sample, a copy made from it, and one that is none of its files."""
    made = post(officer, "/desk/cases", title="35 eilutės forume", kind="hand")
    assert made.status == 303, made.body
    case = made.headers["location"]
    answer = sent_in(officer, case, "pavyzdys „35“.csv", SAMPLE, origin="http://forumas.test/35", tool="wget 1.21",
                     clock="-40")  # fmt: skip
    assert answer.status == 303, answer.body
    (first,) = items(officer, case)
    assert sent_in(officer, case, "be-exif.jpg", COPY, derived=first, tool="mat2 0.13").status == 303
    assert sent_in(officer, case, "per klaidą.txt", b"nothing to do with it").status == 303
    return case


def items(browser: Browser, case: str):
    return re.findall(r'id="f-([0-9a-f]{32})"', browser.read(f"{case}/evidence").body.decode())


def page(browser: Browser, case: str):
    answer = browser.read(f"{case}/evidence")
    assert answer.status == 200, answer.body
    return answer.body.decode()


def test_the_page_shows_hashes_sources_and_custody(officer, case):
    shown = page(officer, case)
    for digest in (hashlib.sha256(SAMPLE), hashlib.sha512(SAMPLE), hashlib.sha512(COPY)):
        assert digest.hexdigest() in shown
    assert "http://forumas.test/35" in shown
    assert "-40 s" in shown
    assert shown.count("gauta") >= 6
    assert MARK not in shown


@pytest.mark.parametrize(("fields", "status"), [
    ({"do": "remark", "text": "x" * 2001}, 400), ({"do": "remark"}, 400), ({"do": "remark", "clock": "daug"}, 400),
    ({"do": "remark", "derived": "0" * 32}, 404), ({"do": "retract", "retracted": ""}, 400), ({"do": "dance"}, 400),
    ({"do": "custody", "word": "exported", "day": "2026-01-01", "time": "10:00"}, 400),
    ({"do": "custody", "word": "handed-over", "day": "2026-01-01", "time": "10:00"}, 400),
    ({"do": "custody", "word": "copied", "day": "2099-01-01", "time": "10:00"}, 400),
    ({"do": "export", "purpose": ""}, 400), ({"do": "remark", "file": "0" * 32, "text": "x"}, 404),
])  # fmt: skip
def test_what_cannot_be_said_says_why(officer, case, fields, status):
    first = items(officer, case)[0]
    answer = post(officer, f"{case}/evidence", **{"file": first, f"file-{first}": "1", **fields})
    assert answer.status == status, answer.body[:500]
    assert b"traceback" not in answer.body.lower()


def fetched(stage, officer, case):
    """The whole way: said, asked, allowed, prepared, fetched."""
    first, _, wrong = items(officer, case)[:3]
    assert post(officer, f"{case}/evidence", do="remark", file=first, text="pirmas pavyzdys").status == 303
    assert post(officer, f"{case}/evidence", do="retract", file=wrong, retracted="ne tos bylos").status == 303
    deed = {"do": "custody", "word": "handed-over", "day": "2026-01-02", "time": "10:00", "to": "tyrėjas Jonaitis",
            "protocol": "12-1", f"file-{first}": "1"}  # fmt: skip
    assert post(officer, f"{case}/evidence", **deed).status == 303
    assert post(officer, f"{case}/evidence", do="export", purpose="Kauno VPK, 12-1").status == 303
    assert post(officer, f"{case}/evidence", do="export", purpose="dar kartą").status == 412
    ident = bytes.fromhex(case.rpartition("/")[2])
    with Desk(stage, "officer2") as colleague:
        (request,) = (one["approval"] for one in colleague.ask("case.exports", case=ident))
        early = post(officer, f"{case}/evidence/bundle", do="prepare", approval=request.hex())
        assert early.status == 403
        agree(stage, colleague, request)
    prepared = post(officer, f"{case}/evidence/bundle", do="prepare", approval=request.hex())
    assert prepared.status == 303, prepared.body.decode()[-1500:]
    again = post(officer, f"{case}/evidence/bundle", do="prepare", approval=request.hex())
    assert again.status == 403
    entry = re.search(r'name="entry" value="([0-9a-f]{32})"', page(officer, case))[1]
    give_up = time.monotonic() + 60
    while "su laiko žyma" not in page(officer, case):
        assert time.monotonic() < give_up
        time.sleep(0.2)
    return entry, post(officer, f"{case}/evidence/bundle", do="fetch", entry=entry)


def test_a_bundle_is_fetched_and_others_find_it_whole(clinic, officer, case, authority, tmp_path):
    before = set(clinic.data.rglob("*"))
    entry, answer = fetched(clinic, officer, case)
    assert answer.status == 200, answer.body[:500]
    assert int(answer.headers["content-length"]) == len(answer.body)
    place = tmp_path / "bundle.zip"
    place.write_bytes(answer.body)
    with zipfile.ZipFile(place) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path)
    (bag,) = [one for one in tmp_path.iterdir() if one.is_dir()]
    assert bagit.Bag(str(bag)).validate()
    done = subprocess.run([sys.executable, "-I", "-S", bag / "verify.py", place], capture_output=True, text=True,
                          check=False, timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 items" in done.stdout
    assert "stamped" in done.stdout
    assert "NOT" not in done.stdout
    answer_of = (bag / "tagmanifest-sha256.txt.tsr").read_bytes()
    assert timestamping.stamped(answer_of, (bag / "tagmanifest-sha256.txt").read_bytes(), authority.root)
    assert all(len(query) < 200 for _, query in authority.asked)  # a hash, and nothing else, went to the authority
    for language in ("lt", "en"):
        told = subprocess.run(["pdfsig", bag / f"protocol-{language}.pdf"], capture_output=True, text=True, check=False,
                              timeout=100)  # fmt: skip
        assert "Signature is Valid" in told.stdout
    assert subprocess.run(["unzip", "-tqq", place], check=False, timeout=100).returncode == 0
    said = (bag / "items.json").read_text()
    assert "ne tos bylos" in said
    assert [one.read_bytes() for one in sorted(bag.rglob("data/*/*"), key=lambda one: one.name)][:2] == [SAMPLE, COPY]
    # It can be fetched again, each file with a line; and it was made on no disk of the server's.
    assert post(officer, f"{case}/evidence/bundle", do="fetch", entry=entry).body == answer.body
    assert page(officer, case).count("išduota") >= 6
    fresh = [one for one in clinic.data.rglob("*") if one.is_file()]
    assert before
    searched = b"".join(one.read_bytes() for one in fresh)
    assert MARK.encode() in SAMPLE  # the searcher sees it where it is
    assert MARK.encode() not in searched
    assert b"ne tos bylos" not in searched
    assert answer.body[:200] not in searched


def test_an_exercise_says_so_on_whatever_it_gives_out(clinic, officer, authority, tmp_path):
    with Desk(clinic, "officer1") as one:
        ident = one.ask("case.open", title="Pratybos 2017", kind="hand", exercise=True, shift_ms=-86_400_000)["case"]
    case = f"/desk/cases/{ident.hex()}"
    assert sent_in(officer, case, "a.csv", b"sample").status == 303
    assert post(officer, f"{case}/evidence", do="export", purpose="pratybos").status == 303
    with Desk(clinic, "administrator") as colleague:
        request = colleague.ask("approval.list")[0]["id"]
        agree(clinic, colleague, request)
    before = len(authority.asked)
    assert post(officer, f"{case}/evidence/bundle", do="prepare", approval=request.hex()).status == 303
    shown = page(officer, case)
    assert "be laiko žymos" in shown
    entry = re.search(r'name="entry" value="([0-9a-f]{32})"', shown)[1]
    answer = post(officer, f"{case}/evidence/bundle", do="fetch", entry=entry)
    with zipfile.ZipFile(io.BytesIO(answer.body)) as opened:
        names = opened.namelist()
        assert all(one.startswith("exercise-") for one in names)
        assert b"Exercise: yes" in opened.read(next(one for one in names if one.endswith("bag-info.txt")))
        pdf = opened.read(next(one for one in names if one.endswith("protocol-lt.pdf")))
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages)
    assert "PRATYBOS" in text
    assert len(authority.asked) == before  # nothing of an exercise goes out


def test_the_command_line_writes_the_same_bundle_elsewhere(clinic, officer, case, tmp_path, capsys):
    entry = re.search(r'name="entry" value="([0-9a-f]{32})"', page(officer, case))[1]
    whole = post(officer, f"{case}/evidence/bundle", do="fetch", entry=entry).body
    ident = case.rpartition("/")[2]
    place = tmp_path / "b.zip"
    cases_bundle.bundle(ident, place, clinic.data, json=True)
    assert place.read_bytes() == whole
    assert place.stat().st_mode & 0o777 == 0o600
    told = json.loads(capsys.readouterr().out)
    assert (told["items"], told["stamp"], told["bytes"]) == (3, "sent", len(whole))
    for name, out in ((ident, place), (ident, clinic.data / "b.zip"), (ident, tmp_path / "no" / "b.zip"),
                      ("zz", tmp_path / "c.zip"), ("0" * 32, tmp_path / "c.zip")):  # fmt: skip
        with pytest.raises(typer.Exit):
            cases_bundle.bundle(name, out, clinic.data, json=True)
    assert place.read_bytes() == whole
    assert not (tmp_path / "c.zip").exists()
    other = post(officer, "/desk/cases", title="be rinkinio", kind="hand").headers["location"].rpartition("/")[2]
    with pytest.raises(typer.Exit):
        cases_bundle.bundle(other, tmp_path / "c.zip", clinic.data, json=True)


def test_others_are_kept_from_it(clinic, officer, case):
    for account in ("doctor1", "nurse1", "reception1", "auditor", "administrator"):
        other = clinic.sign_in(account)
        assert other.read(f"{case}/evidence").status == 403
        form = form_of(other)
        for path in ("evidence", "evidence/bundle"):
            answer = other.form(f"{case}/{path}", {"form": form, "do": "fetch", "entry": "0" * 32})
            assert answer.status == 403
        assert sent_in(other, case, "a.csv", b"x").status == 403
        other.close()
    for entry in ("0" * 32, "", "zz", "../../etc"):
        assert post(officer, f"{case}/evidence/bundle", do="fetch", entry=entry).status in (400, 404)
    for approval in ("0" * 32, ""):
        assert post(officer, f"{case}/evidence/bundle", do="prepare", approval=approval).status in (400, 404)
    assert officer.form(f"{case}/evidence", {"form": "0" * 64, "do": "export", "purpose": "be žymos"}).status == 403


def test_another_cases_bundle_is_not_fetched_through_this_one(clinic, officer, case):
    entry = re.search(r'name="entry" value="([0-9a-f]{32})"', page(officer, case))
    assert entry is not None
    other = post(officer, "/desk/cases", title="kita byla", kind="hand").headers["location"]
    assert post(officer, f"{other}/evidence/bundle", do="fetch", entry=entry[1]).status == 404


def test_an_object_that_was_changed_on_the_disk_leaves_nothing_whole(clinic, officer, case):
    """Last, as it spoils the case: the answer ends before the length that it stated."""
    entry = re.search(r'name="entry" value="([0-9a-f]{32})"', page(officer, case))[1]
    whole = post(officer, f"{case}/evidence/bundle", do="fetch", entry=entry).body
    assert zipfile.ZipFile(io.BytesIO(whole)).testzip() is None
    objects = (clinic.data / "data" / "objects").rglob("*")
    near = [one for one in objects if one.is_file() and abs(one.stat().st_size - len(SAMPLE)) < 70_000]
    sealed = max(near, key=lambda one: one.stat().st_mtime_ns)
    body = bytearray(sealed.read_bytes())
    body[len(body) // 2] ^= 1
    sealed.write_bytes(body)
    with pytest.raises(http.client.IncompleteRead):
        post(officer, f"{case}/evidence/bundle", do="fetch", entry=entry)
