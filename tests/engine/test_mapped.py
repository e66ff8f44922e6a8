"""Arrays that are views of files: read ahead and let go without a change of what they hold."""

import numpy as np
import pytest

from zoo.engine import mapped
from zoo.engine.compile import compile_graph
from zoo.engine.primitives import add_op, conv_op, multiply_op, relu_op, subtract_op
from zoo.engine.prologue import _independent
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.variable import Variable

SHAPE = (3, 3, 256, 256)


def resident(array):
    """Bytes of the mapping that the system counts as memory of this process."""
    address = array.ctypes.data
    with open("/proc/self/smaps") as lines:
        inside = False
        for line in lines:
            head = line.split()[0]
            if "-" in head:
                start, stop = (int(part, 16) for part in head.split("-"))
                inside = start <= address < stop
            elif inside and head == "Rss:":
                return 1024 * int(line.split()[1])
    return 0


@pytest.fixture
def weight(tmp_path):
    path = tmp_path / "weight.npy"
    np.save(path, np.random.default_rng(0).random(SHAPE, np.float32))
    return np.load(path, mmap_mode="r").view(np.ndarray)


def test_which_arrays_are_mapped(weight, tmp_path):
    assert mapped.mapping(weight) is mapped.mapping(weight[1:, ..., ::2]) is not None
    assert mapped.mapping(np.ones(3)) is None and mapped.mapping(np.ones(9)[::2]) is None


def test_pages_are_read_ahead_and_let_go(weight):
    before = resident(weight)
    mapped.read_ahead([np.ones(4), weight]).join()
    assert before < weight.nbytes // 2 < weight.nbytes <= resident(weight)
    copy = weight.copy()
    mapped.release(weight)
    assert resident(weight) < weight.nbytes // 2
    np.testing.assert_array_equal(weight, copy)             # the system brings it in again


def test_nothing_is_done_to_memory_that_is_not_a_file():
    array = np.ones(SHAPE, np.float32)
    assert mapped.read_ahead([array]) is None
    mapped.release(array)
    assert (array == 1).all()


def test_what_was_written_to_a_private_mapping_is_not_lost(weight, tmp_path):
    private = np.load(tmp_path / "weight.npy", mmap_mode="c")
    private[:] = 7
    mapped.release(private)
    assert (private == 7).all()


def test_packed_weights_do_not_keep_the_pages_of_the_file(weight):
    kernel = Variable(weight)
    graph = trace(lambda x: conv_op(x, kernel, strides=(1, 1), padding="same", dilation=(1, 1), groups=1), TensorSpec((1, 28, 28, 256))).graph
    program, x = compile_graph(graph), np.ones((1, 28, 28, 256), np.float32)
    (first,) = program.run(x)
    assert program.prologue.cache.nbytes > weight.nbytes and resident(weight) < weight.nbytes // 2
    (second,) = program.run(x)
    np.testing.assert_array_equal(first, second)


def test_parts_of_a_prologue_need_nothing_of_each_other():
    a, b = Variable(np.ones(3, np.float32)), Variable(np.ones(3, np.float32))

    def function(x):
        left, right = relu_op(a), relu_op(b)                # two beginnings that meet, and one apart
        apart = add_op(relu_op(a), multiply_op(a, a))
        return add_op(x, subtract_op(multiply_op(left, right), left)), multiply_op(x, apart)

    graph = trace(function, TensorSpec((3,))).graph
    fixed = [node for node in graph.nodes if all(not value.is_input for value in node.inputs)]
    fixed = [node for node in fixed if all(value.node is None or value.node in fixed for value in node.inputs)]
    parts = _independent(fixed)
    assert sorted(map(len, parts)) == [3, 4] and {node for part in parts for node in part} == set(fixed)
    for part in parts:
        places = {node: place for place, node in enumerate(part)}
        assert all(places.get(value.node, -1) < places[node] for node in part for value in node.inputs)
