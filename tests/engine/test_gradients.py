"""Every primitive's gradient against differences of its values, in float64 along a random direction.

The gradient of a primitive is itself a function of the inputs and of the cotangents; its gradient is checked in the
same way, which is the second order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tests.cases.primitives import CASES, CELLS, Case, loop_body
from zoo.engine import primitives
from zoo.engine.autodiff import gradients
from zoo.engine.function import Function
from zoo.engine.gradients import RULES, WITHOUT
from zoo.engine.op import OPS, Op
from zoo.engine.tape import LiveGraph
from zoo.engine.spec import TensorSpec
from zoo.errors import DtypeError, Unsupported

Many = Callable[[Sequence[Any]], Sequence[Any]]             # from a list of tensors to a list of tensors

WIDE = {"f": "float64", "c": "complex128"}
#: Inputs of these lie in another domain than their cases: where the function has a derivative.
DOMAINS = {"power": lambda x: np.abs(x) + 0.2}
#: Of a symmetric matrix only one half is read: directions must be symmetric too.
SYMMETRIC = {"eigh", "cholesky"}
#: Their inputs cannot vary alone. Gradients of cells are defined on results of the cells, whose second order covers
#: them; a custom gradient need not be that of the results (test_autodiff.py).
BOUND = {*(f"{name}_gradient" for name in CELLS), "custom_gradient"}
#: Applications that say that they have no gradient.
REFUSED = {"qr": lambda case: case.attrs["complete"] and case.inputs[0].shape[-2] > case.inputs[0].shape[-1],
           "svd": lambda case: case.attrs["full_matrices"] and len(set(case.inputs[0].shape[-2:])) > 1}


def is_refused(name: str, case: Case) -> bool:
    return name in REFUSED and REFUSED[name](case)


def widened(name: str, case: Case) -> Case:
    """The case in double precision, moved a little so that no two elements are equal."""
    random = np.random.default_rng(0)

    def widen(x: np.ndarray) -> np.ndarray:
        if x.dtype.kind not in WIDE:
            return x
        x = x.astype(WIDE[x.dtype.kind]) + 1e-3 * random.standard_normal(x.shape)
        return DOMAINS.get(name, lambda y: y)(x + np.swapaxes(x, -1, -2) if name in SYMMETRIC else x)

    attrs = dict(case.attrs)
    if "dtype" in attrs:
        attrs["dtype"] = {"float32": "float64", "complex64": "complex128"}.get(attrs["dtype"], attrs["dtype"])
    if "body" in attrs:
        attrs["body"] = loop_body("float64")
    return Case(tuple(map(widen, case.inputs)), attrs)


def complex_case(name: str, case: Case) -> list[Case]:
    """The case with complex numbers in the place of floats, if the primitive takes such."""
    inputs = tuple(x + 1j * np.flip(x) if x.dtype.kind == "f" else x for x in case.inputs)
    try:
        OPS[name].infer(*(TensorSpec(x.shape, str(x.dtype)) for x in inputs), **case.attrs)
    except DtypeError:
        return []
    return [] if name == "cast" else [Case(inputs, case.attrs)]


def applications() -> list[Any]:
    """One for each primitive with a rule, form of inputs and set of attributes; inputs of which some are floats."""
    found, seen = [], set()
    for name in sorted(set(RULES) - BOUND):
        wide_cases = [widened(name, case) for case in CASES[name]]
        for i, wide in enumerate([*wide_cases, *(c for case in wide_cases for c in complex_case(name, case))]):
            form = name, tuple((x.shape, str(x.dtype)) for x in wide.inputs), str(wide.attrs)
            has_floats = any(x.dtype.kind in WIDE for x in wide.inputs)
            if has_floats and form not in seen and wide.attrs.get("dtype") not in ("float16", "bfloat16"):
                seen.add(form)
                found.append(pytest.param(name, wide, id=f"{name}-{i}"))
    return found


APPLICATIONS = applications()


def applied(name: str, case: Case) -> Many:
    """The primitive as a function of its inputs; results that are no floats are left out."""
    def function(inputs: Sequence[Any]) -> list[Any]:
        made = OPS[name](*inputs, **case.attrs)
        return [y for y in (made if isinstance(made, tuple) else (made,)) if y.dtype.startswith(("float", "complex"))]
    return function


def backward(function: Many, count: int) -> Many:
    """The gradients by the first `count` inputs that are floats, as a function of those inputs and the cotangents."""
    def run(inputs: Sequence[Any]) -> list[Any]:
        given, cotangents = inputs[:count], inputs[count:]
        by = [x for x in given if x.dtype.startswith(("float", "complex"))]
        return [g for g in gradients(function(given), by, cotangents) if g is not None]
    return run


def compiled(function: Many) -> Many:
    return Function(function, name="under_test")


def eager(function: Many) -> Many:
    """The function computed node by node."""
    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        graph = LiveGraph()
        with graph.recording():
            return [np.asarray(value.data) for value in function([graph.live_input(array) for array in arrays])]
    return run


def directions(name: str, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Random changes of the floats, zero for all others."""
    random = np.random.default_rng(1)

    def is_symmetric(x: np.ndarray) -> bool:
        return name in SYMMETRIC and x is arrays[0]

    def direction(x: np.ndarray) -> np.ndarray:
        if x.dtype.kind not in WIDE:
            return np.zeros_like(x)
        v = random.standard_normal(x.shape) + (1j * random.standard_normal(x.shape) if x.dtype.kind == "c" else 0)
        return v + np.swapaxes(v, -1, -2) if is_symmetric(x) else np.asarray(v)
    return [direction(x) for x in arrays]


def product(xs: Sequence[np.ndarray], ys: Sequence[np.ndarray]) -> float:
    """The inner product of lists of tensors, real also for complex numbers."""
    return sum(float(np.sum(np.conj(x) * y).real) for x, y in zip(xs, ys, strict=True))


def check(name: str, function: Many, inputs: Sequence[np.ndarray], order: int) -> None:
    """Compares the derivative along a random direction, projected on random cotangents, with a central difference."""
    run = eager(function)
    cotangents = directions("", run(inputs))
    there = directions(name, inputs)
    gradient = eager(backward(function, len(inputs)))([*inputs, *cotangents])
    moved = [v for v, x in zip(there, inputs) if x.dtype.kind in WIDE]
    step = 1e-5
    values = [product(cotangents, run([x + s * v if x.dtype.kind in WIDE else x for x, v in zip(inputs, there)]))
              for s in (step, -step, 2 * step, -2 * step)]
    expected = (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * step)
    if len(gradient) < len(moved):                          # those that are missing are zero
        found = gradients_or_zeros(function, inputs, cotangents)
    else:
        found = gradient
    assert product(found, moved) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    if order > 1 and gradient:
        check(name, backward(function, len(inputs)), [*inputs, *cotangents], order - 1)


def gradients_or_zeros(function: Many, inputs: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]) -> list[Any]:
    graph = LiveGraph()
    with graph.recording():
        given = [graph.live_input(x) for x in inputs]
        by = [x for x in given if x.data.dtype.kind in WIDE]
        found = gradients(function(given), by, [graph.live_input(ct) for ct in cotangents])
        return [np.zeros(x.shape) if g is None else g.data for x, g in zip(by, found)]


def test_every_primitive_has_a_rule_or_a_reason() -> None:
    assert set(RULES) | set(WITHOUT) == {op.name for op in vars(primitives).values() if isinstance(op, Op)}
    assert not set(RULES) & set(WITHOUT)
    assert all(WITHOUT.values())


def test_every_rule_is_checked() -> None:
    assert {parameter.values[0] for parameter in APPLICATIONS} | BOUND == set(RULES)


@pytest.mark.parametrize(("name", "case"), APPLICATIONS)
def test_gradients_of_two_orders(name: str, case: Case) -> None:
    function = applied(name, case)
    if is_refused(name, case):
        with pytest.raises(Unsupported):
            eager(backward(function, len(case.inputs)))([*case.inputs, *directions("", eager(function)(case.inputs))])
        return
    check(name, function, case.inputs, order=2)


@pytest.mark.parametrize(("name", "case"), [p for p in APPLICATIONS if not is_refused(*p.values)])
def test_compiled_gradients_equal_eager_ones(name: str, case: Case) -> None:
    function = applied(name, case)
    inputs = [*case.inputs, *directions("", eager(function)(case.inputs))]
    gradient = backward(function, len(case.inputs))
    for one, other in zip(compiled(gradient)(inputs), eager(gradient)(inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
