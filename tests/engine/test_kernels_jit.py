"""Kernels compiled by Numba, against the definitions; sizes are such that compiling pays."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.engine.test_kernels import TRANSPOSED, check, conv
from zoo.config import config
from zoo.engine import primitives as p
from zoo.engine.compile import compile_graph
from zoo.engine.elementwise import ElementwiseProgram, Instruction
from zoo.engine.kernels import families
from zoo.engine.primitives import conv_op, matmul_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

numba = pytest.importorskip("numba")
row_operand, RowProgram = (getattr(pytest.importorskip("zoo.engine.kernels.jit.rows"), name)
                           for name in ("row_operand", "RowProgram"))
compiler = pytest.importorskip("zoo.engine.kernels.jit.compiler")

CONVOLUTIONS = {
    "depthwise": (conv((2, 29, 31, 16), (3, 3, 1, 16), padding="same", groups=16), "depthwise"),
    "depthwise, strides": (conv((2, 30, 28, 48), (5, 5, 1, 48), strides=(2, 2), padding="same", groups=48),
                           "depthwise"),
    "depthwise, dilated, valid": (conv((2, 29, 31, 16), (3, 2, 1, 16), dilation=(2, 3), groups=16), "depthwise"),
    "depthwise, one axis": (conv((2, 400, 16), (3, 1, 16), padding=((4, 0),), dilation=(2,), groups=16), "depthwise"),
    "depthwise, few places": (conv((2, 90, 3, 48), (3, 3, 1, 48), padding="same", groups=48), "depthwise"),
    "depthwise, a place twice": (conv((2, 90, 5, 48), (3, 3, 1, 48), groups=48, padding="same"), "depthwise"),
    "pointwise": (conv((2, 29, 31, 8), (1, 1, 8, 16)), "pointwise"),
    "few channels": (conv((2, 29, 31, 3), (3, 3, 3, 24), strides=(2, 2), padding="same"), "direct"),
    "few channels, few places": (conv((2, 90, 3, 3), (3, 3, 3, 24), padding="same"), "direct"),
    "few channels, one axis": (conv((2, 400, 2), (5, 2, 24)), "direct"),
    "5x5": (conv((2, 29, 31, 8), (5, 5, 8, 16), padding="same"), "im2col"),
    "groups": (conv((2, 29, 31, 8), (3, 3, 4, 16), groups=2), "im2col"),
    "3x3": (conv((2, 29, 30, 8), (3, 3, 8, 16), padding="same"), "winograd_4x4"),
    "3x3, many channels": (conv((1, 20, 17, 150), (3, 3, 150, 140)), "winograd_4x4"),
    "3x3, explicit padding": (conv((3, 20, 17, 8), (3, 3, 8, 16), padding=((2, 0), (0, 3))), "winograd_2x2"),
}


@pytest.mark.parametrize("case, epilogue", list(zip(CONVOLUTIONS, 9 * ["residual", "squeeze and excite"])))
def test_convolution(monkeypatch, case, epilogue):
    (shapes, attrs), name = CONVOLUTIONS[case]
    assert name in check(monkeypatch, conv_op, shapes, attrs, epilogue, families=["jit"])


DEPTHWISE = [case for case, (_, name) in CONVOLUTIONS.items() if name == "depthwise"]


@pytest.mark.parametrize("case", DEPTHWISE)
def test_gradient_of_a_depthwise_convolution_by_its_kernel(monkeypatch, case):
    (x, kernel), attrs = CONVOLUTIONS[case][0]
    y = trace(lambda *xs: conv_op(*xs, **attrs), TensorSpec(x), TensorSpec(kernel)).graph.outputs[0].shape
    attrs = {"window": kernel[:-2], **attrs}
    assert check(monkeypatch, p.conv_kernel_gradient_op, [x, y], attrs, "none", families=["jit"]) == ["depthwise"]


@pytest.mark.parametrize("x, kernel, attrs", [
    ((2, 15, 16, 48), (3, 3, 48), {"strides": (2, 2), "padding": "same", "output_padding": None, "dilation": (1, 1)}),
    ((2, 15, 16, 48), (3, 2, 48), {"strides": (2, 3), "padding": ((1, 0), (0, 2)), "output_padding": (1, 4),
                                   "dilation": (2, 1)}),
    ((2, 99, 48), (5, 48), {"strides": (3,), "padding": "valid", "output_padding": None, "dilation": (1,)}),
])
@pytest.mark.parametrize("epilogue", ["none", "squeeze and excite"])
def test_transposed_depthwise_convolution(monkeypatch, x, kernel, attrs, epilogue):
    shapes, attrs = [x, (*kernel[:-1], 1, kernel[-1])], {"groups": x[-1], **attrs}
    assert "depthwise" in check(monkeypatch, p.conv_transpose_op, shapes, attrs, epilogue, families=["jit"])


POOLINGS = pytest.mark.parametrize("x, attrs", [
    ((2, 30, 31, 16), {"window": (2, 2), "strides": (2, 2), "padding": "valid"}),
    ((2, 30, 31, 16), {"window": (3, 3), "strides": (2, 1), "padding": "same"}),
    ((2, 500, 16), {"window": (4,), "strides": (2,), "padding": ((3, 1),)}),
])


@POOLINGS
@pytest.mark.parametrize("epilogue", ["none", "bias, relu", "residual", "squeeze and excite"])
@pytest.mark.parametrize("primitive", [p.max_pool_op, p.avg_pool_op])
def test_pooling(monkeypatch, primitive, x, attrs, epilogue):
    assert check(monkeypatch, primitive, [x], attrs, epilogue, families=["jit"]) == ["one_pass"]


@pytest.mark.parametrize("place", [0, 7, 8])
def test_a_maximum_with_nan_is_nan(place):
    x = np.random.default_rng(0).normal(size=(1, 30, 30, 16)).astype("float32")
    x[0, 3 + place // 3, 4 + place % 3, 5] = np.nan
    actual, expected, program = run(lambda x: p.max_pool_op(x, window=(3, 3), strides=(1, 1), padding="same"), x)
    assert program.steps[0].choice.kernel.title == "jit.one_pass" and np.isnan(actual).sum() == 9
    np.testing.assert_array_equal(actual, expected)


@POOLINGS
def test_gradient_of_max_pooling(monkeypatch, x, attrs):
    y = trace(lambda x: p.max_pool_op(x, **attrs), TensorSpec(x)).graph.outputs[0].shape
    assert check(monkeypatch, p.max_pool_gradient_op, [y, x], attrs, "none", families=["jit"]) == ["first_maxima"]


def test_the_first_of_equal_maxima_gets_the_gradient():
    x = np.zeros((1, 40, 40, 8), "float32")
    x[0, 2:4, 2:4] = [[[1] * 8, [1] * 8], [[np.nan] * 8, [np.nan] * 8]]
    y = np.arange(20 * 20 * 8, dtype="float32").reshape(1, 20, 20, 8)
    actual, expected, program = run(lambda y, x: p.max_pool_gradient_op(y, x, window=(2, 2), strides=(2, 2),
                                                                        padding="valid"), y, x)
    assert program.steps[0].choice.kernel.title == "jit.first_maxima"
    np.testing.assert_array_equal(actual, expected)


def test_convolutions_without_an_epilogue(monkeypatch):
    for case in ("depthwise", "3x3"):
        (shapes, attrs), name = CONVOLUTIONS[case]
        assert name in check(monkeypatch, conv_op, shapes, attrs, "none", families=["jit"])


@pytest.mark.parametrize("shapes", [[(900, 32), (32, 16)], [(2, 3, 60, 32), (2, 3, 32, 60)], [(7, 64), (64, 2000)]])
@pytest.mark.parametrize("epilogue", ["bias, relu", "one factor an image"])
def test_product(monkeypatch, shapes, epilogue):
    assert check(monkeypatch, matmul_op, shapes, {}, epilogue, families=["jit"])[-1] == "tiled_product"


X = np.random.default_rng(0).normal(size=(3, 50, 60, 4)).astype("float32") * 3
ELEMENTWISE = {
    "arithmetic": lambda x, y: p.divide_op(p.subtract_op(p.multiply_op(x, y), p.negative_op(x)),
                                           p.add_op(p.absolute_op(y), np.float32(1))),
    "extrema": lambda x, y: p.add_op(p.maximum_op(x, y), p.relu_op(p.minimum_op(y, x))),
    "roots": lambda x, y: p.multiply_op(p.rsqrt_op(p.add_op(p.square_op(x), np.float32(1))),
                                        p.add_op(p.sqrt_op(p.absolute_op(y)), p.reciprocal_op(p.exp_op(y)))),
    "rounding": lambda x, y: p.add_op(p.floor_op(x), p.ceil_op(y)),
    "clip and sigmoid": lambda x, y: p.multiply_op(x, p.sigmoid_op(p.clip_op(y, min=-1.5, max=np.inf))),
    "error function": lambda x, y: p.multiply_op(x, p.erf_op(y)),
    "choice": lambda x, y: p.select_op(p.logical_and_op(p.less_op(x, y), p.greater_op(x, np.float32(0))), x, y),
    "casts": lambda x, y: p.multiply_op(p.cast_op(p.not_equal_op(x, y), dtype="float32"),
                                        p.full_like_op(y, value=2.5, dtype="float32")),
}
OPERANDS = {"whole": X[::-1], "one a channel": X[0, 0, 0], "one an image": X[:, :1, :1, :1],
            "a channel of an image": X[:, :1, :1], "one a place": X[:1, :, :, :1], "a number": X[0, 0, 0, 0]}


def run(function, *arrays):
    """The program's result and the definition's, and the program."""
    graph = trace(function, *(TensorSpec(a.shape, str(a.dtype)) for a in arrays)).graph
    program = compile_graph(graph)
    with config.using(kernels="reference"):
        expected, = compile_graph(graph, pipeline=()).run(*arrays)
    return program.run(*arrays)[0], expected, program


@pytest.mark.parametrize("case", ELEMENTWISE)
def test_elementwise(case):
    actual, expected, program = run(ELEMENTWISE[case], X, OPERANDS["whole"])
    assert program.steps[0].choice.kernel.title == "jit.one_pass"
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("operand", OPERANDS)
@pytest.mark.parametrize("case", ELEMENTWISE)
def test_elementwise_by_tiles_of_numpy(case, operand):
    with config.using(kernels="blas"):
        actual, expected, program = run(ELEMENTWISE[case], X, OPERANDS[operand])
    assert program.steps[-1].choice.kernel.title == "blas.tiled_elementwise"
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", OPERANDS)
def test_operands_that_broadcast(case):
    function = ELEMENTWISE["extrema"]
    for first, second in ((X, OPERANDS[case]), (OPERANDS[case], X)):
        actual, expected, program = run(function, first, second)
        assert program.steps[0].choice.kernel.title == "jit.one_pass"
        np.testing.assert_array_equal(actual, expected)


def test_a_pattern_of_rows_that_is_not_simple_is_refused():
    x = np.ones((3, 20, 5, 40), "float32")
    actual, expected, program = run(lambda x, y: p.add_op(x, y), x, x[:, :1, :, :1])
    assert "rows of no simple pattern" in str(program.steps[0].choice)
    np.testing.assert_array_equal(actual, expected)


def test_bytes_are_read_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, size=(2, 64, 64, 3)).astype("uint8")
    actual, expected, program = run(lambda x: p.subtract_op(p.cast_op(x, dtype="float32"), np.float32(127.5)), pixels)
    assert program.steps[0].choice.kernel.title == "jit.one_pass"
    np.testing.assert_array_equal(actual, expected)


def test_special_numbers_pass_through():
    special = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1e30, -1e30, 100, -100, 88.6, -88.6], "float32")
    x = np.tile(special, 1000)
    for function in (p.exp_op, p.sigmoid_op, p.erf_op, p.relu_op, lambda x: p.clip_op(x, min=-1.0, max=1.0),
                     lambda x: p.maximum_op(x, p.negative_op(x)), lambda x: p.minimum_op(np.float32(1), x)):
        actual, expected, program = run(function, x)
        assert program.steps[0].choice.kernel.title == "jit.one_pass"
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-37)


def test_what_does_not_pay_or_cannot_be_is_refused_with_a_reason():
    reasons = {
        "pays from 8192 elements on": run(p.relu_op, X[0, 0])[2],
        "has no statement for log": run(p.log_op, X)[2],
        "computes float32 only, not float64": run(p.relu_op, X.astype("float64"))[2],
    }
    for reason, program in reasons.items():
        assert reason in str(program.steps[0].choice) and program.steps[0].choice.kernel.family == "blas"


def test_without_numba_the_family_is_left_out(monkeypatch):
    families.load.cache_clear()
    for name in [name for name in sys.modules if name.startswith(("numba", "zoo.engine.kernels.jit"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numba", None)
    try:
        assert families.load("jit") == "the package 'numba' is not installed"
        assert run(p.relu_op, X)[2].steps[0].choice.kernel.title == "blas.tiled_elementwise"
    finally:
        families.load.cache_clear()


def test_numbers_in_generated_source_are_constants():
    body = ["out[U(0)] = F(0.5) + F(-1e-05)", "out[U(1)] = F(inf)", "out[U(2)] = F(0.5)"]
    out = np.zeros(3, np.float32)
    function = compiler.compiled("numbers", ["out"], body, [compiler.written()])
    function(out)
    np.testing.assert_array_equal(out, np.array([np.float32(0.5) + np.float32(-1e-05), np.inf, 0.5], np.float32))
    text = function.unit.source
    assert text.count("F(0.5)") == 1 and "F(" not in text.split("def numbers")[1]


def test_activations_that_differ_in_numbers_only_share_a_function():
    operand = row_operand("float32", (1, 16), (99, 16))
    after = [(), (Instruction("relu", (2,), "float32"),), (Instruction("clip", (2,), "float32", {"min": 0, "max": 6}),)]
    programs = [RowProgram(ElementwiseProgram(2, (Instruction("add", args, "float32"), *more)), [None, operand])
                for more, args in zip(after, [(0, 1), (1, 0), (0, 1)])]
    x, bias = np.random.default_rng(0).normal(size=(99, 16)).astype("float32") * 9, np.full(16, -1.5, "float32")
    assert len({program.function for program in programs}) == 1
    for program, low, high in zip(programs, (-np.inf, 0, 0), (np.inf, np.inf, 6)):
        out = x.reshape(-1).copy()
        program.on(out, [None, bias], slice(0, 99), slice(0, 16), 16)()
        np.testing.assert_array_equal(out.reshape(99, 16), np.clip(x + bias, low, high))


@pytest.mark.parametrize("case", ["many tiles", "groups, dilation", "windows of one place, large"])
@pytest.mark.parametrize("epilogue", ["bias, relu", "residual", "squeeze and excite"])
def test_transposed_convolution_with_a_compiled_epilogue(monkeypatch, case, epilogue):
    x, kernel, attrs = {**TRANSPOSED, "groups, dilation": ((2, 25, 36, 4), (3, 2, 3, 4), {
        "strides": (2, 1), "dilation": (2, 3), "groups": 2}),
        "windows of one place, large": ((9, 17, 18, 7), (1, 1, 8, 7), {"strides": (2, 2)})}[case]
    attrs = {"padding": "same", "output_padding": None, "dilation": (1, 1), "groups": 1, **attrs}
    assert check(monkeypatch, p.conv_transpose_op, [x, kernel], attrs, epilogue, families=["jit"]) == [
        "scattered_products"]
