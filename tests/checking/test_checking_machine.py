"""What the kernel shows, read as it is: real listeners, real disks, files that are cut or strange."""

from __future__ import annotations

import socket
from pathlib import Path

from seifas.checking.machine import Machine, Swap, disks_of, physical, synchronised


def test_real_listeners_of_both_kinds_are_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as four, socket.create_server(
        ("::1", 0), family=socket.AF_INET6
    ) as six:
        found = Machine().listeners()
        assert found is not None
        assert ("127.0.0.1", four.getsockname()[1]) in found
        assert ("::1", six.getsockname()[1]) in found
        with socket.create_connection(four.getsockname()) as client:
            assert ("127.0.0.1", client.getsockname()[1]) not in (Machine().listeners() or ())


def test_addresses_in_the_kernels_order(tmp_path: Path) -> None:
    net = tmp_path / "net"
    net.mkdir()
    (net / "tcp").write_text("sl\n 0: 0A01A8C0:0050 00000000:0000 0A 0\n 1: 0A01A8C0:0051 00000000:0000 01 0\n junk\n")
    mapped = "0000000000000000FFFF00000A01A8C0"
    (net / "tcp6").write_text(f"sl\n 0: {mapped}:0052 {'0' * 32}:0000 0A\n 1: {'0' * 32}:01BB {'0' * 32}:0000 0A\n")
    assert Machine(proc=tmp_path).listeners() == (("192.168.1.10", 80), ("192.168.1.10", 82), ("::", 443))


def test_a_kernel_that_shows_nothing(tmp_path: Path) -> None:
    machine = Machine(proc=tmp_path, sys=tmp_path)
    assert machine.listeners() is None
    assert machine.swaps() == ()
    assert machine.processes(1) == ()
    assert not machine.hibernates()
    assert not machine.keeps_crashes()


def test_which_swap_is_sealed(tmp_path: Path) -> None:
    (tmp_path / "swaps").write_text("Filename\tType\n/dev/zram0 p\n/dev/dm-1 p\n/dev/dm-2 p\n/swapfile file\n")
    for name, uuid in (("dm-1", "CRYPT-PLAIN-swap"), ("dm-2", "LVM-x")):
        (tmp_path / "block" / name / "dm").mkdir(parents=True)
        (tmp_path / "block" / name / "dm" / "uuid").write_text(uuid)
    assert Machine(proc=tmp_path, sys=tmp_path).swaps() == (
        Swap("/dev/zram0", True), Swap("/dev/dm-1", True), Swap("/dev/dm-2", False), Swap("/swapfile", False),
    )


def test_a_partition_and_an_encrypted_volume_are_their_disk(tmp_path: Path) -> None:
    """/dev/sda1 and a volume on /dev/sda2: whoever takes the disk takes both."""
    devices, block = tmp_path / "devices", tmp_path / "dev" / "block"
    block.mkdir(parents=True)
    for part, number in (("sda/sda1", "8:1"), ("sda/sda2", "8:2"), ("dm-0", "254:0"), ("sdb", "8:16")):
        (devices / part).mkdir(parents=True)
        (devices / part / "dev").write_text(number + "\n")
        (block / number).symlink_to(devices / part)
    for part in ("sda1", "sda2"):
        (devices / "sda" / part / "partition").write_text("1")
    slaves = devices / "dm-0" / "slaves"
    slaves.mkdir()
    (slaves / "sda2").symlink_to(devices / "sda" / "sda2")

    assert physical(tmp_path, "8:1") == physical(tmp_path, "254:0") == frozenset({"sda"})
    assert physical(tmp_path, "8:16") == frozenset({"sdb"})
    assert physical(tmp_path, "0:99") == frozenset({"0:99"})  # a share, or memory
    (devices / "dm-0" / "slaves" / "itself").symlink_to(devices / "dm-0")
    assert "sda" in physical(tmp_path, "254:0")  # a circle ends


def test_real_places_and_those_that_are_not_there_yet(tmp_path: Path) -> None:
    assert disks_of(tmp_path) == disks_of(tmp_path / "not" / "there" / "yet")
    assert disks_of(tmp_path) != disks_of(Path("/proc"))


def test_the_kernel_says_something_of_its_clock() -> None:
    assert synchronised() in (True, False, None)


def test_processes_of_this_vault_only(tmp_path: Path) -> None:
    def process(pid: int, name: str, above: int, uid: int) -> None:
        place = tmp_path / str(pid)
        place.mkdir()
        status = f"Name:\t{name}\nPPid:\t{above}\nUid:\t{uid}\t{uid}\nVmLck:\t 12 kB\n"
        (place / "status").write_text(status)
        (place / "limits").write_text("Max core file size        0                    0                    bytes\n")
        (place / "cgroup").write_text("0::/system.slice/seifas.service\n")

    process(10, "seifas-keeper", 9, 61400)
    process(11, "seifas-desk", 9, 61401)
    process(12, "bash", 9, 0)
    process(13, "seifas-desk", 8, 61401)
    (tmp_path / "14").mkdir()  # ended while it was looked at
    group = tmp_path / "fs" / "cgroup" / "system.slice" / "seifas.service"
    group.mkdir(parents=True)
    (group / "memory.swap.max").write_text("0\n")
    found = Machine(proc=tmp_path, sys=tmp_path).processes(10)
    assert [(one.name, one.pid, one.uid, one.locked_kib, one.dumps, one.swaps) for one in found] == [
        ("desk", 11, 61401, 12, False, False), ("keeper", 10, 61400, 12, False, False),
    ]
