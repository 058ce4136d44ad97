"""Bundles with all their parts, made without a vault: an audit log, a certificate and a time stamp authority of the
test's own."""

import asyncio
import datetime
import hashlib
import http.server
import os
import subprocess
import threading
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit.checkpoint import LogSigner
from seifas.audit.leaf import disclose, seal_leaf
from seifas.audit.proof import build_proof
from seifas.audit.publishing import TileWriter
from seifas.audit.tiles import TileReader
from seifas.audit.tree import Frontier
from seifas.incidents import bagging, custody, protocol, signing, timestamping
from seifas.keeper.lines import Action, Line, encode

CASE = "5e" * 16
MADE_MS = 1_795_336_000_000
AUDIT_KEY = bytes(range(32))
FILES = (
    ("šimkus „35“.csv", "Šimkūnaitė;Žydronė;1981-03-17\n".encode() * 40),
    ("../../etc/passwd", b"\x89PNG not really\n" + bytes(range(256))),
    ("copy-without-exif.jpg", b"\xff\xd8\xff" + b"j" * 3000),
)


class Authority:
    """A time stamp authority of openssl's, with a root of its own, over HTTP on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "tsa.cnf").write_text(
            f"[tsa]\ndefault_tsa=one\n[one]\nserial={folder}/serial\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\n"
            "digests=sha256,sha512\naccuracy=secs:1\nordering=no\ntsa_name=no\ness_cert_id_chain=no\n"
            "ess_cert_id_alg=sha256\n[v3]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
            "basicConstraints=critical,CA:false\n[ca]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n"
            "subjectKeyIdentifier=hash\n[req]\ndistinguished_name=dn\n[dn]\n"
        )
        (folder / "serial").write_text("01\n")
        self._run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ca.key")
        self._run("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=Test root", "-days", "30", "-config",
                  "tsa.cnf", "-extensions", "ca", "-out", "ca.pem")  # fmt: skip
        self._run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "tsa.key")
        self._run("req", "-new", "-key", "tsa.key", "-subj", "/CN=Test TSA", "-config", "tsa.cnf", "-out", "tsa.csr")
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                  "30", "-extfile", "tsa.cnf", "-extensions", "v3", "-out", "tsa.pem")  # fmt: skip

    def _run(self, *args: str) -> None:
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True, timeout=100)

    @property
    def root(self) -> bytes:
        return (self.folder / "ca.pem").read_bytes()

    def answer(self, query: bytes) -> bytes:
        (self.folder / "q.tsq").write_bytes(query)
        self._run("ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "q.tsq", "-inkey", "tsa.key",
                  "-signer", "tsa.pem", "-out", "a.tsr")  # fmt: skip
        return (self.folder / "a.tsr").read_bytes()


class served:
    """The authority behind HTTP: `with served(authority) as url`. Counts what it was asked in `authority.asked`."""

    def __init__(self, authority: Authority) -> None:
        authority.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                authority.asked.append((self.headers["content-type"], body))
                answer = authority.answer(body)
                self.send_response(200)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/tsa"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Signatory:
    """The clinic's evidence key, as the keeper has it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Bandymų klinika")])
        now = datetime.datetime.now(datetime.UTC)
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        built = built.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(minutes=5))
        built = built.not_valid_after(now + datetime.timedelta(days=3650))
        usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        built = built.add_extension(x509.BasicConstraints(False, None), True).add_extension(usage, True)
        self.der = built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        self.asked = []

    async def sign(self, digest: bytes) -> bytes:
        self.asked.append(digest)
        return self.key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


def file_id(number: int) -> bytes:
    return hashlib.sha256(b"file %d" % number).digest()[:16]


def told(number: int, name: str, body: bytes) -> dict:
    """An item as op case.evidence tells it."""
    return {
        "file": file_id(number), "name": name, "size": len(body), "sha256": hashlib.sha256(body).digest(),
        "sha512": hashlib.sha512(body).digest(), "kept_ms": MADE_MS - 10_000 + number, "by": "vyr", "how": "desk",
        "origin": "http://forumas.test/35", "tool": "wget 1.21", "clock_ms": 4000, "derived_from": b"",
    }


class Log:
    """A published audit log of the keeper's lines; tells them as op case.custody does, with their proofs."""

    def __init__(self, folder: Path, key: Ed25519PrivateKey | None = None) -> None:
        self.folder = folder
        self.signer = LogSigner(key or Ed25519PrivateKey.generate(), "seifas.invalid/audit/" + "ab" * 16)
        self._lines: list[tuple[Line, bytes]] = []

    def add(self, action: Action, note: str, objects: tuple[bytes, ...], body: bytes = b"") -> None:
        self._lines.append((Line(MADE_MS + len(self._lines), 1, action, objects=objects, note=note), body))

    def published(self) -> tuple[list[dict], dict[int, bytes]]:
        leaves = [seal_leaf(AUDIT_KEY, encode(line)) for line, _ in self._lines]
        frontier = Frontier()
        frontier.grow(leaves)
        TileWriter(self.folder).publish(list(enumerate(leaves)), root=frontier.root())
        note = self.signer.sign(frontier.size, frontier.root(), ["state bm8="])
        reader = TileReader(self.folder, frontier.size)
        proofs, lines = {}, []
        for number, (line, body) in enumerate(self._lines):
            if line.action in (Action.CUSTODY, Action.CASE_ENTRY):
                proofs[number] = build_proof(reader, note, number, outer_key=disclose(AUDIT_KEY, leaves[number]))
                lines.append({
                    "line": number, "ms": line.wall_ms, "action": line.action, "note": line.note,
                    "objects": line.objects, "by": "Vyr. Pareigūnė", "body": body,
                })  # fmt: skip
        return lines, proofs


def bundle(folder: Path, authority: Authority | None = None) -> tuple[bytes, bagging.Prepared, Signatory, Log]:
    """(the zip, what was frozen, the key, the log) of three items: a sample, one that was retracted, a copy of it."""
    log, signatory = Log(folder / "log"), Signatory()
    files = [told(number, name, body) for number, (name, body) in enumerate(FILES, 1)]
    log.add(Action.SIGN_IN, "", ())
    for one in files:
        log.add(Action.CUSTODY, "received", (bytes(16), one["file"], one["sha256"], one["sha512"]))
    remarks = [
        custody.Remark(file=file_id(2).hex(), retracted="ne tos bylos failas"),
        custody.Remark(file=file_id(3).hex(), derived_from=file_id(2).hex(), text="be EXIF", tool="mat2 0.13"),
    ]
    deed = custody.Deed(
        files=(file_id(1).hex(),), word="handed-over", at="2026-11-22T09:00", zone="Europe/Vilnius",
        to="tyrėjas J. Jonaitis", protocol="12-1", text="diske",
    )  # fmt: skip
    for kind, body in (*(("evidence", one) for one in remarks), ("custody", deed)):
        raw = custody.encoded(body)
        log.add(Action.CASE_ENTRY, kind, (bytes(16), os.urandom(16), hashlib.sha256(raw).digest()), raw)
    log.add(Action.PHOTO_SHOWN, "", (bytes(16),))
    lines, proofs = log.published()
    items = custody.items_of(files, remarks)
    events = custody.events_of(lines, items)
    head = protocol.Head(
        clinic="Bandymų klinika", title="35 eilutės forume", case=CASE, made_ms=MADE_MS, by="Vyr. Pareigūnė",
        asked="Vyr. Pareigūnė", allowed=("Pavaduotoja", "Vyr. Pareigūnė"), purpose="Kauno apskrities VPK",
        log=log.signer.key.name, exercise=False,
    )  # fmt: skip
    pdfs = {}
    for language in ("lt", "en"):
        made = protocol.protocol(head, items, events, language)
        pdfs[language] = asyncio.run(signing.signed(made, signatory.der, signatory.sign, "protocol"))
    tags = bagging.tags_of(
        clinic="Bandymų klinika", case=CASE, day="2026-11-22", items=items, events=events, proofs=proofs,
        log_key=str(log.signer.key), certificate=signing.armoured(signatory.der), protocols=pdfs,
        authority=authority.root if authority else b"",
    )  # fmt: skip
    prepared = bagging.frozen(
        tags, bagging.payload_of(items), folder="bundle-5e5e5e5e", approval=bytes(16), made_ms=MADE_MS
    )
    prepared = msgspec.json.decode(msgspec.json.encode(prepared), type=bagging.Prepared)
    token = authority.answer(timestamping.query(tags["tagmanifest-sha256.txt"])) if authority else b""
    return zipped(prepared, token), prepared, signatory, log


def zipped(prepared: bagging.Prepared, token: bytes = b"") -> bytes:
    bodies = {file_id(number): body for number, (_, body) in enumerate(FILES, 1)}
    stream, made = bagging.ZipStream(), []
    for part in bagging.parts_of(prepared, token):
        if part.payload is None:
            made += stream.whole(part)
            continue
        body = bodies[part.payload.file]
        made += [stream.begin(part), stream.data(body[:100]), stream.data(body[100:]), stream.finish()]
    return b"".join([*made, stream.end()])
