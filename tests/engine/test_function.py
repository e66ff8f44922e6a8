"""Functions: traced once for each signature, nests in and out, variables read and assigned."""

import threading

import numpy as np
import pytest

from zoo.config import config
from zoo.engine.explain import explain
from zoo.engine.function import Function
from zoo.engine.passes import AS_TRACED
from zoo.engine.primitives import add_op, conv_op, exp_op, matmul_op, multiply_op, relu_op, sum_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.variable import Variable

ONE = np.ones((2, 3), "float32")


def counting(body):
    """A function that counts how often it is traced."""
    def function(*arguments):
        function.calls += 1
        return body(*arguments)
    function.calls = 0
    return function


def test_one_trace_for_each_signature():
    body = counting(lambda x, y: add_op(x, y))
    function = Function(body)
    for _ in range(3):
        np.testing.assert_array_equal(function(ONE, 2 * ONE), 3 * ONE)
    assert body.calls == 1
    function(ONE[:1], ONE[:1])
    assert body.calls == 2
    function(ONE.astype("float64"), ONE.astype("float64"))
    assert body.calls == 3
    function(ONE, 2 * ONE)
    assert body.calls == 3 and repr(function) == "<Function function: 3 programs>"


def test_nests_in_and_out():
    def body(inputs, mask):
        assert mask is None
        return {"z": (inputs["b"][0], None), "a": [multiply_op(inputs["a"], inputs["b"][1])], "constant": 2}
    result = Function(body)({"b": (ONE, 2 * ONE), "a": 3 * ONE}, None)
    assert list(result) == ["z", "a", "constant"] and result["z"][1] is None and type(result["z"]) is tuple
    np.testing.assert_array_equal(result["z"][0], ONE)
    np.testing.assert_array_equal(result["a"][0], 6 * ONE)
    assert result["constant"] == 2 and result["constant"].dtype == "int32"


def test_the_form_of_a_nest_is_part_of_the_signature():
    body = counting(lambda nest: nest)
    function = Function(body)
    assert type(function((ONE,))) is tuple and type(function([ONE])) is list
    assert list(function({"x": ONE})) == ["x"] and list(function({"y": ONE})) == ["y"]
    assert body.calls == 4


def test_numbers_and_variables_are_arguments_too():
    assert Function(add_op)(2, 3) == 5
    np.testing.assert_array_equal(Function(add_op)(Variable(ONE), ONE), 2 * ONE)


def test_variables_are_read_and_assigned():
    weight, count = Variable(ONE), Variable(np.zeros((), "int32"))

    def body(x):
        count.assign(add_op(count, np.int32(1)))
        weight.assign(multiply_op(weight, np.float32(2)))
        return add_op(x, weight)                            # what was assigned before in the same call

    function = Function(body)
    np.testing.assert_array_equal(function(ONE), 3 * ONE)
    np.testing.assert_array_equal(function(ONE), 5 * ONE)
    assert count.value == 2 and count.value.dtype == "int32"
    weight.assign(np.zeros((2, 3)))
    np.testing.assert_array_equal(function(ONE), ONE)


def test_a_swap_of_variables_uses_the_old_values():
    a, b = Variable(ONE), Variable(2 * ONE)

    def swap():
        old = relu_op(a)
        a.assign(relu_op(b))
        b.assign(old)

    assert Function(swap)() is None
    assert a.value[0, 0] == 2 and b.value[0, 0] == 1


def test_the_program_not_used_for_the_longest_time_goes_first():
    body = counting(exp_op)
    function = Function(body, programs=2)
    for rows in (1, 2, 1, 3, 1):
        function(np.ones((rows, 1), "float32"))
    assert body.calls == 3
    function(np.ones((2, 1), "float32"))
    assert body.calls == 4


def test_other_kernels_make_another_program():
    body = counting(matmul_op)
    function = Function(body)
    function(ONE, ONE.T)
    with config.using(kernels="reference"):
        function(ONE, ONE.T)
    function(ONE, ONE.T)
    assert body.calls == 2


def test_signatures_share_folded_weights():
    kernel, gain = Variable(np.ones((3, 4), "float32")), Variable(np.full(4, 2, "float32"))
    function = Function(lambda x: multiply_op(matmul_op(x, kernel), gain))
    for rows in (1, 2, 3):
        np.testing.assert_array_equal(function(np.ones((rows, 3), "float32")), np.full((rows, 4), 6))
    assert function.weights.nbytes == kernel.value.nbytes


def test_many_threads_trace_once():
    body = counting(lambda x: relu_op(x))
    function, results = Function(body), []
    threads = [threading.Thread(target=lambda: results.append(function(ONE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert body.calls == 1 and len(results) == 8


def test_traces_know_specs_without_sizes():
    traced = trace(lambda x: {"sum": sum_op(x, axes=(1,), keepdims=False), "none": None}, TensorSpec((None, 3)))
    assert traced.specs == {"sum": TensorSpec((None,)), "none": None}


@pytest.fixture
def network():
    kernel = Variable(np.ones((3, 3, 2, 4), "float32"), name="kernel")
    bias = Variable(np.ones(4, "float32"), name="bias")

    def network(x):
        x = conv_op(x, kernel, strides=(1, 1), padding="same", dilation=(1, 1), groups=1)
        return relu_op(add_op(x, bias))
    return network


def test_explain(network):
    explanation = explain(network, TensorSpec((1, 8, 8, 2)))
    shown = str(explanation)
    assert "conv(%in0, @kernel)" in explanation.before
    assert [record.name for record in explanation.passes][-2:] == ["fuse_epilogue", "merge_sweeps"]
    assert "fuse_epilogue: 1 changes, 1 nodes" in shown
    assert "+ [%2 = add(%0, %1); %3 = relu(%2)]" in explanation.after
    assert "blas.pointwise: needs a window and strides of 1 and a single group" in shown
    assert "memory: 2 buffers for 2 values" in shown


def test_explain_a_function_uses_its_pipeline(network):
    explanation = explain(Function(network, pipeline=AS_TRACED, name="plain"), TensorSpec((1, 8, 8, 2)))
    assert [record.name for record in explanation.passes] == ["eliminate_dead"]
    assert explanation.before.startswith("graph plain(") and len(explanation.program.steps) == 3
