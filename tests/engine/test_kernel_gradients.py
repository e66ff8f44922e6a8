"""Every fast kernel for the gradient of a convolution by its kernel, against the definition."""

import numpy as np
import pytest

from tests.engine.test_kernels import CONVOLUTIONS, check, conv, program_of
from zoo.config import config
from zoo.engine.compile import compile_graph
from zoo.engine.primitives import conv_kernel_gradient_op, conv_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

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
