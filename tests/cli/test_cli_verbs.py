"""The table of verbs says what the verbs say, and nothing is loaded that was not asked for."""

import inspect
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from seifas.cli.main import app
from seifas.cli.verbs import VERBS, Verb, command_of

HEAVY = {
    "cv2", "numpy", "jinja2", "babel", "uvicorn", "webauthn", "sqlite3", "obstore", "seifas.keeper.keeper",
    "seifas.demo.clinic", "seifas.drill", "seifas.web",
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_line_of_the_table_is_the_verbs_own(verb: Verb) -> None:
    command = command_of(verb)
    assert command.name == verb.name
    assert command.hidden == verb.hidden
    own = inspect.cleandoc(command.short_help or command.help or "").partition("\n\n")[0]
    if not verb.hidden:
        assert " ".join(own.split()) == verb.help


def test_names_are_one_each() -> None:
    assert len({verb.name for verb in VERBS}) == len(VERBS)


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=True,
        timeout=60,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("code", [
    "import seifas.cli.main",
    "from typer.testing import CliRunner\nfrom seifas.cli.main import app\n"
    "assert CliRunner().invoke(app, ['--help']).exit_code == 0",
    "import seifas.cli.versioning, seifas.cli.locking, seifas.cli.accounts, seifas.cli.auditing",
])
def test_light_verbs_load_nothing_heavy(code: str) -> None:
    assert not loaded_by(code) & HEAVY


@pytest.mark.parametrize("place", ["demo", "checking"])
def test_what_serves_nothing_loads_no_servers(place: str) -> None:
    servers = {"uvicorn", "seifas.web.serve", "seifas.keeper.main", "seifas.supervisor"}
    assert not loaded_by(f"import seifas.cli.{place}") & servers


def test_a_hidden_verb_is_not_listed_and_a_slip_is_named() -> None:
    listed = CliRunner().invoke(app, ["--help"])
    assert "demo-serve" not in listed.output
    assert all(verb.name in listed.output for verb in VERBS if not verb.hidden)
    slip = CliRunner().invoke(app, ["stauts"])
    assert slip.exit_code == 2
    assert "'status'" in slip.output
