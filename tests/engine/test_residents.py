"""Large variables of a program are read and written where they are."""

import numpy as np
import pytest

from zoo.engine import primitives as p
from zoo.engine.compile import compile_graph
from zoo.engine.function import Function
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.variable import Variable

SIZE = (64, 128)                                            # 32 kB


def pair():
    weight = Variable(np.ones(SIZE, "float32"), name="weight")
    momentum = Variable(np.zeros(SIZE, "float32"), name="momentum")

    def step(x):
        new = p.add_op(p.multiply_op(momentum, np.float32(0.5)), x)
        momentum.assign(new)
        weight.assign(p.subtract_op(weight, new))
        return p.sum_op(weight, axes=(0, 1), keepdims=False)
    return weight, momentum, step


def test_updates_are_those_of_plain_arithmetic():
    weight, momentum, step = pair()
    run, w, m = Function(step), np.ones(SIZE), np.zeros(SIZE)
    for i in range(6):
        x = np.full(SIZE, i, "float32")
        total = run(x)
        m = 0.5 * m + x
        w = w - m
        np.testing.assert_allclose(momentum.numpy(), m)
        np.testing.assert_allclose(weight.numpy(), w)
        np.testing.assert_allclose(total, w.sum(), rtol=1e-6)
        if i == 3:
            weight.assign(2 * w)                            # from elsewhere, in the middle
            w = 2 * w


def test_two_arrays_take_turns():
    weight, _, step = pair()
    run, seen = Function(step), []
    for _ in range(6):
        run(np.ones(SIZE, "float32"))
        seen.append(weight.peek().ctypes.data)
    assert len(set(seen[1:])) == 2


def test_an_array_that_was_handed_out_is_never_written_again():
    weight, _, step = pair()
    run, kept = Function(step), []
    for _ in range(5):
        run(np.ones(SIZE, "float32"))
        kept.append((weight.value, weight.numpy()))
    for array, copy in kept:
        np.testing.assert_array_equal(array, copy)


def test_arrays_from_outside_are_not_written():
    given = np.ones(SIZE, "float32")
    weight = Variable(given)
    run = Function(lambda x: weight.assign(p.add_op(weight, x)))
    for _ in range(4):
        run(np.ones(SIZE, "float32"))
    assert (given == 1).all() and (weight.numpy() == 5).all()


def test_a_run_that_fails_changes_nothing(monkeypatch):
    weight, momentum, step = pair()
    program = compile_graph(trace(step, TensorSpec(SIZE)).graph)
    x = np.ones(SIZE, "float32")
    program.run(x)
    before = weight.numpy(), momentum.numpy()
    context, = program._free
    work = context.work[-1]
    context.work[-1] = lambda: work() or (_ for _ in ()).throw(KeyboardInterrupt)
    program._free = [context]
    monkeypatch.setattr(type(context), "bind", lambda *arguments: None)
    with pytest.raises(KeyboardInterrupt):
        program.run(x)
    np.testing.assert_array_equal(weight.numpy(), before[0])
    np.testing.assert_array_equal(momentum.numpy(), before[1])


def test_variables_in_other_shapes_and_swapped():
    a, b = (Variable(np.full(SIZE, i, "float32")) for i in range(2))

    def step(x):
        old = p.add_op(a, np.float32(0))
        flat = p.reshape_op(b, shape=(SIZE[1], SIZE[0]))
        a.assign(p.add_op(b, x))
        b.assign(p.add_op(old, x))
        return flat, p.matmul_op(flat, p.reshape_op(old, shape=SIZE))
    run = Function(step)
    for turn in range(4):
        x, y = a.numpy(), b.numpy()
        flat, product = run(np.ones(SIZE, "float32"))
        np.testing.assert_array_equal(flat, y.reshape(SIZE[::-1]))
        np.testing.assert_allclose(product, y.reshape(SIZE[::-1]) @ x)
        np.testing.assert_array_equal(a.numpy(), y + 1)
        np.testing.assert_array_equal(b.numpy(), x + 1)


def test_a_variable_that_becomes_another_one_as_it_is():
    a, b = (Variable(np.full(SIZE, i, "float32")) for i in range(2))

    def step(x):
        new = p.multiply_op(x, x)
        b.assign(a)
        a.assign(new)
        return new
    run = Function(step)
    for i in range(2, 5):
        run(np.full(SIZE, i, "float32"))
    assert (a.numpy() == 16).all() and (b.numpy() == 9).all()
