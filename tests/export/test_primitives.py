"""Every primitive: written as ONNX it computes what its definition says, or it is refused by name."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from tests.cases.primitives import CASES, Case
from tests.conformance.outcome import tally
from tests.export.onnx_models import run
from zoo import tree
from zoo.engine import dtypes
from zoo.engine.kernels.registry import REFERENCE
from zoo.engine.op import OPS
from zoo.engine.spec import TensorSpec
from zoo.errors import CannotExpress
from zoo.export import export_onnx


def problem(name: str, case: Case, path: pathlib.Path) -> tuple[str, str] | None:
    """None if ONNX agrees; else ``refused`` or ``failed``, and the reason."""
    specs = [TensorSpec(x.shape, dtypes.standardize(x.dtype)) for x in case.inputs]
    try:
        export_onnx(lambda xs: OPS[name](*xs, **case.attrs), specs, path, name=name,
                    input_names=[f"x{i}" for i in range(len(specs))])
    except CannotExpress as error:
        return "refused", str(error).splitlines()[-1].rpartition(": ")[2]
    with np.errstate(all="ignore"):
        expected = REFERENCE[name](np, *case.inputs, **case.attrs)
    try:
        received = run(path, list(case.inputs))
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        return "refused", f"onnxruntime has no code for {', '.join(sorted({spec.dtype for spec in specs}))}"
    except Exception as error:  # noqa: BLE001 - whatever the checker or onnxruntime raises is the finding
        return "failed", f"{type(error).__name__}: {' '.join(str(error).split())[-150:]}"
    for got, want in zip(received, tree.leaves(expected), strict=True):
        half = want.dtype == np.float16
        if got.shape != want.shape or got.dtype != want.dtype:
            return "failed", f"{got.dtype}{got.shape}, expected {want.dtype}{want.shape}"
        if not np.allclose(got, want, 1e-2 if half else 1e-5, 1e-3 if half else 1e-6, equal_nan=True):
            return "failed", f"largest difference {np.nanmax(np.abs(got - np.asarray(want, float))):.2g}"
    return None


def test_primitives(tmp_path: pathlib.Path) -> None:
    row = tally("primitives as ONNX")
    for name, cases in CASES.items():
        for i, case in enumerate(cases):
            found: Any = problem(name, case, tmp_path / "m.onnx")
            title = f"{name}-{i}"
            if found is None:
                row.passed.append(title)
            else:
                (row.failed if found[0] == "failed" else row.not_yet)[title] = found[1]
    assert not row.failed, "\n".join(row.lines())
    named = {title.rpartition("-")[0] for title in row.not_yet}
    assert not named & {"add", "conv", "matmul", "reshape", "lstm", "gru", "scan", "softmax", "resize"}, named
