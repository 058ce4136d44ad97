"""Runs every test on three workers, then once more, with nothing beside it, each file in which one failed.

    python tests/run_all.py [--whole]

Some 11,000 tests start thousands of processes on two cores; a wait that runs out only because the others had the
machine is no defect of the product, and hides nothing if it is said. A few files are tried again and their tests named
at the end, each to be looked at. More than a few, or one that fails with nothing beside it too, fail the run.
"""

import json
import subprocess
import sys
from pathlib import Path

FEW = 5
"""Files in which tests may fail beside others. More are no chance."""

TESTS_FAILED = 1
"""pytest's code where it ran to its end (pytest.ExitCode); any other one is a run that was cut off."""


def run_all(root: Path, options: list[str]) -> int:
    """pytest's code of all tests below `root`, its rootdir."""

    def pytest(*arguments: str) -> int:
        return subprocess.run([sys.executable, "-m", "pytest", *options, *arguments], cwd=root, check=False).returncode

    kept = root / ".pytest_cache" / "v" / "cache" / "lastfailed"  # pytest's, {test id: true}
    kept.unlink(missing_ok=True)
    code = pytest("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
    if code != TESTS_FAILED:
        return code
    failed = sorted(json.loads(kept.read_text()))
    files = sorted({name.partition("::")[0] for name in failed})
    if len(files) > FEW:
        say(f"tests failed in {len(files)} files: too many for chance, none is tried again")
        return code
    say("these failed beside others, and their files are tried alone:", *failed)
    code = pytest(*files)
    if code == 0:
        say("these held alone and failed beside others; find out why:", *failed)
    return code


def say(first: str, *names: str) -> None:
    print(f"\n{first}", *names, sep="\n  ", flush=True)


if __name__ == "__main__":
    raise SystemExit(run_all(Path(__file__).resolve().parent.parent, sys.argv[1:]))
