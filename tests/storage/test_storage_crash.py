"""Power cuts and full disks: what was acknowledged stays, what was refused leaves no half."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from vault_writer import Stores

WRITER = Path(__file__).with_name("vault_writer.py")


def test_what_was_acknowledged_survives_kill_9_again_and_again(tmp_path, whole):
    acknowledged: list[int] = []
    chance = random.Random(20171)
    for _ in range(10 if whole else 5):
        start = acknowledged[-1] + 1000 if acknowledged else 0
        child = subprocess.Popen([sys.executable, WRITER, "kill", tmp_path, str(start)], stdout=subprocess.PIPE)
        lines = [child.stdout.readline()]
        assert lines[0], "the writer never got to write"
        time.sleep(chance.uniform(0, 0.1))
        child.kill()
        lines += child.stdout.readlines()
        child.stdout.close()
        child.wait()
        acknowledged += [int(line) for line in lines if line.endswith(b"\n")]
    stores = Stores(tmp_path)
    for number in acknowledged:
        stores.check(number)
    stores.check_log()
    assert stores.state.leaf_count >= 2 * len(acknowledged)
    assert len(acknowledged) >= 5, "each said at least one"
    stores.close()


def small_disk(directory: Path) -> list[str]:
    """The command that gives a process a file system of 8 MB of its own, gone with it."""
    mount = f"mount -t tmpfs -o size=8m tmpfs {directory} && truncate -s 0 {directory}/filler && "
    mount += f"head -c 4000000 /dev/zero > {directory}/filler && exec \"$@\""
    return ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c", mount, "sh"]


def can_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    directory = Path("/tmp")
    return subprocess.run([*small_disk(directory), "true"], capture_output=True, check=False).returncode == 0


LIMITS = ["largest file", *(["small disk"] if can_mount() else [])]


@pytest.mark.parametrize("limit", LIMITS)
def test_a_full_disk_is_refused_clearly_and_nothing_is_lost(tmp_path, limit):
    wrap = small_disk(tmp_path) if limit == "small disk" else []
    size = "0" if limit == "small disk" else "600000"
    done = subprocess.run(
        [*wrap, sys.executable, WRITER, "full", tmp_path, size], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["all there"], done.stdout[-500:] + done.stderr[-3000:]
    messages = set(done.stdout.splitlines()[:-1])
    assert all("nothing was written" in message for message in messages)
    if limit == "small disk":
        assert any("disk is full" in message for message in messages)
