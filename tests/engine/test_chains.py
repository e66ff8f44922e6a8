"""Chains of convolutions around a depthwise one: where they are made, and their kernel against the definition."""

import numpy as np
import pytest

from zoo.config import config
from zoo.engine import primitives as p
from zoo.engine.compile import compile_graph
from zoo.engine.kernels import families
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

pytestmark = pytest.mark.skipif(families.load("jit") is not None, reason="chains are made for compiled kernels only")
PLAIN = {"strides": (1, 1), "padding": "valid", "dilation": (1, 1), "groups": 1}
ACTIVATIONS = {
    "none": lambda x: x,
    "relu6": lambda x: p.clip_op(x, min=0.0, max=6.0),
    "swish": lambda x: p.multiply_op(x, p.sigmoid_op(x)),
}


class Network:
    """A chain as a function of its input, with random weights.

    Args:
        channels: of the input, in the middle, and of the output; None leaves out the convolution there.
        window: of the depthwise convolution.
        activation: after the first two convolutions.
        last: what comes after the last one: ``residual``, ``factor`` (one a channel of an image), or nothing.
        attrs: of the depthwise convolution.
    """

    def __init__(self, channels, window=(3, 3), activation="relu6", last="", **attrs):
        (self.inputs, middle, self.outputs), rng = channels, np.random.default_rng(0)
        self.activate, self.last, self.rng = ACTIVATIONS[activation], last, rng
        self.attrs = {"strides": (1, 1), "padding": "same", "dilation": (1, 1), "groups": middle, **attrs}
        self.before = rng.normal(size=(1, 1, self.inputs, middle)) if self.inputs else None
        self.depthwise = rng.normal(size=(*window, 1, middle))
        self.after = rng.normal(size=(1, 1, middle, self.outputs)) if self.outputs else None
        self.bias = rng.normal(size=middle).astype("float32")
        self.channels = self.inputs or middle

    def __call__(self, x):
        y = x
        if self.before is not None:
            y = self.activate(p.add_op(p.conv_op(y, self.before.astype("float32"), **PLAIN), self.bias))
        y = self.activate(p.add_op(p.conv_op(y, self.depthwise.astype("float32"), **self.attrs), self.bias))
        if self.after is not None:
            y = p.conv_op(y, self.after.astype("float32"), **PLAIN)
        if self.last == "residual":
            return p.add_op(p.add_op(y, self.bias[:y.shape[-1]]), x)
        if self.last == "factor":
            return p.multiply_op(y, self.rng.normal(size=(y.shape[0], 1, 1, y.shape[-1])).astype("float32"))
        return y


CASES = {
    "inverted residual": (Network((16, 48, 16), last="residual"), (2, 20, 21)),
    "stride": (Network((16, 47, 24), strides=(2, 2)), (2, 21, 20)),
    "stride longer than the window": (Network((16, 48, 24), strides=(4, 4)), (1, 60, 60)),
    "an even size": (Network((16, 47, 24), strides=(2, 2), padding=((0, 1), (0, 1))), (1, 30, 30)),
    "valid": (Network((16, 48, 16), padding="valid", last=""), (2, 20, 21)),
    "explicit padding": (Network((16, 48, 24), padding=((4, 0), (0, 5))), (2, 20, 21)),
    "one channel": (Network((1, 48, 1), last="residual"), (2, 20, 21)),
    "separable": (Network((None, 37, 70)), (3, 19, 23)),
    "a factor an image": (Network((16, 67, None), activation="swish", last="factor"), (3, 19, 23)),
    "5x5": (Network((24, 65, 24), (5, 5), "swish", "residual"), (1, 28, 28)),
    "5x5, stride": (Network((24, 40, 65), (5, 5), strides=(2, 2)), (2, 29, 27)),
    "3x2, dilated": (Network((16, 48, 24), (3, 2), dilation=(2, 3)), (2, 20, 21)),
    "few places": (Network((16, 48, 24), padding="valid"), (1, 200, 6)),
}


def run(function, x):
    """The result of the compiled function, the definition's, and the program."""
    graph = trace(function, TensorSpec(x.shape)).graph
    with config.using(kernels="reference"):
        expected, = compile_graph(graph, pipeline=()).run(x)
    program = compile_graph(graph, wait=True)
    return program.run(x)[0], expected, program


@pytest.mark.parametrize("size", [1, 1 << 14, None])
@pytest.mark.parametrize("case", CASES)
def test_against_the_definition(monkeypatch, case, size):
    network, shape = CASES[case]
    if size is not None:                                    # bytes for which few rows are computed at a time
        monkeypatch.setattr("zoo.engine.kernels.jit.chain.CACHE_BYTES", size)
    x = np.random.default_rng(1).normal(size=(*shape, network.channels)).astype("float32")
    actual, expected, program = run(network, x)
    assert [step.node.op.name for step in program.steps] == ["conv_chain"]
    assert program.steps[0].choice.kernel.title == "jit.cached_rows"
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    for threads in (1, 2, 3):
        with config.using(threads=threads):
            np.testing.assert_array_equal(program.run(x)[0], actual)


def test_what_is_read_elsewhere_is_stored():
    network = Network((16, 48, 24))
    x = np.random.default_rng(1).normal(size=(2, 20, 21, 16)).astype("float32")

    def function(x):
        y = p.conv_op(x, network.before.astype("float32"), **PLAIN)
        return p.conv_op(p.conv_op(y, network.depthwise.astype("float32"), **network.attrs),
                         network.after.astype("float32"), **PLAIN), p.relu_op(y)

    graph = trace(function, TensorSpec(x.shape)).graph
    names = [step.node.op.name for step in compile_graph(graph, wait=True).steps]
    assert sorted(names) == ["conv", "conv_chain", "fused"]


def test_no_convolution_is_in_two_chains():
    first, second = Network((None, 48, 48)), Network((None, 48, 24))
    x = np.random.default_rng(1).normal(size=(2, 20, 21, 48)).astype("float32")
    actual, expected, program = run(lambda x: second(first(x)), x)
    assert [step.node.op.name for step in program.steps] == ["conv_chain"] * 2
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("families", ["reference", "blas"])
def test_other_families_compute_one_convolution_after_another(families):
    graph = trace(Network((16, 48, 24)), TensorSpec((2, 20, 21, 16))).graph
    with config.using(kernels=families):
        assert [step.node.op.name for step in compile_graph(graph).steps] == ["conv"] * 3


@pytest.mark.parametrize("shape, reason", [((2, 9, 21, 16), None), ((2, 100, 3, 16), "needs rows of 4 places at least"),
                                           ((1, 8, 8, 16), "pays from 8192 elements on")])
def test_what_is_no_chain(shape, reason):
    program = compile_graph(trace(Network((16, 48, 24)), TensorSpec(shape)).graph, wait=True)
    assert ("conv_chain" in {step.node.op.name for step in program.steps}) == (reason is None)
