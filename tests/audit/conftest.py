"""A small clinic's log, made once, copied by whoever wants to spoil it."""

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit.checkpoint import LogSigner, WitnessSigner, log_origin
from seifas.audit.leaf import seal_leaf
from seifas.audit.publishing import TileWriter

AUDIT_KEY = bytes(range(32))
PATIENT_KEY = bytes(range(32, 64))
ORIGIN = log_origin(bytes(range(16)))


def line(index):
    inner = b"reason %d" % index if index % 3 == 0 else None
    return seal_leaf(AUDIT_KEY, b"line %d" % index, inner, PATIENT_KEY)


class Log:
    """A log under test: its directory, its signer, and the entries it should hold."""

    def __init__(self, directory: Path, signer: LogSigner, entries: list[bytes]):
        self.directory, self.signer, self.key = directory, signer, signer.key
        self.entries = entries

    def grow(self, count, *, line=line, checkpoint=True):
        writer = TileWriter(self.directory, len(self.entries))
        fresh = [(i, line(i)) for i in range(len(self.entries), len(self.entries) + count)]
        root = writer.publish(fresh)
        self.entries += [entry for _, entry in fresh]
        note = self.signer.sign(len(self.entries), root)
        if checkpoint:
            writer.write_checkpoint(note)
        return note

    def copy(self, directory):
        shutil.copytree(self.directory, directory, copy_function=shutil.copyfile)
        return Log(directory, self.signer, list(self.entries))


@pytest.fixture(scope="session")
def signer():
    return LogSigner(Ed25519PrivateKey.from_private_bytes(b"log key of a test clinic, 32 by."), ORIGIN)


@pytest.fixture(scope="session")
def witness_signer():
    private = Ed25519PrivateKey.from_private_bytes(b"witness key of a test, 32 bytes.")
    return WitnessSigner(private, "witness.example/nas")


@pytest.fixture(scope="session")
def pristine(tmp_path_factory, signer):
    log = Log(tmp_path_factory.mktemp("pristine") / "audit", signer, [])
    for count in (3, 300, 297, 172, 5):
        log.grow(count)
    assert len(log.entries) == 777
    return log


@pytest.fixture
def log(pristine, tmp_path):
    return pristine.copy(tmp_path / "audit")
