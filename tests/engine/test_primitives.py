"""Laws that hold for every primitive: a definition, cases, and shape rules that agree with what is computed."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np
import pytest

from tests.cases.primitives import CASES, Case
from zoo.engine import dtypes, primitives
from zoo.engine.kernels.registry import REFERENCE
from zoo.engine.op import OPS, Op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.errors import DtypeError, ShapeError, ZooError

PRIMITIVES = {op.name: op for op in vars(primitives).values() if isinstance(op, Op)}
APPLICATIONS = [pytest.param(name, case, id=f"{name}-{i}")
                for name, cases in CASES.items() for i, case in enumerate(cases)]


def specs_of(case: Case) -> list[TensorSpec]:
    return [TensorSpec(x.shape, dtypes.standardize(x.dtype)) for x in case.inputs]


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


def fits(spec: TensorSpec, array: np.ndarray) -> bool:
    return len(spec.shape) == array.ndim and all(a in (None, b) for a, b in zip(spec.shape, array.shape)) \
        and dtypes.storage(spec.dtype) == array.dtype


def test_every_primitive_is_exported_under_its_name() -> None:
    assert {name: f"{name}_op" for name in PRIMITIVES} == {
        op.name: attribute for attribute, op in vars(primitives).items() if isinstance(op, Op)}
    assert all(OPS[name] is op for name, op in PRIMITIVES.items())


def test_every_primitive_has_a_definition_and_cases() -> None:
    assert set(PRIMITIVES) <= set(REFERENCE)
    assert set(CASES) == set(PRIMITIVES)


@pytest.mark.parametrize(("name", "case"), APPLICATIONS)
def test_results_are_what_the_shape_rule_says(name: str, case: Case) -> None:
    specs = as_tuple(PRIMITIVES[name].infer(*specs_of(case), **case.attrs))
    results = as_tuple(PRIMITIVES[name](*case.inputs, **case.attrs))
    for spec, array in zip(specs, results, strict=True):
        assert isinstance(array, np.ndarray)
        assert spec.is_static and fits(spec, array), f"the rule says {spec}, computed {array.dtype}{array.shape}"


@pytest.mark.parametrize(("name", "case"), APPLICATIONS)
def test_unknown_sizes_give_the_same_shape_or_unknown_sizes(name: str, case: Case) -> None:
    results = as_tuple(PRIMITIVES[name](*case.inputs, **case.attrs))
    specs = specs_of(case)
    free = [i for i in range(len(specs)) if i not in case.fixed and name not in ("random_uniform", "random_normal")]
    one_axis = [(i, axis) for i in free for axis in range(specs[i].rank)]
    for unknown in [*([place] for place in one_axis), one_axis]:
        changed = [spec.with_shape(None if (i, axis) in unknown else size for axis, size in enumerate(spec.shape))
                   for i, spec in enumerate(specs)]
        inferred = as_tuple(PRIMITIVES[name].infer(*changed, **case.attrs))
        assert all(map(fits, inferred, results)), f"for {changed} the rule says {inferred}"


@pytest.mark.parametrize(("name", "case"), APPLICATIONS)
def test_tracing_adds_one_node(name: str, case: Case) -> None:
    graph = trace(lambda *xs: PRIMITIVES[name](*xs, **case.attrs), *specs_of(case)).graph
    assert [node.op.name for node in graph.nodes] == [name]
    assert hash(tuple(graph.nodes[0].attrs.items())) is not None


@pytest.mark.parametrize("name", [name for name in sorted(PRIMITIVES) if PRIMITIVES[name].elementwise])
def test_elementwise_primitives_work_element_by_element(name: str) -> None:
    case = CASES[name][0]
    whole = PRIMITIVES[name](*case.inputs, **case.attrs)
    shape = np.broadcast_shapes(*(x.shape for x in case.inputs))
    assert whole.shape == shape
    place = tuple(size - 1 for size in shape)
    single = PRIMITIVES[name](*(np.broadcast_to(x, shape)[place] for x in case.inputs), **case.attrs)
    np.testing.assert_allclose(single, whole[place], rtol=1e-3)


MIXING = ("custom_gradient", "take", "take_along_axis", "max_pool_gradient", "max_pool_pick")
MIXED = {name: cases[0] for name, cases in CASES.items()
         if len(cases[0].inputs) > 1 and name not in MIXING and cases[0].inputs[-1].dtype == "float32"}


@pytest.mark.parametrize("name", sorted(MIXED))
def test_different_dtypes_are_refused(name: str) -> None:
    *first, last = MIXED[name].inputs
    with pytest.raises(DtypeError, match="one dtype"):
        PRIMITIVES[name](*first, last.astype("float64"), **MIXED[name].attrs)


REFUSED = [
    ("exp", (np.ones(2, "int32"),), {}, DtypeError, "exp: expected a tensor of dtype"),
    ("logical_and", (np.ones(2, "int32"),) * 2, {}, DtypeError, "bool"),
    ("add", (np.ones(3, "float32"), np.ones(4, "float32")), {}, ShapeError, r"\(3,\), \(4,\) do not broadcast"),
    ("reshape", (np.ones(6, "float32"),), {"shape": (4, 2)}, ShapeError, "6 elements"),
    ("transpose", (np.ones((2, 3), "float32"),), {"axes": (0, 0)}, ShapeError, "permutation of 2 axes"),
    ("sum", (np.ones((2, 3), "float32"),), {"axes": (2,), "keepdims": False}, ShapeError, "axes from 0 to 1"),
    ("max", (np.ones((2, 0), "float32"),), {"axes": (1,), "keepdims": False}, ShapeError, "no element"),
    ("matmul", (np.ones((2, 3), "float32"), np.ones((2, 3), "float32")), {}, ShapeError,
     r"float32\[2,3\] and float32\[2,3\]"),
    ("einsum", (np.ones((2, 3), "float32"), np.ones((4, 5), "float32")), {"equation": "ab,bc->ac"}, ShapeError, "'b'"),
    ("einsum", (np.ones((2, 3), "float32"),), {"equation": "ab"}, ZooError, "equation such as"),
    ("concatenate", (np.ones((2, 3), "float32"), np.ones((3, 3), "float32")), {"axis": 1}, ShapeError,
     "except on axis 1"),
    ("pad", (np.ones(3, "float32"),), {"pads": ((3, 0),), "mode": "reflect", "value": 0}, ShapeError, "too small"),
    ("conv", (np.ones((1, 5, 3), "float32"), np.ones((2, 2, 4), "float32")),
     {"strides": (1,), "padding": "valid", "dilation": (1,), "groups": 1}, ShapeError, "2 input channels"),
    ("conv", (np.ones((1, 2, 3), "float32"), np.ones((4, 3, 4), "float32")),
     {"strides": (1,), "padding": "valid", "dilation": (1,), "groups": 1}, ShapeError,
     "does not fit into spatial axis 0"),
    ("max_pool", (np.ones((1, 5, 3), "float32"),), {"window": (2,), "strides": (1,), "padding": "full"}, ZooError,
     "'full'"),
    ("scatter", (np.ones(3, "float32"), np.zeros((2, 1), "int32"), np.ones(3, "float32")), {"mode": "add"}, ShapeError,
     "updates"),
    ("random_uniform", (np.ones(3, "uint32"),), {"shape": (2,), "dtype": "float32"}, ShapeError, "state of shape"),
    ("cholesky", (np.ones((2, 3), "float32"),), {}, ShapeError, "square matrices"),
]


@pytest.mark.parametrize(("name", "inputs", "attrs", "error", "message"), REFUSED)
def test_wrong_inputs_are_named(name, inputs, attrs, error, message) -> None:
    with pytest.raises(error, match=message):
        PRIMITIVES[name](*inputs, **attrs)
    with pytest.raises(error, match=message):
        trace(lambda *xs: PRIMITIVES[name](*xs, **attrs), *specs_of(Case(inputs)))


def test_ties_and_special_values() -> None:
    p = primitives
    assert p.round_op(np.array([0.5, 1.5, -0.5, 2.5], "float32")).tolist() == [0, 2, -0.0, 2]
    assert p.argmax_op(np.array([1, 3, 3], "int32"), axis=0, keepdims=False) == 1
    assert p.argsort_op(np.array([2, 1, 2, 1], "int32"), axis=0).tolist() == [1, 3, 0, 2]
    assert np.isnan(p.maximum_op(np.float32(np.nan), np.float32(1)))
    extremes = np.array([-1e4, -100, 0, 100, 1e4], "float32")
    np.testing.assert_array_equal(p.sigmoid_op(extremes), [0, np.exp(np.float32(-100)), 0.5, 1, 1])
    np.testing.assert_allclose(p.softplus_op(extremes), [0, np.exp(np.float32(-100)), np.log(2), 100, 1e4])
    assert p.softmax_op(np.array([1e4, 0], "float32"), axis=0).tolist() == [1, 0]
    assert p.mod_op(np.array([-5, 5], "int32"), np.array([3, -3], "int32")).tolist() == [1, -1]
    with np.errstate(all="raise"):                          # kernels do not warn: infinities are results
        assert p.divide_op(np.float32(1), np.float32(0)) == np.inf


def test_erf_is_exact() -> None:
    x = np.linspace(-7, 7, 4001)
    for dtype in ("float32", "float64"):
        grid = x.astype(dtype)
        expected = np.array([math.erf(v) for v in grid.astype("float64")])
        np.testing.assert_allclose(primitives.erf_op(grid), expected, atol=3 * np.finfo(dtype).eps)


def test_bfloat16_keeps_8_bits() -> None:
    x = np.array([1.0, 1.00390625, 1.0078125, 3.1415927, -0.1, np.inf, np.nan, 1e-40], "float32")
    rounded = primitives.cast_op(x, dtype="bfloat16")
    assert rounded[:5].tolist() == [1.0, 1.0, 1.0078125, 3.140625, -0.10009765625]
    assert rounded[5] == np.inf and np.isnan(rounded[6])
    np.testing.assert_array_equal(rounded[:6].view("uint32") & 0xFFFF, 0)


def test_all_cases_are_of_known_dtypes() -> None:
    arrays = chain.from_iterable(case.inputs for cases in CASES.values() for case in cases)
    assert all(dtypes.standardize(x.dtype) in dtypes.NAMES for x in arrays)
