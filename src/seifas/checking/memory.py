"""Memory stays memory: no swap, no dumps, no image of it on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.checking.model import HIGH, MEDIUM, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight

SWAP: Final = Kind(
    "swap-open", MEDIUM, "Memory may be written to a disk in the clear", STOLEN,
    "What staff look at passes through the memory of web processes. A page of it in swap outlives the day, and lies on "
    "the disk that is stolen.",
    "swapoff -a and take it out of /etc/fstab, encrypt it, use zram, or run the service with MemorySwapMax=0 as "
    "deploy/systemd does.",
)
UNLOCKED: Final = Kind(
    "memory-unlocked", HIGH, "The keeper could not lock its memory", STOLEN,
    "Every key of the vault is in it.",
    "Raise the limit: LimitMEMLOCK=infinity in the service's unit, or start it as root.",
)
DUMPS: Final = Kind(
    "dumps-kept", MEDIUM, "A crash would write memory to a disk", STOLEN,
    "A dump holds what the process or the machine held: pages, records, keys; and it is the first thing that is sent "
    "to somebody's support.",
    "LimitCORE=0 in the unit; systemctl disable --now kdump-tools where the kernel's own dumps are kept.",
)
HIBERNATES: Final = Kind(
    "hibernation-on", HIGH, "The machine may write all its memory to a disk when it sleeps", STOLEN,
    "Hibernating an unlocked vault writes its keys to the disk.",
    "systemctl mask hibernate.target hybrid-sleep.target, and take resume= out of the kernel's command line.",
)
KINDS: Final = (SWAP, UNLOCKED, DUMPS, HIBERNATES)


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    machine = sight.machine
    ours = machine.processes(sight.keeper.pid) if sight.keeper is not None and sight.served else ()
    if not ours:
        yield unseen((UNLOCKED,), "its processes are seen only while the vault is being served")
    open_swaps = [one.name for one in machine.swaps() if not one.sealed]
    if open_swaps and (not ours or any(one.swaps for one in ours)):
        yield SWAP.seen(f"in use and neither encrypted nor in memory: {', '.join(open_swaps)}")
    if any(one.name == "keeper" and not one.locked_kib for one in ours):
        yield UNLOCKED.seen("no page of the keeper's is locked (VmLck is 0)")
    if dumping := [one.name for one in ours if one.dumps]:
        yield DUMPS.seen(f"the limit of core files is not 0 for: {', '.join(dumping)}")
    elif machine.keeps_crashes():
        yield DUMPS.seen("a crash kernel is loaded (/sys/kernel/kexec_crash_loaded)")
    if machine.hibernates():
        yield HIBERNATES.seen("/sys/power/state offers disk, and /sys/power/resume names a device")
