"""Products and convolutions with their kernel in panels, and their tile of registers, against the definitions."""

import time

import numpy as np
import pytest

from tests.engine.test_kernels import check, conv
from zoo.config import config
from zoo.engine import threads
from zoo.engine.compile import compile_graph
from zoo.engine.kernels.panels import panels_op
from zoo.engine.kernels.tiles import panel_tile
from zoo.engine.primitives import conv_op, matmul_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

numba = pytest.importorskip("numba")
panels = pytest.importorskip("zoo.engine.kernels.jit.panels")
tasks = pytest.importorskip("zoo.engine.kernels.jit.tasks")
watch = pytest.importorskip("zoo.engine.kernels.jit.watch")

CONVOLUTIONS = {
    "pointwise": conv((2, 29, 31, 8), (1, 1, 8, 16)),
    "pointwise, prime": conv((1, 14, 14, 37), (1, 1, 37, 71)),
    "pointwise, strides": conv((1, 28, 28, 32), (1, 1, 32, 130), strides=(2, 2)),
    "one channel": conv((2, 61, 60, 1), (3, 3, 1, 5), padding="same"),
    "strides": conv((2, 30, 28, 48), (5, 5, 48, 65), strides=(2, 2), padding="same"),
    "unlike strides": conv((2, 31, 29, 7), (2, 3, 7, 33), strides=(3, 2)),
    "dilated, explicit padding": conv((3, 29, 31, 7), (3, 2, 7, 40), dilation=(2, 1), padding=((2, 0), (0, 3))),
    "padding past the input": conv((1, 2, 2, 3), (2, 2, 3, 600), padding=((4, 5), (3, 3))),
    "one axis": conv((2, 400, 16), (3, 16, 20), padding=((4, 0),)),
    "wide window": conv((1, 17, 17, 40), (1, 7, 40, 64), padding="same"),
    "few places": conv((1, 7, 7, 64), (3, 3, 64, 256), padding="same"),
    "few places, many images": conv((8, 7, 4, 64), (3, 3, 64, 256), padding="same"),
    "first layer": conv((1, 112, 112, 3), (7, 7, 3, 64), strides=(2, 2), padding="same"),
    "many tasks": conv((2, 56, 56, 64), (3, 3, 64, 192), strides=(1, 2)),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("epilogue", ["none", "residual", "squeeze and excite"])
def test_convolution(monkeypatch, case, epilogue):
    shapes, attrs = CONVOLUTIONS[case]
    found = check(monkeypatch, conv_op, shapes, attrs, epilogue, families=["jit"])
    assert "window_panels" in found
    assert ("pointwise_panels" in found) == (case in ("pointwise", "pointwise, prime"))


@pytest.mark.parametrize("shapes", [
    [(900, 32), (32, 16)], [(3, 40, 32), (32, 200)], [(4, 64), (64, 2100)], [(5, 1), (1, 2100)],
    [(13, 65), (1, 65, 999)], [(13, 2048), (2048, 4096)],
])
@pytest.mark.parametrize("epilogue", ["none", "bias, relu", "one factor an image"])
def test_product(monkeypatch, shapes, epilogue):
    assert "panels" in check(monkeypatch, matmul_op, shapes, {}, epilogue, families=["jit"])


@pytest.mark.parametrize("shapes, attrs, reason", [
    (*conv((1, 60, 60, 3), (3, 3, 3, 24), dilation=(2, 2)), "no dilation along the last axis"),
    (*conv((1, 60, 60, 4), (3, 3, 2, 24), groups=2), "single group"),
    (*conv((1, 900, 3, 4), (3, 3, 4, 24), padding="same"), "rows that follow each other"),
    (*conv((1, 9, 9, 9, 4), (3, 3, 3, 4, 24), padding="same"), "one or two spatial axes"),
    (*conv((1, 9, 9, 4), (3, 3, 4, 24)), "pays from"),
])
def test_refusals(shapes, attrs, reason):
    node, = trace(lambda x, y: conv_op(x, y, **attrs), *map(TensorSpec, shapes)).graph.nodes
    assert reason in panels._supports_windows(node)


def test_panels_of_a_stack_of_matrices():
    x = np.arange(2 * 3 * 10, dtype="float32").reshape(2, 3, 10)
    result = panels_op(x, width=4)
    assert result.shape == (2, 3, 3, 4) and result.ctypes.data % 64 == 0
    columns = np.concatenate(list(result.swapaxes(0, 1)), axis=-1)
    np.testing.assert_array_equal(columns[..., :10], x)
    np.testing.assert_array_equal(columns[..., 10:], 0)


def test_every_row_and_panel_is_in_a_tile_once():
    for rows, columns in ((49, 2048), (12544, 64), (13, 100), (8, 8)):
        tall, wide = panel_tile(rows, 64, -(-columns // 64), 64 * 64, rows * 64 * columns)
        assert 1 <= tall <= rows and 1 <= wide <= -(-columns // 64)


def test_fixed_weights_are_packed_once_and_other_weights_when_it_pays():
    x, y = np.ones((200, 64), "float32"), np.ones((64, 128), "float32")
    fixed = compile_graph(trace(lambda x: matmul_op(x, y), TensorSpec(x.shape)).graph)
    assert [step.choice.kernel.title for step in fixed.steps] == ["jit.panels"]
    with config.using(kernels=("reference", "blas")):
        plain = compile_graph(trace(lambda x: matmul_op(x, y), TensorSpec(x.shape)).graph)
    np.testing.assert_array_equal(fixed.run(x)[0], plain.run(x)[0])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_compiled_tasks_are_taken_once(count):
    table = tasks.Tasks("count", ("place", "amount"), ["out"], ["out[place] += amount"], [tasks.NUMBERS])
    out = np.zeros(1000, np.intp)
    run = table.bind([(i, i + 1) for i in range(1000)], lambda workspace: (out,), 1.0)
    with config.using(threads=count):
        for _ in range(3):
            run()
    np.testing.assert_array_equal(out, 3 * np.arange(1, 1001))


@pytest.mark.parametrize("watching", [False, True])
def test_work_is_done_with_and_without_a_watch(watching):
    """A watch is over as soon as there is something to do, and after a moment if there is not."""
    before, done = threads._watch, []
    watch.begin() if watching else threads.watch_with(None)
    try:
        with config.using(threads=3):
            for round in range(50):
                threads.parallel_for(4, lambda i, workspace, round=round: done.append((round, i)))
            time.sleep(0.01)
            threads.parallel_for(4, lambda i, workspace: done.append((50, i)))
    finally:
        threads.watch_with(before)
    assert sorted(done) == [(round, i) for round in range(51) for i in range(4)]
