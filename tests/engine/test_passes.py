"""Each pass on a small graph: what it makes of it, and that the numbers stay."""

import re

import numpy as np
import pytest

from zoo.engine import primitives as p
from zoo.engine.compile import lower
from zoo.engine.graph import consumers, current, text
from zoo.engine.passes import INFERENCE
from zoo.engine.passes.choose_layout import choose_layout
from zoo.engine.passes.eliminate_dead import eliminate_dead
from zoo.engine.passes.fold_batch_norm import fold_batch_norm
from zoo.engine.passes.fold_constants import fold_constants
from zoo.engine.passes.fuse_elementwise import fuse_elementwise
from zoo.engine.passes.fuse_epilogue import fuse_epilogue
from zoo.engine.passes.lower_contractions import lower_contractions
from zoo.engine.passes.merge_equal import merge_equal
from zoo.engine.passes.simplify import simplify
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.variable import Variable

RNG = np.random.default_rng(0)


def variable(*shape, name="w", low=0.5):
    return Variable(RNG.uniform(low, 2, size=shape).astype("float32"), name=name)


def apply(passes, function, *shapes, low=-1.0):
    """Runs passes on the function's graph, checks that its numbers stay; returns the ops left, and the graph."""
    arrays = [RNG.uniform(low, 1, size=shape).astype("float32") for shape in shapes]
    before = trace(function, *(TensorSpec(shape) for shape in shapes), name="f").graph
    frozen = text(before)
    graph, changes = before, 0
    for one in passes if isinstance(passes, tuple) else (passes,):
        graph, count = one(graph)
        changes += count
    assert text(before) == frozen                           # passes make new graphs
    assert (changes > 0) == (text(graph) != frozen)
    for expected, actual in zip(lower(before).run(*arrays), lower(graph).run(*arrays), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)
    return [node.op.name for node in graph.nodes], graph


def conv(x, kernel, **attrs):
    return p.conv_op(x, kernel, **{"strides": (1, 1), "padding": "valid", "dilation": (1, 1), "groups": 1, **attrs})


def pad(x, *pairs, value=0.0, mode="constant"):
    return p.pad_op(x, pads=((0, 0), *pairs, (0, 0)), mode=mode, value=value)


def to_first(x):
    return p.transpose_op(x, axes=(0, 3, 1, 2))


def to_last(x):
    return p.transpose_op(x, axes=(0, 2, 3, 1))


def test_eliminate_dead():
    def function(x):
        p.exp_op(p.negative_op(x))
        return p.relu_op(x)
    assert apply(eliminate_dead, function, (2, 3))[0] == ["relu"]


def test_merge_equal():
    def function(x):
        return p.add_op(p.multiply_op(p.exp_op(x), np.float32(2)), p.multiply_op(p.exp_op(x), np.float32(2)))
    assert apply(merge_equal, function, (2, 3))[0] == ["exp", "multiply", "add"]


def test_merge_equal_tells_attributes_and_constants_apart():
    def function(x):
        return p.add_op(p.clip_op(x, min=0.0, max=1.0), p.clip_op(x, min=0.0, max=2.0)), \
            p.add_op(x, np.float32(1)), p.add_op(x, np.float32(2))
    assert len(apply(merge_equal, function, (2, 3))[0]) == 5


def test_fold_constants():
    def function(x):
        two = p.add_op(np.float32(1), np.float32(1))
        return p.multiply_op(x, p.sqrt_op(two))
    ops, graph = apply(fold_constants, function, (2, 3))
    assert ops == ["multiply"] and graph.nodes[0].inputs[1].constant == np.float32(np.sqrt(np.float32(2)))


def test_fold_constants_leaves_large_results_to_the_prologue():
    def function(x):
        return p.add_op(x, p.broadcast_to_op(np.float32(1), shape=(100, 100)))
    assert apply(fold_constants, function, (100, 100))[0] == ["broadcast_to", "add"]


SIMPLER = {
    "cast to its own dtype": (lambda x: p.cast_op(x, dtype="float32"), []),
    "stop_gradient": (lambda x: p.relu_op(p.stop_gradient_op(x)), ["relu"]),
    "reshape of a reshape": (lambda x: p.reshape_op(p.reshape_op(x, shape=(6, 20)), shape=(60, 2)), ["reshape"]),
    "reshape to and fro": (lambda x: p.reshape_op(p.reshape_op(x, shape=(6, 20)), shape=(2, 3, 4, 5)), []),
    "transpose to and fro": (lambda x: to_last(to_first(x)), []),
    "transpose of a transpose": (lambda x: to_first(to_first(x)), ["transpose"]),
    "transpose that moves nothing": (lambda x: to_first(p.mean_op(x, axes=(1, 2), keepdims=True)), ["mean", "reshape"]),
    "addition of 0": (lambda x: p.add_op(np.float32(0), x), []),
    "multiplication by 1": (lambda x: p.multiply_op(x, np.ones(5, "float32")), []),
    "subtraction of 0": (lambda x: p.subtract_op(x, np.float32(0)), []),
    "subtraction from 0": (lambda x: p.subtract_op(np.float32(0), x), ["negative"]),
    "multiplication by 1 that broadcasts": (lambda x: p.multiply_op(x, np.ones((2, 1, 1, 1, 1), "float32")),
                                            ["multiply"]),
    "division by 1": (lambda x: p.divide_op(x, np.float32(1)), []),
    "square": (lambda x: p.power_op(x, np.float32(2)), ["square"]),
    "negative of a negative": (lambda x: p.negative_op(p.negative_op(x)), []),
    "whole slice": (lambda x: p.slice_op(x, starts=(0,) * 4, stops=(None,) * 4, steps=(1,) * 4), []),
    "broadcast before elementwise": (lambda x: p.add_op(x, p.broadcast_to_op(p.mean_op(x, axes=(0,), keepdims=True),
                                                                           shape=(2, 3, 4, 5))), ["mean", "add"]),
    "mean over axes of size 1": (lambda x: p.mean_op(p.mean_op(x, axes=(1,), keepdims=True), axes=(1,), keepdims=False),
                                 ["mean", "reshape"]),
    "one tensor concatenated": (lambda x: p.concatenate_op(x, axis=1), []),
    "no padding": (lambda x: pad(x, (0, 0), (0, 0)), []),
}


@pytest.mark.parametrize("case", SIMPLER)
def test_simplify(case):
    function, expected = SIMPLER[case]
    assert apply(simplify, function, (2, 3, 4, 5))[0] == expected


PADDED = {
    "zeros before a convolution": (lambda x: conv(pad(x, (1, 2), (0, 1)), K), ((1, 2), (0, 1))),
    "padding of the convolution's own": (
        lambda x: conv(pad(x, (1, 1), (1, 1)), K, padding="same", strides=(2, 2)), None),
    "zeros before the gradient by a kernel": (
        lambda x: p.conv_kernel_gradient_op(pad(x, (1, 2), (0, 1)), Y, window=(3, 3), strides=(2, 2),
                                            padding=((0, 1), (0, 0)), dilation=(1, 1), groups=1), ((1, 3), (0, 1))),
    "zeros before the maximum of what is not negative": (
        lambda x: p.max_pool_op(pad(p.relu_op(x), (1, 1), (0, 1)), window=(3, 3), strides=(2, 2), padding="valid"),
        ((1, 1), (0, 1))),
    "minus infinity before a maximum": (
        lambda x: p.max_pool_op(pad(x, (1, 0), (1, 0), value=-np.inf), window=(2, 2), strides=(1, 1), padding="valid"),
        ((1, 0), (1, 0))),
}
K, Y = variable(3, 3, 5, 2, low=-1), variable(2, 4, 3, 2, low=-1)


@pytest.mark.parametrize("case", PADDED)
def test_padding_is_left_to_the_window(case):
    function, padding = PADDED[case]
    ops, graph = apply(simplify, function, (2, 6, 7, 5))
    assert "pad" not in ops
    if padding:
        assert graph.nodes[-1].attrs["padding"] == padding


KEPT = {
    "zeros before any maximum": lambda x: p.max_pool_op(pad(x, (1, 1), (1, 1)), window=(3, 3), strides=(2, 2),
                                                        padding="valid"),
    "a maximum of zeros only": lambda x: p.max_pool_op(pad(p.relu_op(x), (2, 2), (0, 0)), window=(2, 2), strides=(1, 1),
                                                       padding="valid"),
    "zeros that count in a mean": lambda x: p.avg_pool_op(pad(x, (1, 1), (1, 1)), window=(2, 2), strides=(1, 1),
                                                          padding="valid"),
    "ones before a convolution": lambda x: conv(pad(x, (1, 1), (1, 1), value=1.0), K),
    "a reflection before a convolution": lambda x: conv(pad(x, (1, 1), (1, 1), mode="reflect"), K),
    "channels of zeros": lambda x: conv(p.pad_op(p.relu_op(x), pads=((0, 0), (0, 0), (0, 0), (0, 2)), mode="constant",
                                                 value=0.0), variable(3, 3, 7, 2)),
}


@pytest.mark.parametrize("case", KEPT)
def test_padding_that_means_something_is_kept(case):
    assert "pad" in apply(simplify, KEPT[case], (2, 6, 7, 5))[0]


EQUATIONS = {                                               # with the primitives that are left
    "ij,jk->ik": ["matmul"],
    "abc,cd->abd": ["matmul"],
    "abc,cde->abde": ["reshape", "matmul", "reshape"],
    "abc,cd->adb": ["matmul", "transpose"],
    "abcd,cde->abe": ["reshape", "reshape", "matmul"],
    "bthd,bshd->bhts": ["transpose", "transpose", "matmul"],
    "bshd,bthd->bhts": ["transpose", "transpose", "matmul"],
    "bhts,bshd->bthd": ["transpose", "matmul", "transpose"],
    "ij,ij->i": ["reshape", "reshape", "matmul", "reshape"],
    "ij,ij->": ["reshape", "reshape", "matmul", "reshape"],
    "i,j->ij": ["reshape", "reshape", "matmul"],
    "ijz,jk->ik": ["sum", "matmul"],
    "ij,kj->ki": ["transpose", "matmul", "transpose"],
    "ii,ij->ij": ["einsum"],
    "ij,jk,kl->il": ["einsum"],
    "iij->ij": ["einsum"],
}
SIZES = dict(zip("abcdehijklstz", (2, 3, 4, 5, 6, 2, 3, 4, 5, 6, 4, 7, 2)))


@pytest.mark.parametrize("equation", EQUATIONS)
def test_lower_einsum(equation):
    shapes = [tuple(SIZES[letter] for letter in letters) for letters in equation.split("->")[0].split(",")]
    ops, _ = apply(lower_contractions, lambda *xs: p.einsum_op(*xs, equation=equation), *shapes)
    assert ops == EQUATIONS[equation]


@pytest.mark.parametrize("padding, output_padding", [("same", None), ("valid", None), ("valid", (0, 1)),
                                                     (((1, 0), (0, 1)), None)])
@pytest.mark.parametrize("groups, dilation", [(1, (1, 1)), (2, (1, 1)), (4, (1, 1)), (1, (2, 1))])
def test_lower_transposed_convolution(padding, output_padding, groups, dilation):
    ops, _ = apply(lower_contractions, lambda x, k: p.conv_transpose_op(
        x, k, strides=(1, 1), padding=padding, output_padding=output_padding, dilation=dilation, groups=groups),
        (2, 5, 6, 4), (3, 2, 3, 4))
    assert ops[-1] == "conv" and "conv_transpose" not in ops


def test_transposed_convolution_with_strides_is_kept():
    ops, _ = apply(lower_contractions, lambda x, k: p.conv_transpose_op(
        x, k, strides=(2, 1), padding="same", output_padding=None, dilation=(1, 1), groups=1),
        (2, 5, 6, 4), (3, 2, 3, 4))
    assert ops == ["conv_transpose"]


class TestChooseLayout:
    """Channels-first models run channels-last inside."""

    def test_a_channels_first_network_keeps_two_transposes(self):
        k1, k2, gain = variable(3, 3, 3, 4), variable(3, 3, 4, 4), variable(1, 4, 1, 1)

        def function(x):
            x = p.relu_op(p.multiply_op(to_first(conv(to_last(x), k1)), gain))
            x = to_first(p.max_pool_op(to_last(x), window=(2, 2), strides=(2, 2), padding="valid"))
            y = to_first(conv(to_last(pad_first(x)), k2))
            x = p.concatenate_op(p.add_op(x, y), x, axis=1)
            return p.softmax_op(x, axis=1)

        def pad_first(x):
            return p.pad_op(x, pads=((0, 0), (0, 0), (1, 1), (1, 1)), mode="constant", value=0.0)

        ops, _ = apply(choose_layout, function, (2, 3, 8, 8))
        assert ops.count("transpose") == 2 and ops[0] == ops[-1] == "transpose"

    @pytest.mark.parametrize("keepdims", [True, False])
    @pytest.mark.parametrize("axes", [(2, 3), (1,), (0, 2), (1, 2, 3)])
    def test_reductions(self, axes, keepdims):
        ops, _ = apply(choose_layout, lambda x: p.mean_op(to_first(x), axes=axes, keepdims=keepdims), (2, 3, 4, 5))
        assert ops[0] == "mean"

    @pytest.mark.parametrize("axis", range(4))
    def test_one_axis(self, axis):
        for function in (lambda x: p.softmax_op(x, axis=axis), lambda x: p.cumsum_op(x, axis=axis),
                         lambda x: p.argmax_op(x, axis=axis, keepdims=False), lambda x: p.flip_op(x, axes=(axis,))):
            assert apply(choose_layout, lambda x: function(to_first(x)), (2, 3, 4, 5))[0][0] != "transpose"

    def test_pads_and_slices(self):
        def function(x):
            x = p.pad_op(to_first(x), pads=((0, 0), (1, 0), (0, 2), (3, 0)), mode="constant", value=1.0)
            return p.slice_op(x, starts=(0, 1, None, 2), stops=(None, 3, -1, None), steps=(1, 1, 2, 1))
        assert apply(choose_layout, function, (2, 3, 4, 5))[0] == ["pad", "slice", "transpose"]

    def test_other_operands(self):
        def function(x, gate, same, scalar):
            y = p.multiply_op(to_first(x), gate)            # (2, 5, 1, 1): nothing moves
            return p.add_op(p.add_op(y, to_first(same)), scalar)
        ops, _ = apply(choose_layout, function, (2, 3, 4, 5), (2, 5, 1, 1), (2, 3, 4, 5), ())
        assert ops == ["reshape", "multiply", "add", "add", "transpose"]

    def test_an_operand_of_another_layout_is_not_moved(self):
        ops, _ = apply(choose_layout, lambda x, y: p.relu_op(p.add_op(to_first(x), y)), (2, 3, 4, 5), (2, 5, 3, 4))
        assert ops == ["transpose", "add", "relu"]


class TestFoldBatchNorm:
    """Scales go into kernels, and chains of affine steps become short."""

    def norm(self, x, channels):
        mean, variance, gamma, beta = (variable(channels, name=n) for n in ("mean", "variance", "gamma", "beta"))
        inverse = p.rsqrt_op(p.add_op(variance, np.float32(1e-3)))
        return p.add_op(p.multiply_op(p.multiply_op(p.subtract_op(x, mean), inverse), gamma), beta)

    def runtime(self, function, *shapes):
        ops, graph = apply((fold_batch_norm, simplify), function, *shapes)
        compiled = lower(graph)
        return [step.node.op.name for step in compiled.steps if not step.is_alias]

    LINEAR = {
        "convolution": (lambda x: conv(x, variable(3, 3, 4, 6)), (2, 6, 6, 4)),
        "convolution with bias": (lambda x: p.add_op(conv(x, variable(3, 3, 4, 6)), variable(6)), (2, 6, 6, 4)),
        "depthwise": (lambda x: conv(x, variable(3, 3, 1, 4), groups=4), (2, 6, 6, 4)),
        "groups": (lambda x: conv(x, variable(3, 3, 2, 6), groups=2), (2, 6, 6, 4)),
        "dense": (lambda x: p.matmul_op(x, variable(4, 6)), (5, 4)),
        "transposed convolution": (lambda x: p.conv_transpose_op(
            x, variable(3, 3, 6, 4), strides=(2, 2), padding="same", output_padding=None, dilation=(1, 1), groups=1),
            (2, 3, 3, 4)),
    }

    @pytest.mark.parametrize("case", LINEAR)
    def test_one_addition_is_left(self, case):
        linear, shape = self.LINEAR[case]
        channels = trace(linear, TensorSpec(shape)).graph.outputs[0].shape[-1]
        ops = self.runtime(lambda x: p.relu_op(self.norm(linear(x), channels)), shape)
        assert ops[1:] == ["add", "relu"]

    def test_forms_of_the_same_thing(self):
        k, w, b = variable(3, 3, 4, 6), variable(1, 1, 1, 6), variable(6)
        for function in (lambda y: p.divide_op(p.subtract_op(y, b), w), lambda y: p.subtract_op(b, p.multiply_op(w, y)),
                         lambda y: p.multiply_op(p.multiply_op(y, np.float32(0.5)), w)):
            ops = self.runtime(lambda x: function(conv(x, k)), (2, 6, 6, 4))
            assert ops in (["conv", "add"], ["conv"])

    def test_without_a_convolution_two_steps_are_left(self):
        assert self.runtime(lambda x: self.norm(p.relu_op(x), 4), (2, 4)) == ["relu", "multiply", "add"]

    def test_a_convolution_with_another_reader_is_left_alone(self):
        def function(x):
            y = conv(x, variable(3, 3, 4, 6))
            return p.multiply_op(y, variable(6)), p.relu_op(y)
        assert self.runtime(function, (2, 6, 6, 4)) == ["conv", "multiply", "relu"]

    def test_scales_of_other_axes_are_left_alone(self):
        ops = self.runtime(lambda x: p.multiply_op(conv(x, variable(3, 3, 4, 6)), variable(4, 1, 1)), (2, 6, 6, 4))
        assert ops == ["conv", "multiply"]

    def test_weights_that_the_graph_updates_are_left_alone(self):
        kernel = variable(4, 6)

        def function(x):
            y = p.multiply_op(p.matmul_op(x, kernel), variable(6))
            kernel.assign(p.multiply_op(kernel, np.float32(0.5)))
            return y
        graph, _ = fold_batch_norm(trace(function, TensorSpec((5, 4))).graph)
        assert [node.op.name for node in graph.nodes] == ["matmul", "multiply", "multiply"]
        assert graph.nodes[1].inputs[0].node is graph.nodes[0]


class TestFusion:
    """Regions of elementwise nodes, and epilogues."""

    def test_a_region_becomes_one_node(self):
        def function(x, y):
            z = p.add_op(p.relu_op(x), y)
            return p.multiply_op(z, p.sigmoid_op(z))
        ops, graph = apply(fuse_elementwise, function, (2, 3), (3,))
        assert ops == ["fused"]
        assert str(graph.nodes[0].attrs["program"]) == \
            "[%2 = relu(%0); %3 = add(%2, %1); %4 = sigmoid(%3); %5 = multiply(%3, %4)]"

    def test_what_others_read_is_a_result(self):
        def function(x):
            y = p.exp_op(p.relu_op(x))
            return p.negative_op(y), p.sum_op(y, axes=(0,), keepdims=False)
        assert apply(fuse_elementwise, function, (2, 3))[0] == ["fused", "fused", "sum"]

    def test_regions_have_one_shape(self):
        def function(x, y):
            return p.add_op(x, p.sigmoid_op(p.relu_op(y)))
        assert apply(fuse_elementwise, function, (4, 3), (3,))[0] == ["fused", "fused"]

    def test_fixed_values_stay_outside(self):
        gain = variable(3)
        ops, _ = apply(fuse_elementwise, lambda x: p.relu_op(p.multiply_op(x, p.exp_op(gain))), (4, 3))
        assert ops == ["exp", "fused"]

    def test_comparison_and_choice(self):
        def function(x, y):
            return p.select_op(p.less_op(x, y), p.negative_op(x), y)
        assert apply(fuse_elementwise, function, (4, 3), (4, 1))[0] == ["fused"]

    def test_epilogue(self):
        bias = variable(6)

        def function(x, y):
            return p.relu_op(p.add_op(y, p.add_op(conv(x, variable(3, 3, 4, 6)), bias)))
        ops, graph = apply((fuse_elementwise, fuse_epilogue), function, (2, 6, 6, 4), (2, 4, 4, 6))
        node, = graph.nodes
        assert ops == ["conv"] and len(node.op_inputs) == 2 and len(node.epilogue_inputs) == 2
        assert re.search(r"conv\(%in0, @w, .*\) .* \+ \[%3 = add\(%0, ", text(graph))

    def test_the_last_of_two_convolutions_gets_the_epilogue(self):
        def function(x):
            return p.relu_op(p.add_op(conv(x, variable(1, 1, 4, 6)), conv(p.exp_op(x), variable(1, 1, 4, 6))))
        _, graph = apply((fuse_elementwise, fuse_epilogue), function, (2, 6, 6, 4))
        assert [node.epilogue is None for node in graph.nodes] == [True, True, False]

    def test_no_epilogue_for_what_others_read_or_of_another_dtype(self):
        def shared(x):
            y = p.matmul_op(x, variable(4, 6))
            return p.relu_op(y), y

        def compared(x):
            return p.greater_op(p.matmul_op(x, variable(4, 6)), np.float32(2))
        for function in (shared, compared):
            assert apply((fuse_elementwise, fuse_epilogue), function, (5, 4))[0] == ["matmul", "fused"]


def test_graphs_keep_their_scopes():
    def function(x):
        with current().scope("block"):
            return p.multiply_op(conv(x, variable(1, 1, 4, 6)), variable(6))
    graph = trace(function, TensorSpec((2, 6, 6, 4))).graph
    for one in INFERENCE:
        graph, _ = one(graph)
    assert {node.scope for node in graph.nodes} == {"block"}
    assert all(consumers(graph)[node.output] for node in graph.nodes)
