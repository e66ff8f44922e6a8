"""Every fast kernel for the gradient of a convolution by its kernel, against the definition."""

import numpy as np
import pytest

from tests.engine.test_kernels import CONVOLUTIONS, check, conv, program_of
from zoo.config import config
from zoo.engine.compile import compile_graph
from zoo.engine.kernels import families
from zoo.engine.primitives import conv_kernel_gradient_op, conv_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

compiled = pytest.mark.skipif(families.load("jit") is not None, reason="these kernels are compiled ones")

POINTWISE = {
    "one place": conv((1, 1, 1, 5), (1, 1, 5, 3)),
    "one channel": conv((2, 9, 7, 1), (1, 1, 1, 4)),
    "one axis": conv((3, 50, 4), (1, 4, 6)),
    "strides": conv((3, 9, 8, 12), (1, 1, 12, 20), strides=(2, 3)),
    "strides, same": conv((3, 9, 8, 12), (1, 1, 12, 20), strides=(2, 2), padding="same"),
    "few places, many inputs": conv((2, 7, 7, 300), (1, 1, 300, 130)),
    "few places, many outputs": conv((2, 7, 7, 131), (1, 1, 131, 300)),
    "many places": conv((3, 41, 67, 11), (1, 1, 11, 13)),
    "many places and outputs, strides": conv((3, 91, 87, 16), (1, 1, 16, 140), strides=(2, 1)),
}


def cotangent_of(shapes, attrs):
    """The input, a cotangent of the output, and the attributes of the gradient by the kernel."""
    x, kernel = shapes
    y = trace(lambda *xs: conv_op(*xs, **attrs), *map(TensorSpec, shapes)).graph.outputs[0].shape
    return [x, y], {"window": kernel[:-2], **attrs}


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_gradients_of_all_convolutions(monkeypatch, case):
    title, described = CONVOLUTIONS[case]
    checked = check(monkeypatch, conv_kernel_gradient_op, *cotangent_of(*described), "none")
    assert "im2col" in checked and ("pointwise" in checked) == ("pointwise" in case and "groups" not in case)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", POINTWISE)
def test_windows_of_one_place(monkeypatch, case, dtype):
    shapes, attrs = cotangent_of(*POINTWISE[case])
    assert "pointwise" in check(monkeypatch, conv_kernel_gradient_op, shapes, attrs, "none", dtype=dtype)


@pytest.mark.parametrize("padding, chosen", [("same", "blas.pointwise"), (((1, 0), (0, 0)), "blas.im2col")])
def test_the_best_kernel_for_windows_of_one_place(padding, chosen):
    shapes, attrs = cotangent_of(*conv((2, 9, 7, 12), (1, 1, 12, 20), padding=padding))
    graph = program_of(conv_kernel_gradient_op, [np.ones(shape) for shape in shapes], attrs, "none")
    with config.using(kernels="blas"):
        choice = compile_graph(graph).steps[-1].choice
    assert choice.kernel.title == chosen, str(choice)


WINOGRAD = {
    "one channel": conv((2, 64, 65, 1), (3, 3, 1, 7), padding="same"),
    "one output": conv((3, 65, 64, 7), (3, 3, 7, 1), padding="same"),
    "valid": conv((3, 23, 30, 13), (3, 3, 13, 11)),
    "explicit padding": conv((3, 20, 17, 17), (3, 3, 17, 19), padding=((2, 0), (0, 3))),
    "large padding": conv((2, 20, 17, 13), (3, 3, 13, 13), padding=((5, 6), (9, 0))),
    "smaller than a tile": conv((90, 3, 3, 31), (3, 3, 31, 29), padding="same"),
    "several strands": conv((5, 57, 58, 16), (3, 3, 16, 24), padding="same"),
    "blocks of inputs": conv((2, 14, 15, 300), (3, 3, 300, 30), padding="same"),
    "blocks of outputs": conv((3, 15, 14, 30), (3, 3, 30, 131), padding="same"),
    "blocks and strands": conv((9, 23, 24, 131), (3, 3, 131, 137), padding="same"),
}


@compiled
@pytest.mark.parametrize("case", WINOGRAD)
def test_windows_in_winograds_domain(monkeypatch, case):
    gradient = pytest.importorskip("zoo.engine.kernels.jit.winograd_gradient")
    shapes, attrs = cotangent_of(*WINOGRAD[case])
    checked = check(monkeypatch, conv_kernel_gradient_op, shapes, attrs, "none", families=["jit"])
    assert {"winograd_2x2", "winograd_4x4"} < {*checked, "outer_products"}
    if "blocks" in case:                                    # the same where transformed tiles are not kept
        monkeypatch.setattr(gradient, "_SHARED_BYTES", 0)
        assert check(monkeypatch, conv_kernel_gradient_op, shapes, attrs, "none", families=["jit"]) == checked


def test_other_windows_are_refused():
    gradient = pytest.importorskip("zoo.engine.kernels.jit.winograd_gradient")
    for options in ({"strides": (2, 2)}, {"dilation": (2, 2)}, {"padding": "same", "groups": 4}):
        shapes, attrs = cotangent_of(*conv((2, 40, 40, 16), (3, 3, 16 // options.get("groups", 1), 16), **options))
        graph = program_of(conv_kernel_gradient_op, [np.ones(shape) for shape in shapes], attrs, "none")
        assert "needs a window of 3x3" in gradient._supports(graph.nodes[-1])


WINDOWS = {
    "first layer": conv((2, 62, 63, 3), (7, 7, 3, 64), strides=(2, 2), padding=((3, 3), (3, 2))),
    "few outputs": conv((3, 61, 63, 3), (3, 3, 3, 20), strides=(2, 2), padding="same"),
    "one channel": conv((3, 60, 63, 1), (5, 5, 1, 70)),
    "no padding": conv((3, 30, 31, 11), (3, 3, 11, 65), strides=(2, 3)),
    "no padding, parts of images": conv((2, 95, 97, 5), (2, 2, 5, 7)),
    "dilation down": conv((3, 30, 31, 11), (3, 3, 11, 13), dilation=(3, 1), padding="same"),
    "dilation across, one column": conv((3, 30, 31, 11), (3, 1, 11, 13), dilation=(3, 2), padding="same"),
    "padding past the input": conv((16, 9, 9, 13), (4, 4, 13, 64), padding=((9, 2), (0, 6))),
    "many channels": conv((3, 9, 9, 131), (3, 3, 131, 137), strides=(2, 2), padding="same"),
    "few lines of one place": conv((90, 3, 1, 67), (3, 1, 67, 66), padding=((1, 1), (0, 0))),
    "one axis": conv((5, 300, 13), (5, 13, 17), strides=(2,), padding="same"),
    "one axis, causal": conv((5, 300, 13), (3, 13, 17), padding=((4, 0),), dilation=(1,)),
}


@compiled
@pytest.mark.parametrize("case", WINDOWS)
def test_windows_in_tiles_of_registers(monkeypatch, case):
    gradient = pytest.importorskip("zoo.engine.kernels.jit.kernel_gradient")
    shapes, attrs = cotangent_of(*WINDOWS[case])
    checked = check(monkeypatch, conv_kernel_gradient_op, shapes, attrs, "none", families=["jit"])
    assert "outer_products" in checked
    for name in ("_AT_ONCE", "_IN_ROW", "_LONG"):           # smaller parts, more of them
        monkeypatch.setattr(gradient, name, 64)
    assert check(monkeypatch, conv_kernel_gradient_op, shapes, attrs, "none", families=["jit"]) == checked
