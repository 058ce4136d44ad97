"""A real SeaweedFS on this machine for tests of what lies on S3: one process, its data in memory, a key of its own.

    with server() as weed:   weed.place("prefix") -> S3At      weed.settings("prefix") -> settings.Storage
                             weed.kill()  weed.start()          the same data on the same ports
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore

from seifas.drill.stage import free_port
from seifas.settings import Storage
from seifas.storage.object_places import S3At
from seifas.storage.objects_s3 import s3_store

WEED = Path(sys.executable).with_name("weed")
BUCKET = "seifas"
_PATIENCE_S = 60.0


class Weed:
    """SeaweedFS with its S3 service. Master, volume, filer and S3 are one process, as `weed server` has them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.secret = secrets.token_hex(20)
        self.process: subprocess.Popen[bytes] | None = None
        self.ports = [port for _ in range(2) for base in [free_port()] for port in range(base, base + 3)]
        self.endpoint = f"http://127.0.0.1:{self.ports[3]}"
        self.key_file = directory / "s3-key"
        (directory / "data").mkdir(parents=True)
        self.key_file.write_text(f"seifas-tests\n{self.secret}\n")
        self.key_file.chmod(0o600)
        identity = {
            "name": "tests", "credentials": [{"accessKey": "seifas-tests", "secretKey": self.secret}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }  # fmt: skip
        (directory / "s3.json").write_text(json.dumps({"identities": [identity]}))

    def start(self) -> None:
        master, volume, filer, s3, *_ = self.ports
        said = {
            "dir": self.directory / "data", "ip": "127.0.0.1", "ip.bind": "127.0.0.1",
            "master.port": master, "master.port.grpc": free_port(), "master.volumeSizeLimitMB": 64,
            "volume.port": volume, "volume.port.grpc": free_port(), "volume.max": 40, "volume.preStopSeconds": 0,
            "filer": "true", "filer.port": filer, "filer.port.grpc": free_port(),
            "s3": "true", "s3.port": s3, "s3.port.grpc": free_port(), "s3.config": self.directory / "s3.json",
            "s3.port.iceberg": 0, "s3.port.lance": 0,
            "s3.localSocket": self.directory / "s3.sock", "filer.localSocket": self.directory / "filer.sock",
        }  # fmt: skip
        # A group of its own, so that it can be stopped with all that it starts; its temporary files beside its data.
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [WEED, "server", *(f"-{name}={value}" for name, value in said.items())], cwd=self.directory,
                stdout=log, stderr=log, start_new_session=True, env={**os.environ, "TMPDIR": str(self.directory)},
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        give_up = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up:
            assert self.process is not None
            assert self.process.poll() is None, (self.directory / "log").read_text()[-2000:]
            try:
                with urllib.request.urlopen(f"{self.endpoint}/healthz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError((self.directory / "log").read_text()[-2000:])

    def make_bucket(self) -> None:
        """SeaweedFS makes it with the first object that its administrator puts."""
        store = s3_store(self.place("made"))
        obstore.put(store, "first", b"x")
        obstore.delete(store, "first")

    def kill(self, how: int = signal.SIGKILL) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, how)
            self.process.wait(20)
            self.process = None

    def place(self, prefix: str = "") -> S3At:
        return S3At(self.endpoint, BUCKET, "us-east-1", prefix, self.key_file)

    def settings(self, prefix: str = "") -> Storage:
        return Storage(
            objects="s3", s3_endpoint=self.endpoint, s3_bucket=BUCKET, s3_prefix=prefix, s3_key_file=str(self.key_file)
        )


@contextmanager
def server() -> Iterator[Weed]:
    """A running one; gone with its data at the end."""
    memory = Path("/dev/shm")
    directory = Path(tempfile.mkdtemp(prefix="seifas-weed-", dir=memory if memory.is_dir() else None))
    directory.chmod(0o711)
    weed = Weed(directory)
    try:
        weed.start()
        weed.make_bucket()
        yield weed
    finally:
        weed.kill()
        shutil.rmtree(directory, ignore_errors=True)
