"""A bundle holds before every foreign verifier, and none passes one of which a byte was changed."""

import datetime
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import bagit
import msgspec
import pytest
import rfc3161_client
from cryptography import x509
from evidence_rig import CASE, FILES, Authority, Log, bundle, served, told, zipped
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from seifas.errors import Invalid, Tampered
from seifas.incidents import bagging, bundle_check, bundles, custody, timestamping
from seifas.incidents.standing import Entry
from seifas.jobs import case_sending


@pytest.fixture(scope="module", autouse=True)
def answered():
    """What openssl said of these very bytes is not asked again: hundreds of bundles here differ in one of them."""
    asked, ask = {}, bundle_check.openssl

    def openssl(words, files):
        key = (words, tuple(sorted(files.items())))
        if key not in asked:
            asked[key] = ask(words, files)
        return asked[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle_check, "openssl", openssl)
        yield


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.fixture(scope="module")
def made(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("bundle")
    body, prepared, signatory, log = bundle(folder, authority)
    (folder / "b.zip").write_bytes(body)
    with zipfile.ZipFile(folder / "b.zip") as opened:
        opened.extractall(folder / "out")
    return {"zip": body, "place": folder / "b.zip", "bag": folder / "out" / prepared.folder, "prepared": prepared,
            "signatory": signatory, "log": log, "folder": folder}  # fmt: skip


def script(made, *args):
    """The bundle's own script, as anybody runs it: the system's Python, nothing of ours."""
    return subprocess.run(
        [sys.executable, "-I", "-S", made["bag"] / "verify.py", *args], capture_output=True, text=True, check=False,
        timeout=100,
    )


def test_the_script_in_the_bundle_finds_it_whole(made):
    for args in ((), (str(made["place"]),)):
        done = script(made, *args)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "3 items of evidence" in done.stdout
        assert "6 lines of custody" in done.stdout
        assert "stamped" in done.stdout
        assert "NOT" not in done.stdout


def test_bagit_finds_it_whole(made):
    assert bagit.Bag(str(made["bag"])).validate()


def test_openssl_and_rfc3161_client_find_the_stamp_good(made, authority):
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-in", made["bag"] / "tagmanifest-sha256.txt.tsr", "-data",
         made["bag"] / "tagmanifest-sha256.txt", "-CAfile", authority.folder / "ca.pem"],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr
    answer = rfc3161_client.decode_timestamp_response((made["bag"] / "tagmanifest-sha256.txt.tsr").read_bytes())
    verifier = rfc3161_client.VerifierBuilder().add_root_certificate(x509.load_pem_x509_certificate(authority.root))
    assert verifier.build().verify_message(answer, (made["bag"] / "tagmanifest-sha256.txt").read_bytes())


@pytest.mark.parametrize("language", ["lt", "en"])
def test_pdfsig_and_pyhanko_find_the_protocol_signed(made, language):
    place = made["bag"] / f"protocol-{language}.pdf"
    said = subprocess.run(["pdfsig", place], capture_output=True, text=True, check=False, timeout=100).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    reader = PdfFileReader(io.BytesIO(place.read_bytes()))
    roots = list(load_certs_from_pemder_data(made["signatory"].der))
    status = validate_pdf_signature(
        reader.embedded_signatures[0], ValidationContext(trust_roots=roots, allow_fetching=False)
    )
    assert status.bottom_line
    assert status.summary() == "INTACT:TRUSTED,UNTOUCHED"


def test_only_digests_went_to_the_key(made):
    assert [len(one) for one in made["signatory"].asked] == [32, 32]


def test_names_of_strangers_reach_no_file_system(made):
    items = json.loads((made["bag"] / "items.json").read_bytes())
    assert [one["name"] for one in items] == [name for name, _ in FILES]
    assert items[1]["path"] == "data/evidence/0002-etc_passwd"
    assert items[0]["path"].isascii()
    assert [(made["bag"] / one["path"]).read_bytes() for one in items] == [body for _, body in FILES]


def test_what_is_retracted_stays_and_is_marked(made):
    items = json.loads((made["bag"] / "items.json").read_bytes())
    assert items[1]["retracted"] == "ne tos bylos failas"
    assert items[2]["path"].startswith("data/derived/")
    assert items[2]["derived_from"] == items[1]["file"]
    deeds = [json.loads(line)["deed"] for line in (made["bag"] / "custody.jsonl").read_bytes().splitlines()]
    assert deeds == ["received"] * 3 + ["retracted", "described", "handed-over"]


def wrong(body, folder, number):
    place = folder / f"changed-{number}.zip"
    place.write_bytes(body)
    try:
        return bundle_check.check(place, b"", "", b"")[1].wrong
    finally:
        place.unlink()


@settings(max_examples=of_whole(250), deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_named(made, data):
    body = bytearray(made["zip"])
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    found = wrong(bytes(body), made["folder"], 0)
    assert found
    inside = where(made, at)
    assert inside is None or any(path == inside for path, _ in found), (inside, found)


def where(made, at):
    """The file of the bundle whose bytes this one is among; None for the zip's own."""
    with zipfile.ZipFile(io.BytesIO(made["zip"])) as opened:
        for info in opened.infolist():
            begins = info.header_offset + 30 + len(info.filename.encode())
            if begins <= at < begins + info.file_size:
                return info.filename.partition("/")[2]
    return None


def test_each_file_changed_in_the_folder_is_named(made, tmp_path):
    for info in sorted(made["bag"].rglob("*")):
        if info.is_file():
            before = info.read_bytes()
            changed = bytearray(before)
            changed[len(changed) // 2] ^= 1
            info.write_bytes(changed)
            try:
                found = bundle_check.check(made["bag"], b"", "", b"")[1].wrong
            finally:
                info.write_bytes(before)
            assert any(path == info.relative_to(made["bag"]).as_posix() for path, _ in found), info


def test_what_is_added_taken_or_moved_is_named(made):
    extra = made["bag"] / "data" / "evidence" / "0009-more.csv"
    extra.write_bytes(b"x")
    try:
        assert ("data/evidence/0009-more.csv" in
                {path for path, _ in bundle_check.check(made["bag"], b"", "", b"")[1].wrong})  # fmt: skip
        with pytest.raises(bagit.BagValidationError):
            bagit.Bag(str(made["bag"])).validate()
    finally:
        extra.unlink()
    for cut in (1, 100, len(made["zip"]) // 2, len(made["zip"])):
        assert wrong(made["zip"][:-cut], made["folder"], 1)
    assert wrong(made["zip"] + b"more", made["folder"], 2)
    assert wrong(b"front" + made["zip"], made["folder"], 3)


def repacked(made, changes):
    """The bundle made anew by somebody who has it, everything that needs no key made to fit."""
    tags = bagging.thawed(made["prepared"]) | changes
    for name in bundle_check.TAGMANIFESTS:
        del tags[name]
    kept = {path: bagging._kept(body) for path, body in tags.items()}
    tags |= {name: bundle_check.manifest(kept, name[12:18]) for name in bundle_check.TAGMANIFESTS}
    prepared = bagging.frozen(
        tags, made["prepared"].payload, folder=made["prepared"].folder, approval=bytes(16), made_ms=1
    )
    token = (made["bag"] / bundle_check.TOKEN).read_bytes()
    return zipped(prepared, token)


def test_who_fits_the_manifests_is_stopped_by_stamp_log_and_signature(made):
    said = (made["bag"] / "custody.jsonl").read_bytes()
    for changed in (
        said.replace(b"handed-over", b"returned", 1), said.replace(b'"note":"received"', b'"note":"viewed"', 1),
        said.replace(b"Jonaitis", b"Petraitis"), b"".join(said.splitlines(keepends=True)[:-1]),
    ):  # fmt: skip
        assert changed != said
        paths = {path for path, _ in wrong(repacked(made, {"custody.jsonl": changed}), made["folder"], 4)}
        assert bundle_check.TOKEN in paths
    assert "custody.jsonl" in {
        path for path, _ in wrong(repacked(made, {"custody.jsonl": said.replace(b"Jonaitis", b"Petraitis")}),
                                  made["folder"], 5)
    }  # fmt: skip
    pdf = (made["bag"] / "protocol-en.pdf").read_bytes()
    shorter = pdf.replace(b"/Producer", b"/Producet", 1) if b"/Producer" in pdf else pdf[:200] + b"x" + pdf[201:]
    found = wrong(repacked(made, {"protocol-en.pdf": shorter}), made["folder"], 6)
    assert "protocol-en.pdf" in {path for path, _ in found}


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{}", b"[1]", b"null", b"[{}]", b'[{"path": 1}]', b"[" * 100_000, b"\xff\xfe", b'{"line": "../../x"}',
    b'{"line": 1, "ms": 1, "action": 1, "note": 1, "objects": 1, "body": 1}',
])  # fmt: skip
def test_hostile_parts_are_named_and_break_nothing(made, body):
    for path in ("items.json", "custody.jsonl", "audit/log.vkey", "audit/1.tlog-proof", "protocol-lt.pdf",
                 "evidence-certificate.pem", "bag-info.txt"):  # fmt: skip
        assert wrong(repacked(made, {path: body}), made["folder"], 7), path


def test_another_log_another_certificate_another_authority_are_named(made, tmp_path):
    other = Log(tmp_path / "log")
    assert bundle_check.check(made["place"], b"", str(other.signer.key), b"")[1].wrong
    theirs = Authority(tmp_path / "tsa").root
    assert {path for path, _ in bundle_check.check(made["place"], b"", "", theirs)[1].wrong} == {bundle_check.TOKEN}
    assert {path for path, _ in bundle_check.check(made["place"], theirs, "", b"")[1].wrong} == {
        "protocol-lt.pdf", "protocol-en.pdf"
    }  # fmt: skip


def test_without_a_stamp_the_script_says_so(made, tmp_path):
    place = tmp_path / "bare.zip"
    place.write_bytes(zipped(made["prepared"]))
    done = script(made, str(place))
    assert done.returncode == 0, done.stdout
    assert "NOT STAMPED" in done.stdout


def test_the_size_is_known_before_the_first_byte(made):
    token = (made["bag"] / bundle_check.TOKEN).read_bytes()
    assert bagging.size_of(bagging.parts_of(made["prepared"], token)) == len(made["zip"])


def test_an_item_that_is_not_what_was_hashed_ends_the_stream(made):
    part = next(one for one in bagging.parts_of(made["prepared"]) if one.payload is not None)
    stream = bagging.ZipStream()
    stream.begin(part)
    stream.data(b"x" * part.size)
    with pytest.raises(Tampered):
        stream.finish()


def test_zip64_where_it_is_needed():
    """Over 4 GiB the headers are those of zip64, as zipfile reads them."""
    huge = 5 * 2**32
    assert len(bundle_check.local_header("a/b", huge)) == 30 + 3 + 20
    central = bundle_check.central_header("a/b", huge, 7, huge)
    tail = central + bundle_check.end_of_zip(1, len(central), huge)

    class Sparse(io.RawIOBase):
        at = 0

        def seekable(self):
            return True

        def readable(self):
            return True

        def tell(self):
            return self.at

        def seek(self, offset, whence=0):
            self.at = {0: 0, 1: self.at, 2: huge + len(tail)}[whence] + offset
            return self.at

        def read(self, size=-1):
            size = huge + len(tail) - self.at if size < 0 else size
            found = tail[max(0, self.at - huge) : max(0, self.at + size - huge)]
            self.at += len(found)
            return found

    info = zipfile.ZipFile(Sparse()).infolist()[0]
    assert (info.file_size, info.header_offset, info.CRC) == (huge, huge, 7)


def test_a_stamp_over_http(authority):
    """What the jobs process sends and gets, against openssl's authority."""
    with served(authority) as url:
        came = case_sending.stamp(timestamping.query(b"manifest"), url)
    assert came.ok
    assert [kind for kind, _ in authority.asked] == ["application/timestamp-query"]
    answer = came.answer
    assert abs(timestamping.stamped(answer, b"manifest", authority.root) / 1000
               - datetime.datetime.now(datetime.UTC).timestamp()) < 60  # fmt: skip
    with pytest.raises(Tampered):
        timestamping.stamped(answer, b"another", authority.root)
    for nothing in (b"", b"<html>", answer[:-5], b"\x30" * 100_000):
        with pytest.raises(Invalid):
            timestamping.stamped(nothing, b"manifest")


def test_a_stamp_of_a_stranger_is_refused(authority, tmp_path):
    other = Authority(tmp_path / "other")
    answer = other.answer(timestamping.query(b"manifest"))
    assert timestamping.stamped(answer, b"manifest")
    with pytest.raises(Tampered):
        timestamping.stamped(answer, b"manifest", authority.root)
    with pytest.raises(Invalid):
        timestamping.stamped(answer, b"manifest", b"no certificate")


def test_what_was_not_prepared_here_is_refused(made):
    for tags in ("", "!!", "AAAA", made["prepared"].tags[:100]):
        with pytest.raises((Invalid, msgspec.DecodeError)):
            bagging.thawed(msgspec.structs.replace(made["prepared"], tags=tags))
    items = custody.items_of([told(1, "a", b"x")], [])
    events = custody.events_of(
        [{"line": 3, "ms": 1, "action": 107, "note": "received", "objects": (), "by": "", "body": b""}], items
    )
    with pytest.raises(Invalid):
        bagging.tags_of(clinic="K", case=CASE, day="2026-01-01", items=items, events=events, proofs={}, log_key="",
                        certificate=b"", protocols={})  # fmt: skip


def test_an_entry_that_is_no_bundle_counts_for_nothing(made, authority):
    def entry(kind, body, number=1, about=""):
        return Entry(entry=f"{number:032x}", seq=number, kind=kind, about=about, ms=1, case_ms=1, by="", hat="",
                     signed=False, body=body, line=1)  # fmt: skip

    good = msgspec.json.encode(made["prepared"])
    other = msgspec.json.encode(msgspec.structs.replace(made["prepared"], folder="../../etc"))
    bad = [b"", b"{}", b"[]", b"\xff", other, good.replace(b'"tags":"', b'"tags":"A'), b'{"folder": 1}']
    assert bundles.ready([entry("bundle", one, number) for number, one in enumerate(bad, 1)], [], b"") == []
    query = timestamping.query(bagging.thawed(made["prepared"])[bundles.STAMPED])
    answer, elsewhere = authority.answer(query), authority.answer(timestamping.query(b"something else"))
    rows = [{"sending": bytes(15) + b"\7", "state": "sent", "answer": answer},
            {"sending": bytes(15) + b"\x08", "state": "sent", "answer": elsewhere},
            {"sending": bytes(15) + b"\x09", "state": "queued", "answer": b""}]  # fmt: skip
    for number, stamp in ((7, "sent"), (8, "failed"), (9, "queued"), (10, "")):
        body = msgspec.json.encode(bagging.Stamp(sending=f"{number:032x}"))
        entries = [entry("bundle", good), entry("stamp", body, 2, f"{1:032x}"), entry("stamp", b"no", 3, f"{1:032x}")]
        (found,) = bundles.ready(entries, rows, authority.root)
        assert (found.stamp, found.token) == (stamp, answer if number == 7 else b"")


def test_the_vector_of_the_format_stands():
    stream = bagging.ZipStream()
    parts = [bagging.Part("b/bagit.txt", 54, bundle_check.BAGIT), bagging.Part("b/data/evidence/0001-a.txt", 3, b"abc")]
    made = b"".join([piece for part in parts for piece in stream.whole(part)]) + stream.end()
    assert len(made) == 337
    page = (Path(__file__).parents[2] / "docs" / "formats" / "evidence-bundle.md").read_text()
    assert hashlib.sha256(made).hexdigest() in page


def test_the_script_is_one_file_of_the_standard_library():
    source = Path(bundle_check.__file__).read_text()
    assert "seifas" not in "".join(line for line in source.splitlines() if line.startswith(("import", "from")))
