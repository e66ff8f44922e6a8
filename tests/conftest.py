"""Options, what CI demands, and the counts of the conformance tests at the end of a run."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import pathlib
import zlib
from typing import Any

import pytest

from tests.conformance.outcome import TALLIES, Tally
from tests.corpus import CORPUS
from zoo.config import config as settings
from zoo.engine import device, rng
from zoo.errors import ConfigError


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run tests that take more than a few seconds")
    parser.addoption("--tallies", metavar="FILE", help="write the counts of the conformance tests there, as JSON")
    parser.addoption("--kernels", metavar="FAMILIES", help="use only these families of kernels (reference, blas, jit), "
                     "also in processes that tests start")


def pytest_configure(config: pytest.Config) -> None:
    settings.jit = os.environ["ZOO_JIT"] = "wait"           # here and in the processes that tests start
    if os.environ.get("ZOO_REQUIRE_CORPUS") and CORPUS is None:
        raise pytest.UsageError("ZOO_REQUIRE_CORPUS is set, but there is no corpus: set ZOO_CORPUS to its folder.")
    if families := config.getoption("--kernels"):
        settings.kernels = families
        os.environ["ZOO_KERNELS"] = families


def pytest_report_header() -> str:
    """Which kernels compute."""
    return f"kernels: {', '.join(settings.kernels)}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        skip = pytest.mark.skip(reason="slow: run with --slow")
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(skip)
    if any("gpu" in item.keywords for item in items) and (problem := _gpu_problem()):
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f"no GPU: {problem}"))


@pytest.fixture(autouse=True)
def own_randomness(request: pytest.FixtureRequest) -> None:
    """Random numbers of a test depend on the test alone, not on those that ran before it."""
    rng.set_random_seed(zlib.crc32(request.node.nodeid.encode()))


def _gpu_problem() -> str | None:
    """Why no GPU can be used; None if one can."""
    if importlib.util.find_spec("cupy") is None:
        return "CuPy is not installed"
    try:
        device.cuda()
    except ConfigError as error:
        return str(error)
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Counts go from the processes that ran the tests (pytest -n 2) to the one that shows them."""
    counted = [dataclasses.asdict(entry) for entry in TALLIES]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tallies"] = counted
    elif target := session.config.getoption("--tallies"):
        pathlib.Path(target).write_text(json.dumps(counted, indent=1))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """One of these processes has ended."""
    TALLIES.extend(Tally(**entry) for entry in getattr(node, "workeroutput", {}).get("tallies", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TALLIES:
        terminalreporter.section("conformance")
        for entry in sorted(TALLIES, key=lambda entry: entry.title):
            for line in entry.lines():
                terminalreporter.write_line(line)
    if CORPUS is None:
        terminalreporter.write_line("The corpus of Keras files was not found: its conformance tests were skipped.")
