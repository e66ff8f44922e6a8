"""Kernels that move elements, against the definitions."""

import pytest

from tests.engine.test_kernels import check
from zoo.engine.kernels.panels import panels_op
from zoo.engine.kernels.winograd import TILES, winograd_kernel_op
from zoo.engine.primitives import broadcast_to_op, flip_op, pad_op, slice_op, transpose_op


@pytest.mark.parametrize("shape, axes", [
    ((300, 500), (1, 0)),
    ((3, 2, 150, 131), (0, 1, 3, 2)),
    ((3, 2, 150, 131), (1, 0, 2, 3)),
    ((2, 40, 41, 33), (0, 3, 1, 2)),
    ((2, 33, 40, 41), (0, 2, 3, 1)),
    ((5, 1, 7), (2, 1, 0)),
    ((0, 3), (1, 0)),
])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_transposition(monkeypatch, shape, axes, dtype):
    assert check(monkeypatch, transpose_op, [shape], {"axes": axes}, "none", dtype=dtype) == ["copied_view"]


@pytest.mark.parametrize("attrs", [
    {"starts": (1, 0, 2), "stops": (None, 40, -1), "steps": (1, 1, 1)},
    {"starts": (0, 3, None), "stops": (4, None, None), "steps": (2, 3, 5)},
    {"starts": (2, 0, 0), "stops": (2, 1, 1), "steps": (1, 1, 1)},
])
def test_slices(monkeypatch, attrs):
    assert check(monkeypatch, slice_op, [(5, 61, 900)], attrs, "none") == ["copied_view"]


@pytest.mark.parametrize("axes", [(0, 1), (1,), (2,)])
def test_reverse(monkeypatch, axes):
    assert check(monkeypatch, flip_op, [(3, 3, 70000)], {"axes": axes}, "none") == ["copied_view"]


@pytest.mark.parametrize("shape, wanted", [((3, 1), (3, 70000)), ((1, 70000), (3, 70000)), ((), (4, 5)),
                                           ((7,), (9, 8, 7))])
def test_broadcasting(monkeypatch, shape, wanted):
    assert check(monkeypatch, broadcast_to_op, [shape], {"shape": wanted}, "none") == ["copied_view"]


@pytest.mark.parametrize("pads", [((0, 0), (1, 2), (0, 0)), ((1, 0), (0, 0), (3, 4)), ((0, 2), (5, 0), (0, 1))])
@pytest.mark.parametrize("shape", [(3, 50, 700), (1, 1, 1), (2, 0, 3)])
def test_padding(monkeypatch, shape, pads):
    attrs = {"pads": pads, "mode": "constant", "value": 1.5}
    assert check(monkeypatch, pad_op, [shape], attrs, "none") == ["copy_and_borders"]


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("channels", [(1, 1), (7, 5), (130, 140)])
def test_transformed_kernels(monkeypatch, tile, channels):
    assert check(monkeypatch, winograd_kernel_op, [(3, 3, *channels)], {"tile": tile}, "none") == ["product"]


@pytest.mark.parametrize("shape", [(7, 64), (300, 1000), (5, 130, 150), (2, 3, 4, 10), (1, 1), (0, 5)])
def test_panels(monkeypatch, shape):
    assert check(monkeypatch, panels_op, [shape], {"width": 64}, "none") == ["copies"]
