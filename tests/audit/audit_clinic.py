"""The log of a small test clinic: grown, copied, and forged with its own key."""

import shutil
from pathlib import Path

from seifas.audit.checkpoint import LogSigner, log_origin
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
