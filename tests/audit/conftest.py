"""A small clinic's log, made once, copied by whoever wants to spoil it."""

import pytest
from audit_clinic import ORIGIN, Log
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit.checkpoint import LogSigner, WitnessSigner


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
