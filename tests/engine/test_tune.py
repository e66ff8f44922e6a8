"""Kernels chosen by measuring."""

import json

import numpy as np
import pytest

from tests.cli.conftest import zoo  # noqa: F401 - a fixture
from zoo import layers, models
from zoo.config import config
from zoo.engine.compile import compile_graph, optimize
from zoo.engine.kernels import tuned
from zoo.engine.kernels.tuned import Measured
from zoo.engine.primitives import conv_op, matmul_op, relu_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.tune import candidates, measure
from zoo.engine.variable import Variable
from zoo.errors import ConfigError


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """A cache of its own, and NumPy's kernels only, so that nothing is compiled."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    with config.using(kernels="blas"):
        yield tmp_path


KERNEL = Variable(np.random.default_rng(0).normal(size=(3, 3, 8, 8)).astype("float32"), name="kernel")


def graph():
    """Two convolutions of one kind, and one product of two changing matrices."""
    def function(x, y):
        attrs = {"strides": (1, 1), "padding": "same", "dilation": (1, 1), "groups": 1}
        return relu_op(conv_op(conv_op(x, KERNEL, **attrs), KERNEL, **attrs)), matmul_op(y, y)

    return optimize(trace(function, TensorSpec((1, 16, 16, 8)), TensorSpec((32, 32))).graph)[0]


def titles(program):
    return [step.choice.kernel.title for step in program.steps]


def test_what_was_measured_goes_before_the_estimates():
    found = candidates(graph())
    assert [each.node.op.name for each in found] == ["conv", "conv", "matmul"]  # one of them has an epilogue
    before = titles(compile_graph(graph(), pipeline=()))
    results = dict(measure(found, seconds=0.1))
    for each, row in results.items():
        assert row.kernel in row.seconds and each.estimated in row.seconds and min(row.seconds.values()) > 0
    assert set(results[found[0]].seconds) >= {"blas.im2col", "blas.winograd_2x2", "blas.winograd_4x4"}
    other = next(title for title in results[found[0]].seconds if title != before[0])
    tuned.remember({found[0].key: Measured(other, {other: 1e-6})})
    program = compile_graph(graph(), pipeline=())
    assert titles(program)[0] == other and titles(program)[1:] == before[1:]
    assert "measured to be the fastest, chosen" in str(program.steps[0].choice)
    assert [each.key for each in candidates(graph())] == [each.key for each in found[1:]]
    with config.using(threads=7):                           # for another number of threads nothing was measured
        assert titles(compile_graph(graph(), pipeline=())) == before


def test_a_kernel_that_is_no_longer_there_is_not_chosen():
    before = titles(compile_graph(graph(), pipeline=()))
    tuned.remember({each.key: Measured("blas.former", {"blas.former": 1e-6}) for each in candidates(graph())})
    assert titles(compile_graph(graph(), pipeline=())) == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 1, "choices": {"a": 1}}', "\xff"])
def test_a_damaged_table_is_ignored_with_a_warning(home, text):
    file = tuned.path()
    file.parent.mkdir()
    file.write_bytes(text.encode("latin-1"))
    tuned._read.cache_clear()
    with pytest.warns(RuntimeWarning, match="zoo tune --clear"):
        assert tuned.choices() == {}
    assert tuned.forget() == 0 and not file.exists()
    file.write_text(json.dumps({"format": 0}))              # of another version: nothing to say
    assert tuned.choices() == {}


def test_a_table_that_cannot_be_written_is_told(home, monkeypatch):
    (home / "tuned").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        tuned.remember({})


def test_the_command(zoo, tmp_path):  # noqa: F811 - the fixture
    model = models.Sequential([layers.Input((None, None, 4)), layers.Conv2D(8, 3), layers.Conv2D(8, 3)])
    model.save(tmp_path / "m.keras")
    words = ["tune", tmp_path / "m.keras", "--image-size", 16, "--budget", 1]
    assert "2 kinds of layers measured" in zoo(*words).out
    assert "0 kinds of layers measured" in zoo(*words).out
    outcome = zoo("tune", "--list")
    assert outcome.code == 0 and "2 choices" in outcome.out and "conv(float32[1,16,16,4]*" in outcome.out
    assert "2 choices removed" in zoo("tune", "--clear").out and "0 choices" in zoo("tune", "--list").out
    assert zoo("tune").code == zoo("tune", "a.keras", "--list").code == 2
