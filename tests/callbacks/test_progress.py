"""What a run prints: on a terminal, and in a log."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from tests.callbacks.small_models import X, Y, model
from zoo import callbacks
from zoo.callbacks import progress
from zoo.config import config
from zoo.errors import ConfigError

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "on_terminal", lambda: True)


def plain(text: str) -> list[str]:
    """What is to be read in the end: without colours, and each line as its last state."""
    return [line.split("\r")[-1].rstrip() for line in ANSI.sub("", text).split("\n")]


def test_a_terminal_shows_a_bar_that_stays_in_its_line(terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y, epochs=2, batch_size=8, validation_split=0.25)
    shown = capsys.readouterr().out
    lines = plain(shown)
    assert len(lines) == 5 and not lines[4]
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert re.fullmatch(r"3/3 ━{20} \d+s \d+(us|ms|s)/step - loss: \d\.\d{4} - mae: \d\.\d{4} - val_loss: \d\.\d{4} "
                        r"- val_mae: \d\.\d{4}", lines[1]), lines[1]
    assert shown.count("\n") == 4 and shown.count("\r") > 2


def test_a_log_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y, epochs=2, batch_size=8)
    shown = capsys.readouterr().out
    assert "\r" not in shown and "\x1b" not in shown and "━" not in shown
    epoch = r"3/3 - \d+s - \d+(us|ms|s)/step - loss: \S+ - mae: \S+\n"
    assert re.fullmatch(f"Epoch 1/2\n{epoch}Epoch 2/2\n{epoch}", shown), shown


@pytest.mark.parametrize(("verbose", "lines"), [(0, 0), (1, 1), (2, 1)])
def test_verbose_of_evaluate_and_predict(verbose: int, lines: int, capsys: pytest.CaptureFixture[str]) -> None:
    trained = model()
    trained.evaluate(X, Y, verbose=verbose)
    trained.predict(X, batch_size=8, verbose=verbose)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 2 * lines
    if lines:
        assert shown[0].startswith("1/1 ") and "mae" in shown[0]
        assert shown[1].startswith("3/3 ") and "loss" not in shown[1]


def test_predict_is_quiet_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    model().predict(X, batch_size=8)
    assert capsys.readouterr().out == ""


def test_a_stream_of_unknown_length(terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    batches = iter([(X[i:i + 8], Y[i:i + 8]) for i in (0, 8, 16)])
    model().evaluate(batches)
    shown = capsys.readouterr().out
    assert "1/Unknown" in ANSI.sub("", shown) and plain(shown)[0].startswith("3/3 ")


def test_validation_has_no_bar_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y, batch_size=8, validation_data=(X, Y), verbose=2)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_messages_can_go_to_a_logger(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    with config.using(interactive_logging=False), caplog.at_level(logging.INFO, "zoo"):
        model().fit(X, Y, epochs=2, verbose=2)
    assert capsys.readouterr().out == "" and len(caplog.messages) == 4


def test_verbose_is_checked() -> None:
    with pytest.raises(ConfigError, match="must be 'auto', 0, 1 or 2"):
        model().fit(X, Y, verbose="loud")


class Clock:
    """Seconds that pass as they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(("seconds", "left"), [(30.0, "4:00"), (500.0, "1:06:40"), (0.06, "0s")])
def test_the_bar_estimates_what_is_left(terminal: None, seconds: float, left: str, monkeypatch: pytest.MonkeyPatch,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    bar = progress.Progbar(10)
    clock.now += 1000                                       # the first step, in which programs are compiled
    bar.update(1)
    clock.now += seconds
    bar.update(2)
    shown = ANSI.sub("", capsys.readouterr().out).split("\r")[-1]
    assert shown.startswith(" 2/10 ━") and f" {left} " in shown, shown


def values(bar: Any) -> dict[str, float]:
    return {name: total / count for name, (total, count) in bar.values.items()}


def test_values_are_averaged_unless_they_are_stateful() -> None:
    bar = progress.Progbar(4, verbose=0, stateful_metrics=["s"])
    bar.update(1, [("a", 1.0), ("s", 1.0)])
    bar.add(2, [("a", 4.0), ("s", 4.0)])
    assert values(bar) == {"a": 3.0, "s": 4.0}
    with pytest.raises(ConfigError, match="not both"):
        progress.Progbar(1, stateful_metrics=[], stateless_metrics=[])


def test_small_numbers_are_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    bar = progress.Progbar(1, verbose=2)
    bar.update(1, [("loss", 0.00012345), ("accuracy", 0.5)])
    assert "loss: 1.2345e-04 - accuracy: 0.5000" in capsys.readouterr().out
