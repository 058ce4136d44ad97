"""Attacks from inside the shield's own programs: what one that was taken over has in its hands on a served clinic."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from seifas.drill.stage import Stage
from seifas.settings import load

_OF_SHIELD = ("front", "shield", "dropping")
_TRY = """
import os, sys
os.setgroups([]); os.setresgid(int(sys.argv[1]), int(sys.argv[1]), int(sys.argv[1]))
os.setresuid(int(sys.argv[1]), int(sys.argv[1]), int(sys.argv[1]))
for path in sys.argv[2:]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
    except OSError:
        continue
    print(path)
"""


def status(pid: int) -> dict[str, list[str]]:
    rows = (line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: value.split() for name, _, value in rows}


def test_each_has_a_user_of_its_own_and_one_right_at_most(shared_stage: Stage) -> None:
    pids = shared_stage.pids()
    assert set(_OF_SHIELD) <= set(pids)
    if os.geteuid() != 0:
        return
    told = {name: status(pids[name]) for name in _OF_SHIELD}
    uids = {name: {int(uid) for uid in row["Uid"]} for name, row in told.items()}
    assert uids["front"] == uids["shield"]
    assert len(uids["shield"]) == len(uids["dropping"]) == 1
    assert uids["shield"] != uids["dropping"]
    assert 0 not in uids["shield"] | uids["dropping"]
    for name, row in told.items():
        rights = int(row["CapEff"][0], 16) | int(row["CapPrm"][0], 16) | int(row["CapInh"][0], 16)
        assert rights in ({0, 1 << 12} if name == "dropping" else {0}), name
        assert row["NoNewPrivs"] == ["1"], name


def test_neither_reads_what_others_keep(shared_stage: Stage) -> None:
    data = shared_stage.data
    places = [data / name for name in ("state", "data", "audit", "kit", "keys", "run/shield", "run/shield/lane.keys",
                                       "run/shield/standing.json", "run/certificates")]  # fmt: skip
    if os.geteuid() != 0:
        assert stat.S_IMODE((data / "run" / "shield").stat().st_mode) & 0o077 == 0
        return
    own = {"shield": {"run/shield", "run/shield/lane.keys"}, "dropping": set()}
    also = {"shield": {"run/shield/standing.json", "run/certificates"}, "dropping": set()}
    for name, owned in own.items():
        uid = (data / "run" / name).stat().st_uid
        assert uid != 0
        done = subprocess.run(
            [sys.executable, "-c", _TRY, str(uid), *map(str, places)], capture_output=True, text=True, check=True
        )
        read = {str(Path(line).relative_to(data)) for line in done.stdout.split()}
        assert owned <= read <= owned | also[name], name


def test_the_kernel_s_table_is_there_while_served_and_names_the_public_port_only(shared_stage: Stage) -> None:
    settings = load(shared_stage.data)
    nft = shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if os.geteuid() != 0 or nft is None or not settings.shield.drop:
        return
    listed = subprocess.run(
        [nft, "list", "table", "inet", f"seifas_shield_{shared_stage.port}"], capture_output=True, text=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
    assert f"tcp dport {shared_stage.port} " in listed.stdout
    assert str(shared_stage.staff) not in listed.stdout
    assert "elements" not in listed.stdout
