"""The command line as a whole: help, exit codes, errors, pipes, what is imported."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

import zoo as package
from tests.cli.conftest import Outcome
from tests.report import documents
from zoo import io
from zoo.cli import inspect
from zoo.cli.exit_codes import ExitCode
from zoo.cli.main import COMMANDS
from zoo.errors import CorruptFile

ROOT = pathlib.Path(package.__file__).parent.parent


def python(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60, cwd=ROOT, **options)


def test_version(zoo: Callable[..., Outcome]) -> None:
    outcome = zoo("--version")
    assert (outcome.code, outcome.out) == (0, f"zoo {package.__version__}\n")


def test_version_is_that_of_the_distribution() -> None:
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("not a source checkout")
    assert f'version = "{package.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_help_lists_the_commands(zoo: Callable[..., Outcome]) -> None:
    outcome = zoo("--help")
    assert outcome.code == 0
    assert all(re.search(rf"^ +{name} +{summary}$", outcome.out, re.M) for name, summary in COMMANDS.items())


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_examples(zoo: Callable[..., Outcome], command: str) -> None:
    outcome = zoo(command, "--help")
    assert outcome.code == 0
    assert re.search(rf"examples:\n  zoo {command}", outcome.out)
    assert max(map(len, outcome.out.splitlines())) <= 120


@pytest.mark.parametrize("words", [[], ["inspekt"], ["inspect"], ["inspect", "--jason", "x"], ["classify"],
                                   ["classify", "x", "--top-k", "0"], ["classify", "x", "--batch-size", "many"],
                                   ["fetch"]])
def test_wrong_usage(zoo: Callable[..., Outcome], words: list[str]) -> None:
    outcome = zoo(*words)
    assert outcome.code == ExitCode.ERROR
    assert "usage: zoo" in outcome.err and outcome.out == ""


def test_missing_file(zoo: Callable[..., Outcome]) -> None:
    outcome = zoo("inspect", "gone.keras")
    assert (outcome.code, outcome.err) == (2, "zoo: error: gone.keras: No such file or directory\n")


def test_an_error_is_one_message_and_debug_shows_where(zoo: Callable[..., Outcome], tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.keras").write_bytes(b"PK\x03\x04 and nothing else")
    outcome = zoo("inspect", tmp_path / "a.keras")
    assert outcome.code == 2 and outcome.err.startswith("zoo: error: ") and "Traceback" not in outcome.err
    assert "Traceback" in zoo("inspect", "--debug", tmp_path / "a.keras").err


def test_interruption(zoo: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: str, **_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(inspect.io, "read", interrupted)
    outcome = zoo("inspect", "x")
    assert (outcome.code, outcome.err) == (130, "zoo: interrupted\n")


def test_interruption_while_a_command_is_still_loading(zoo: Callable[..., Outcome],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)
    assert zoo("inspect", "x").code == 130


def test_warnings_are_messages(zoo: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(path: str, **_: object) -> None:
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("careful", stacklevel=1)
        raise CorruptFile("broken")

    monkeypatch.setattr(inspect.io, "read", warn)
    assert zoo("inspect", "x").err == "zoo: warning: careful\nzoo: error: broken\n"


def test_a_reader_that_stops_ends_the_command_quietly(tmp_path: pathlib.Path) -> None:
    model = tmp_path / "m.keras"
    io.write(documents.document(), model)
    command = subprocess.Popen([sys.executable, "-m", "zoo", "inspect", "--weights", str(model)], cwd=ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    command.stdout.close()
    errors = command.stderr.read()
    command.stderr.close()
    assert (command.wait(60), errors) == (ExitCode.BROKEN_PIPE, b"")


def test_characters_that_the_terminal_lacks(tmp_path: pathlib.Path) -> None:
    document = documents.document()
    document.model.name = document.model.config["name"] = "\u732b"
    io.write(document, tmp_path / "m.keras")
    run = python("-m", "zoo", "inspect", str(tmp_path / "m.keras"), env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert run.returncode == 0 and "\\u732b (Functional)" in run.stdout


def test_inspect_imports_neither_engine_nor_network(tmp_path: pathlib.Path) -> None:
    io.write(documents.document(), tmp_path / "m.keras")
    heavy = ["PIL", "requests", "numba", "tqdm", "zoo.layers", "zoo.applications", "zoo.engine", "zoo.hub"]
    code = (f"import sys\nfrom zoo.cli.main import main\nmain(['inspect', {str(tmp_path / 'm.keras')!r}])\n"
            f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)")
    run = python("-c", code)
    assert (run.returncode, run.stderr.strip()) == (0, "[]")
