"""Python imports this by itself at its start. The wall clock of the process, and of all it forks, then stands where the
eight bytes of a shared file say: so many nanoseconds ahead of the true one."""

import mmap
import os
import struct
import time

_path = os.environ.get("SEIFAS_TEST_CLOCK")
if _path:
    with open(_path, "r+b") as _file:
        _ahead = mmap.mmap(_file.fileno(), 8)
    _true_ns = time.time_ns

    def _moved_ns() -> int:
        return _true_ns() + struct.unpack("<q", _ahead[:8])[0]

    def _moved() -> float:
        return _moved_ns() / 1e9

    time.time_ns = _moved_ns
    time.time = _moved
