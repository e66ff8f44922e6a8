"""Programs: the numbers of the reference, memory without overlaps, runs side by side."""

import itertools
import os
import threading

import numpy as np
import pytest

from tests.engine.random_graphs import RandomFunction
from zoo.config import config
from zoo.engine import dtypes
from zoo.engine.compile import compile_graph
from zoo.engine.passes import AS_TRACED
from zoo.engine.primitives import add_op, conv_op, equal_op, matmul_op, multiply_op, relu_op, reshape_op, sigmoid_op
from zoo.engine.prologue import WeightCache
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.variable import Variable
from zoo.errors import DtypeError, ShapeError

SEEDS = range(60)


def graph_of(function, *arrays):
    return trace(function, *(TensorSpec(a.shape, dtypes.standardize(a.dtype)) for a in arrays)).graph


def random_graph(seed, **options):
    function = RandomFunction(seed, **options)
    return function, graph_of(function, function.input)


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-10), ("float32", 1e-4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_random_graphs_keep_their_numbers(seed, dtype, tolerance):
    function, graph = random_graph(seed, dtype=dtype)
    with config.using(kernels="reference"):
        plain = compile_graph(graph, pipeline=())
    before = [variable.value for variable in function.variables]
    expected = plain.run(function.input)
    updated = [variable.value for variable in function.variables]
    for variable, value in zip(function.variables, before):
        variable.assign(value)
    actual = compile_graph(graph).run(function.input)
    for a, e in zip([*actual, *(v.value for v in function.variables)], [*expected, *updated]):
        assert a.dtype == e.dtype and a.shape == e.shape
        np.testing.assert_allclose(a, e, rtol=0, atol=tolerance * max(1.0, np.abs(e).max(initial=0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_memory_of_values_that_are_needed_is_never_overwritten(seed):
    _, graph = random_graph(seed, length=25)
    program = compile_graph(graph)
    buffers = program.plan.buffers
    needed = {value: len(program.steps) for value in (*graph_results(program),)}
    for i, step in enumerate(program.steps):
        needed.update((value, max(i, needed.get(value, -1))) for value in step.inputs)
    written = list(program.given)
    for i, step in enumerate(program.steps):
        for value, other in itertools.product(step.outputs, written):
            mine, its = buffers[value], buffers[other]
            apart = mine.offset + mine.size <= its.offset or its.offset + its.size <= mine.offset
            takes_over = step.is_alias or other in [step.inputs[j] for j in step.choice.kernel.in_place(step.node)]
            last = needed.get(other, -1)
            assert apart or last < i or last == i and takes_over or step.is_alias and mine == its, f"{step}\n{program}"
        written += step.outputs
    assert all(buffer.offset % 64 == 0 and buffer.offset + buffer.size <= program.plan.size
               for buffer in buffers.values())


def graph_results(program):
    return [value for value in program.wanted if value in program.plan.buffers]


def test_memory_is_shared_along_a_chain():
    x = np.ones((1, 16, 16, 8), "float32")
    kernel = Variable(np.ones((3, 3, 8, 8), "float32"))

    def chain(x):
        for _ in range(10):
            x = conv_op(x, kernel, strides=(1, 1), padding="same", dilation=(1, 1), groups=1)
        return x

    plan = compile_graph(graph_of(chain, x)).plan
    assert plan.size == 2 * x.nbytes and plan.unshared == 11 * x.nbytes
    assert "5.5 times as much" in str(plan)


def test_elementwise_work_is_done_in_place():
    x = np.ones((4, 8), "float32")
    program = compile_graph(graph_of(lambda x: sigmoid_op(relu_op(x)), x), pipeline=AS_TRACED)
    fused = compile_graph(graph_of(lambda x: sigmoid_op(relu_op(x)), x))
    assert program.plan.size == 2 * x.nbytes and fused.plan.size == x.nbytes
    np.testing.assert_allclose(fused.run(x)[0], program.run(x)[0], rtol=1e-6)


def test_reshapes_are_no_work():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    program = compile_graph(graph_of(lambda x: reshape_op(x, shape=(3, 2)), x))
    assert [step.is_alias for step in program.steps] == [True] and program.plan.size == x.nbytes
    np.testing.assert_array_equal(program.run(x)[0], x.reshape(3, 2))


def test_results_belong_to_the_caller():
    x, weight = np.ones((2, 2), "float32"), Variable(np.ones((2, 2), "float32"))
    program = compile_graph(graph_of(lambda x: (x, relu_op(x), add_op(weight, weight), weight), x))
    first = program.run(x)
    kept = [array.copy() for array in first]
    program.run(2 * x)
    for array, copy in zip(first, kept):
        np.testing.assert_array_equal(array, copy)
        assert not np.shares_memory(array, x) and not np.shares_memory(array, weight.value)
        array += 1                                          # and may be written to
    np.testing.assert_array_equal(weight.value, 1)


def test_several_threads_may_run_one_program():
    function, graph = random_graph(4)
    program = compile_graph(graph)
    inputs = [function.input + i for i in range(8)]
    expected = [program.run(x)[0] for x in inputs]
    barrier, wrong = threading.Barrier(4), []

    def work(start):
        barrier.wait()
        for i in [*range(start, 8), *range(start)] * 3:
            if not np.array_equal(program.run(inputs[i])[0], expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(program._free) <= 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_programs_run_after_a_fork():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(600, 256)).astype("float32"), Variable(rng.normal(size=(256, 256)).astype("float32"))
    program = compile_graph(graph_of(lambda x: relu_op(matmul_op(x, weight)), x))
    expected, = program.run(x)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(program.run(x)[0], expected) else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("seed", range(10))
def test_the_number_of_threads_does_not_change_a_bit(seed):
    function, graph = random_graph(seed, dtype="float32")
    program = compile_graph(graph)
    results = []
    for threads in (1, 2, 5):
        with config.using(threads=threads):
            results.append(program.run(function.input)[0])
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_inputs_are_checked():
    program = compile_graph(graph_of(relu_op, np.ones((2, 3), "float32")))
    with pytest.raises(ShapeError, match=r"compiled for shape \(2, 3\), received \(3, 2\)"):
        program.run(np.ones((3, 2), "float32"))
    with pytest.raises(ShapeError, match="expected 1 inputs, received 2"):
        program.run(np.ones((2, 3), "float32"), np.ones((2, 3), "float32"))
    with pytest.raises(DtypeError, match="compiled for dtype float32, received float64"):
        program.run(np.ones((2, 3)))


def test_unknown_sizes_are_refused():
    graph = trace(relu_op, TensorSpec((None, 3))).graph
    with pytest.raises(ShapeError, match="unknown size"):
        compile_graph(graph)


def test_strings_lie_outside_the_arena():
    words = np.array(["a", "b"], object)
    program = compile_graph(graph_of(lambda x: (x, equal_op(x, np.array(["a", "c"], object))), words))
    same, equal = program.run(words)
    assert list(same) == ["a", "b"] and list(equal) == [True, False]
    assert program.plan.size == 2


class TestWeights:
    """What is computed of weights beforehand."""

    def test_weights_are_bound_without_a_copy(self, tmp_path):
        np.save(tmp_path / "w.npy", np.ones((3, 3, 2, 4), "float32"))
        weight = Variable(np.load(tmp_path / "w.npy", mmap_mode="r"))
        x = np.ones((1, 5, 5, 2), "float32")
        program = compile_graph(graph_of(lambda x: conv_op(x, weight, strides=(1, 1), padding="valid", dilation=(1, 1),
                                                           groups=1), x))
        program.run(x)
        assert np.shares_memory(program.prologue.arrays()[0], weight.value)

    def test_new_values_of_variables_are_used(self):
        scale, x = Variable(np.full((3,), 2, "float32")), np.ones((2, 3), "float32")
        program = compile_graph(graph_of(lambda x: multiply_op(x, multiply_op(scale, scale)), x))
        assert program.run(x)[0][0, 0] == 4
        before = program.prologue.arrays()
        assert program.prologue.arrays() is before
        scale.assign(np.full((3,), 3, "float32"))
        assert program.run(x)[0][0, 0] == 9

    def test_only_what_depends_on_a_new_value_is_computed_again(self):
        a, b = Variable(np.ones(3, "float32")), Variable(np.ones(3, "float32"))
        x = np.ones((2, 3), "float32")
        program = compile_graph(graph_of(
            lambda x: matmul_op(reshape_op(multiply_op(x, add_op(a, a)), shape=(2, 3)),
                                reshape_op(add_op(b, b), shape=(3, 1))), x))
        first = dict(zip(program.prologue.values, program.prologue.arrays()))
        b.assign(np.zeros(3, "float32"))
        second = dict(zip(program.prologue.values, program.prologue.arrays()))
        assert sorted(first[value] is second[value] for value in first) == [False, True]

    def test_programs_share_what_they_compute(self):
        weight, cache = Variable(np.ones((4, 4), "float32")), WeightCache()
        programs = [compile_graph(graph_of(lambda x: matmul_op(x, add_op(weight, np.float32(1))),
                                           np.ones((rows, 4), "float32")), cache=cache) for rows in (1, 2)]
        arrays = [program.prologue.arrays()[0] for program in programs]
        assert arrays[0] is arrays[1] and cache.nbytes == weight.value.nbytes

    def test_what_the_program_updates_is_not_fixed(self):
        count, x = Variable(np.zeros((), "float32")), np.ones(2, "float32")

        def function(x):
            count.assign(add_op(count, np.float32(1)))
            return add_op(x, count)

        program = compile_graph(graph_of(function, x))
        assert [program.run(x)[0][0] for _ in range(3)] == [2, 3, 4] and count.value == 3
