"""What a tester outside found: broken files and bodies were told in Python's words."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from seifas.drill.stage import Stage
from seifas.errors import Invalid
from seifas.fhir.json_text import read


def test_a_control_character_is_told_in_a_whole_sentence() -> None:
    with pytest.raises(Invalid) as raised:
        read(b'{"resourceType":"Patient","name":[{"family":"a\x01b"}]}')
    assert raised.value.message.endswith("character.")


def test_packed_files_that_are_cut_off_are_called_so(shared_stage: Stage, tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps({"resourceType": "Patient", "name": [{"family": "x" * 5000}]}).encode())
    (tmp_path / "cut.json.gz").write_bytes(packed[:-12])
    (tmp_path / "not.json.gz").write_bytes(b"not packed at all")
    command = [sys.executable, "-m", "seifas.cli.main", "import", "fhir", str(tmp_path), "--json"]
    done = subprocess.run(
        [*command, "--data", str(shared_stage.data)], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 2
    told = {Path(one["file"]).name: one["message"] for one in json.loads(done.stdout)["rejected"]}
    assert told == {
        "cut.json.gz": "the packed file was cut off",
        "not.json.gz": "this is a damaged gzip file, or none",
    }
