"""Every fast kernel against the definition of its primitive, with and without an epilogue."""

import numpy as np
import pytest

from zoo.config import config
from zoo.engine.compile import compile_graph
from zoo.engine.kernels.blas import transposed
from zoo.engine.kernels.families import load
from zoo.engine.kernels.registry import KERNELS, Kernel, register
from zoo.engine.passes import INFERENCE
from zoo.engine.primitives import (
    add_op, avg_pool_op, concatenate_op, conv_op, conv_transpose_op, matmul_op, max_pool_op,
    mean_op, multiply_op, relu_op, sigmoid_op, sum_op,
)
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.errors import ConfigError

# what follows the primitive: nothing, or an elementwise function of its result y and of operands that suit its shape
EPILOGUES = {
    "none": lambda y, operand: y,
    "bias, relu": lambda y, operand: relu_op(add_op(y, operand(y.shape[-1:]))),
    "residual": lambda y, operand: relu_op(add_op(add_op(y, operand(y.shape[-1:])), operand(y.shape))),
    "swish": lambda y, operand: multiply_op(y, sigmoid_op(y)),
    "one factor an image": lambda y, operand: multiply_op(y, operand((y.shape[0],) + (1,) * (len(y.shape) - 1))),
    "squeeze and excite": lambda y, operand: multiply_op(
        operand((y.shape[0],) + (1,) * (len(y.shape) - 2) + y.shape[-1:]), y),
}


def program_of(primitive, arrays, attrs, epilogue, dtype="float32"):
    """The graph of the primitive with something after it, and how to compile it with one kernel only."""
    rng, extra = np.random.default_rng(1), []

    def operand(shape):
        extra.append(rng.normal(size=shape).astype(dtype))
        return extra[-1]

    return trace(lambda *xs: EPILOGUES[epilogue](primitive(*xs, **attrs), operand),
                 *(TensorSpec(a.shape, dtype) for a in arrays)).graph


def check(monkeypatch, primitive, shapes, attrs, epilogue, families=("blas",), dtype="float32"):
    """Compares every kernel that supports the primitive with its definition; returns the kernels' names."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    graph = program_of(primitive, arrays, attrs, epilogue, dtype)
    with config.using(kernels="reference"):
        expected, = compile_graph(graph, pipeline=()).run(*arrays)
    scale, checked = np.abs(expected).max(initial=1e-30), []
    for kernel in [kernel for family in families for kernel in loaded(family, primitive.name)]:
        monkeypatch.setitem(KERNELS, primitive.name, [kernel])
        *packing, step = compile_graph(graph).steps
        assert (epilogue == "none") == (step.node.epilogue is None)
        assert all(step.node.op.name in PACKING for step in packing)
        if step.choice.kernel is not kernel:
            assert kernel.supports(step.node) is not None
            continue
        program = compile_graph(graph)
        actual, = program.run(*arrays)
        assert actual.dtype == expected.dtype and actual.shape == expected.shape
        error = np.abs(actual - expected).max(initial=0)
        assert error <= kernel.tolerance * scale, f"{kernel.title}: {error} of {scale}"
        for threads in (1, 3):                              # no tile depends on what memory held before, or on others
            with config.using(threads=threads):
                np.testing.assert_array_equal(program.run(*arrays)[0], actual)
        checked.append(kernel.name)
    return checked


def loaded(family, primitive):
    """The kernels of a family for a primitive."""
    assert load(family) is None
    return [kernel for kernel in ALL[primitive] if kernel.family == family]


for _family in ("blas", "jit"):
    load(_family)
ALL = {name: list(kernels) for name, kernels in KERNELS.items()}
PACKING = ("reshape", "transpose", "broadcast_to", "winograd_kernel", "panels")


def conv(x, kernel, strides=None, padding="valid", dilation=None, groups=1):
    rank = len(x) - 2
    return [x, kernel], {"strides": strides or (1,) * rank, "padding": padding, "dilation": dilation or (1,) * rank,
                         "groups": groups}


CONVOLUTIONS = {                                            # with the kernel that is chosen
    "pointwise": ("blas.pointwise", conv((2, 9, 7, 12), (1, 1, 12, 20))),
    "pointwise, same": ("blas.pointwise", conv((1, 5, 5, 3), (1, 1, 3, 4), padding="same")),
    "pointwise, large": ("blas.pointwise", conv((1, 56, 56, 64), (1, 1, 64, 96))),
    "pointwise, few rows": ("blas.pointwise", conv((1, 7, 7, 256), (1, 1, 256, 1024))),
    "pointwise with strides": ("blas.im2col", conv((2, 9, 8, 12), (1, 1, 12, 20), strides=(2, 2))),
    "3x3 valid": ("blas.im2col", conv((2, 9, 7, 5), (3, 3, 5, 6))),
    "3x3 same": ("blas.im2col", conv((2, 9, 7, 5), (3, 3, 5, 6), padding="same")),
    "3x3 same, strides": ("blas.im2col", conv((1, 10, 9, 4), (3, 3, 4, 8), strides=(2, 2), padding="same")),
    "3x3 dilated": ("blas.im2col", conv((1, 12, 11, 4), (3, 3, 4, 8), padding="same", dilation=(2, 3))),
    "explicit padding": ("blas.im2col", conv((2, 8, 8, 3), (3, 2, 3, 5), strides=(2, 1), padding=((2, 1), (0, 3)))),
    "padding past the input": ("blas.im2col", conv((1, 2, 2, 3), (2, 2, 3, 5), padding=((4, 5), (3, 3)))),
    "tiles of padding only": ("blas.winograd_4x4", conv((1, 9, 2, 16), (3, 3, 16, 3), padding=((90, 90), (40, 40)))),
    "first layer": ("blas.im2col", conv((1, 64, 64, 3), (7, 7, 3, 32), strides=(2, 2), padding=((3, 3), (3, 3)))),
    "many tiles": ("blas.winograd_4x4", conv((3, 40, 40, 32), (3, 3, 32, 32), padding="same")),
    "few rows, many channels": ("blas.im2col", conv((1, 7, 7, 128), (3, 3, 128, 256), padding="same")),
    "groups": ("blas.im2col", conv((2, 8, 6, 12), (3, 3, 4, 9), padding="same", groups=3)),
    "pointwise groups": ("blas.im2col", conv((2, 8, 6, 12), (1, 1, 4, 9), groups=3)),
    "one axis": ("blas.im2col", conv((2, 30, 4), (5, 4, 6), strides=(2,), padding="same")),
    "one axis, causal": ("blas.im2col", conv((2, 30, 4), (3, 4, 6), padding=((4, 0),), dilation=(2,))),
    "three axes": ("blas.im2col", conv((2, 6, 5, 7, 3), (3, 2, 3, 3, 4), strides=(1, 2, 1), padding="same")),
    "depthwise": ("blas.depthwise", conv((2, 9, 8, 6), (3, 3, 1, 6), padding="same", groups=6)),
    "depthwise, strides": ("blas.depthwise",
                           conv((2, 9, 8, 6), (5, 5, 1, 6), strides=(2, 2), padding="same", groups=6)),
    "depthwise, multiplier": ("blas.depthwise", conv((2, 9, 8, 4), (3, 3, 1, 12), groups=4)),
    "depthwise, dilated": ("blas.depthwise",
                           conv((1, 12, 12, 4), (3, 3, 1, 4), padding="same", dilation=(2, 2), groups=4)),
    "depthwise, large": ("blas.depthwise", conv((2, 56, 56, 48), (3, 3, 1, 48), padding="same", groups=48)),
    "depthwise, one axis": ("blas.depthwise", conv((2, 20, 4), (3, 1, 4), groups=4)),
}
PRODUCTS = {
    "matrices": [(5, 7), (7, 3)],
    "one row": [(1, 300), (300, 400)],
    "one row, large": [(1, 2048), (2048, 4096)],
    "stack of rows": [(2, 3, 5, 7), (7, 4)],
    "leading ones": [(6, 5), (1, 1, 5, 4)],
    "stacks": [(2, 3, 5, 7), (2, 3, 7, 4)],
    "stacks that broadcast": [(2, 1, 5, 7), (3, 7, 4)],
    "many stacks": [(8, 12, 60, 64), (8, 12, 64, 60)],
    "many rows": [(5000, 64), (64, 48)],
    "nothing": [(0, 4), (4, 3)],
}
POOLINGS = {
    "halves": ((2, 8, 6, 5), {"window": (2, 2), "strides": (2, 2), "padding": "valid"}),
    "same": ((2, 9, 7, 5), {"window": (3, 3), "strides": (2, 2), "padding": "same"}),
    "explicit": ((1, 9, 7, 5), {"window": (3, 2), "strides": (1, 2), "padding": ((1, 1), (1, 0))}),
    "large": ((2, 112, 112, 16), {"window": (3, 3), "strides": (2, 2), "padding": ((1, 1), (1, 1))}),
    "one axis": ((2, 9, 5), {"window": (4,), "strides": (3,), "padding": "same"}),
    "three axes": ((1, 5, 6, 7, 2), {"window": (2, 3, 2), "strides": (2, 1, 2), "padding": "same"}),
    "window of one": ((1, 5, 6, 3), {"window": (1, 1), "strides": (2, 2), "padding": "valid"}),
}


@pytest.mark.parametrize("epilogue", EPILOGUES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution(monkeypatch, case, epilogue):
    title, (shapes, attrs) = CONVOLUTIONS[case]
    checked = check(monkeypatch, conv_op, shapes, attrs, epilogue)
    assert "im2col" in checked and title.partition(".")[2] in checked


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_the_best_kernel_for_a_convolution(case):
    title, (shapes, attrs) = CONVOLUTIONS[case]
    graph = program_of(conv_op, [np.ones(shape) for shape in shapes], attrs, "none")
    with config.using(kernels="blas"):
        choice = compile_graph(graph).steps[-1].choice
    assert choice.kernel.title == title, str(choice)


def test_packing_counts_where_it_is_done_in_each_run():
    """A few tiles of many channels are not worth a transformed kernel, unless it is transformed beforehand."""
    (x, kernel), attrs = conv((8, 4, 4, 128), (3, 3, 128, 128), padding="same")
    weights = np.ones(kernel, "float32")
    with config.using(kernels="blas"):
        trained = compile_graph(program_of(conv_op, [np.ones(x), weights], attrs, "none"))
        fixed = compile_graph(trace(lambda given: conv_op(given, weights, **attrs), TensorSpec(x)).graph)
    assert [program.steps[-1].choice.kernel.name for program in (trained, fixed)] == ["im2col", "winograd_4x4"]


@pytest.mark.parametrize("epilogue", EPILOGUES)
@pytest.mark.parametrize("case", PRODUCTS)
def test_product(monkeypatch, case, epilogue):
    assert check(monkeypatch, matmul_op, PRODUCTS[case], {}, epilogue) == ["tiled_product"]


@pytest.mark.parametrize("epilogue", ["none", "bias, relu", "squeeze and excite"])
@pytest.mark.parametrize("case", POOLINGS)
@pytest.mark.parametrize("primitive, name", [(max_pool_op, "shifted_maxima"), (avg_pool_op, "shifted_sums")])
def test_pooling(monkeypatch, primitive, name, case, epilogue):
    shape, attrs = POOLINGS[case]
    assert check(monkeypatch, primitive, [shape], attrs, epilogue) == [name]


TRANSPOSED = {                                              # input, kernel, and the attributes that differ
    "strides": ((2, 5, 6, 4), (3, 3, 7, 4), {"strides": (2, 2)}),
    "windows of one place": ((2, 5, 6, 4), (1, 1, 7, 4), {"strides": (2, 3)}),
    "windows of one place, output padding": ((2, 5, 6, 4), (1, 1, 7, 4), {"strides": (3, 2), "padding": "valid",
                                                                          "output_padding": (5, 1)}),
    "strides larger than the window": ((2, 5, 6, 4), (2, 1, 7, 4), {"strides": (3, 2)}),
    "valid": ((2, 5, 6, 4), (4, 3, 7, 4), {"strides": (2, 3), "padding": "valid"}),
    "output padding": ((1, 5, 6, 4), (3, 3, 7, 4), {"strides": (2, 2), "output_padding": (1, 0)}),
    "explicit": ((1, 5, 6, 4), (3, 3, 7, 4), {"strides": (2, 2), "padding": ((1, 0), (2, 1)),
                                                 "output_padding": (0, 3)}),
    "groups, dilation": ((2, 5, 6, 4), (3, 2, 3, 4), {"strides": (2, 1), "dilation": (2, 3), "groups": 2}),
    "one axis": ((2, 7, 4), (5, 3, 4), {"strides": (3,), "dilation": (1,)}),
    "three axes": ((1, 3, 4, 2, 3), (2, 3, 2, 2, 3), {"strides": (2, 1, 2), "dilation": (1, 1, 1)}),
    "many tiles": ((2, 40, 30, 32), (3, 3, 16, 32), {"strides": (2, 2)}),
}


@pytest.mark.parametrize("epilogue", ["none", "bias, relu", "squeeze and excite"])
@pytest.mark.parametrize("case", TRANSPOSED)
def test_transposed_convolution(monkeypatch, case, epilogue):
    x, kernel, attrs = TRANSPOSED[case]
    attrs = {"padding": "same", "output_padding": None, "dilation": (1, 1), "groups": 1, **attrs}
    assert check(monkeypatch, conv_transpose_op, [x, kernel], attrs, epilogue) == ["scattered_products"]


@pytest.mark.parametrize("case", TRANSPOSED)
def test_transposed_convolution_in_tiles_of_one_row(monkeypatch, case):
    monkeypatch.setattr(transposed, "CACHE_BYTES", 1)
    monkeypatch.setattr(transposed, "_ROWS", 1)
    test_transposed_convolution(monkeypatch, case, "none")


@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("axes", [(0,), (0, 1), (1, 2), (2, 3), (3,), (0, 1, 2, 3), (1,)])
@pytest.mark.parametrize("primitive", [sum_op, mean_op])
def test_sums(monkeypatch, primitive, axes, keepdims):
    for shape in ((2, 3, 4, 5), (3, 50, 40, 6)):
        attrs = {"axes": axes, "keepdims": keepdims}
        assert check(monkeypatch, primitive, [shape], attrs, "none") == ["product_with_ones"]


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_concatenation(monkeypatch, axis):
    shapes = [[2, 3, 4, 5] for _ in range(3)]
    for size, shape in zip((1, 6, 3), shapes):
        shape[axis] = size
    assert check(monkeypatch, concatenate_op, shapes, {"axis": axis}, "none") == ["copies"]


def test_float64_is_computed_in_float64(monkeypatch):
    shapes, attrs = conv((1, 9, 7, 5), (3, 3, 5, 6), padding="same")
    assert "im2col" in check(monkeypatch, conv_op, shapes, attrs, "bias, relu", dtype="float64")


def test_other_dtypes_are_refused_with_a_reason():
    graph = trace(lambda x, y: matmul_op(x, y), TensorSpec((2, 3), "int32"), TensorSpec((3, 2), "int32")).graph
    choice = compile_graph(graph).steps[0].choice
    assert choice.kernel.family == "reference" and "BLAS has no product of int32" in str(choice)


def test_only_allowed_families_are_chosen():
    graph = trace(lambda x, y: matmul_op(x, y), TensorSpec((2, 3)), TensorSpec((3, 2))).graph
    with config.using(kernels="reference"):
        choice = compile_graph(graph).steps[0].choice
    assert choice.kernel.title == "reference.matmul"
    assert "family 'blas' is not allowed" in str(choice)


def test_a_second_kernel_of_the_same_name_is_an_error():
    kernel = KERNELS["matmul"][0]
    with pytest.raises(ConfigError, match="already registered"):
        register(Kernel(kernel.op, kernel.name, kernel.family, kernel.supports, kernel.bind))


def test_the_inference_pipeline_is_the_default():
    graph = trace(lambda x: relu_op(relu_op(x)), TensorSpec((2, 3))).graph
    assert str(compile_graph(graph)) == str(compile_graph(graph, pipeline=INFERENCE))
