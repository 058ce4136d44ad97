"""A stolen disk tells by access times what was read: the lists of leaked passwords must not tell what was asked.

Their files are laid out by a password's length and the first byte of its hash: whoever knew those two would have to try
a few thousand times fewer.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seifas.errors import Invalid
from seifas.keeper.identity import guessing, leaked

PASSWORDS = (
    "septyni pilki vandenynai", "leavemealone", "leavemealone1", "qwertyuiop123456789012", "x" * 256, "", "trumpas",
    "ąčęėįšųū" * 20, "\0" * 12, "\ud800" * 12,
)

WATCHED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
"""

JUDGED = WATCHED + """
from seifas.errors import Invalid
from seifas.keeper.identity import guessing
guessing.is_leaked("to have every module there")
for password in %r:
    opened.clear()
    try:
        guessing.refuse_guessable(password, ("ruta",))
    except Invalid:
        pass
    print("\\t".join(opened))
"""

FOUNDED = WATCHED + """
import functools
from typer.testing import CliRunner
from seifas.cli.main import app
from seifas.crypto import slots
slots.new_passphrase_slot = functools.partial(
    slots.new_passphrase_slot, memory_limit_kib=slots.FULL.floor_kib
)
done = CliRunner().invoke(app, ["init", "--data", %r, "--passphrase-file", %r, "--json"])
print("\\t".join(path for path in opened if "/passwords/" in path), done.exit_code)
"""


def run(text: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_the_same_files_are_opened_in_the_same_order_whatever_the_password() -> None:
    everything = "\t".join(str(path) for path in leaked.shards())
    told = run(JUDGED % (PASSWORDS,))
    assert len(told) == len(PASSWORDS)
    assert set(told) == {everything}


def test_access_times_single_no_file_out() -> None:
    """Where the file system keeps them: all are set back, and all but none have moved on afterwards."""
    for password in PASSWORDS[:4]:
        for path in leaked.shards():
            known = path.stat()
            os.utime(path, ns=(known.st_mtime_ns - 10**15, known.st_mtime_ns))
        before = [path.stat().st_atime_ns for path in leaked.shards()]
        with contextlib.suppress(Invalid):
            guessing.refuse_guessable(password)
        moved = [path.stat().st_atime_ns != was for path, was in zip(leaked.shards(), before, strict=True)]
        assert all(moved) or not any(moved)


@pytest.mark.parametrize("words", ["rasa rasa rasa rasa", "ketverios durys penkios", "akmuo-jura-vejas-smelis-upe"])
def test_nor_does_a_new_vault_tell_of_its_passphrase(tmp_path: Path, words: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(words + "\n")
    everything = "\t".join(str(path) for path in leaked.shards())
    told, code = run(FOUNDED % (str(tmp_path / "vault"), str(secret)))[-1].rsplit(" ", 1)
    assert told == everything
    assert (code == "0") == (words != "rasa rasa rasa rasa")
