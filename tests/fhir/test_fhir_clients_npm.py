"""Two JavaScript clients of FHIR that other people wrote, against a served vault: fhir-kit-client and @medplum/core.

tests/prepare installs them from the lock beside the scripts into build/fhir-clients; a run of the tests calls nobody.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from seifas.drill.stage import Stage

SCRIPTS = Path(__file__).parent / "clients"
INSTALLED = Path(__file__).parents[2] / "build" / "fhir-clients" / "node_modules"


@pytest.mark.parametrize("name", ["kit", "medplum"])
def test_a_client_works_as_its_users_expect(shared_stage: Stage, tmp_path: Path, name: str) -> None:
    assert INSTALLED.is_dir(), "run tests/prepare first: it installs what package-lock.json names"
    script = shutil.copy(SCRIPTS / f"{name}.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(INSTALLED)
    environment = {
        "PATH": os.environ["PATH"], "SEIFAS_BASE": f"http://127.0.0.1:{shared_stage.staff}/fhir",
        "SEIFAS_TOKEN": shared_stage.program(100).token,
    }  # fmt: skip
    done = subprocess.run(
        ["node", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr
