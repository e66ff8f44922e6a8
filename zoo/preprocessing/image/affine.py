"""Images moved, turned, sheared and zoomed, by one affine map each."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from zoo.errors import ConfigError, ShapeError


def _reflected(place: np.ndarray, size: int) -> np.ndarray:
    inside = np.mod(place + 0.5, 2 * size)
    return np.minimum(inside, 2 * size - inside) - 0.5


#: Where a place beyond the edges is read, as SciPy has it: ``a | a b c | c`` nearest, ``b a | a b c | c b`` reflect;
#: wrap lets the last pixel and the first one fall together.
FILL_MODES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "nearest": lambda place, size: place,
    "constant": lambda place, size: place,
    "reflect": _reflected,
    "wrap": lambda place, size: np.where((place < 0) | (place > size - 1), np.mod(place, max(size - 1, 1)), place),
}


def transform_matrix(theta: float = 0, tx: float = 0, ty: float = 0, shear: float = 0, zx: float = 1,
                     zy: float = 1) -> np.ndarray | None:
    """The map from places (column, row, 1) in the result to places in the image, both seen from its middle.

    Args:
        theta: angle in degrees.
        tx, ty: shift in columns and rows.
        shear: angle in degrees.
        zx, zy: factors of columns and rows; above 1 the image shrinks.

    Returns:
        (3, 3), or None if nothing moves.
    """
    t, s = np.deg2rad(theta), np.deg2rad(shear)
    factors = [
        (theta != 0, [[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]]),
        (tx != 0 or ty != 0, [[1, 0, tx], [0, 1, ty], [0, 0, 1]]),
        (shear != 0, [[1, -np.sin(s), 0], [0, np.cos(s), 0], [0, 0, 1]]),
        (zx != 1 or zy != 1, [[zx, 0, 0], [0, zy, 0], [0, 0, 1]])]
    wanted = [np.array(factor, float) for needed, factor in factors if needed]
    return reduce(np.matmul, wanted) if wanted else None


def apply_affine_transform(x: np.ndarray, theta: float = 0, tx: float = 0, ty: float = 0, shear: float = 0,
                           zx: float = 1, zy: float = 1, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
                           fill_mode: str = "nearest", cval: float = 0.0, order: int = 1) -> np.ndarray:
    """An image turned by `theta`, shifted by (`tx`, `ty`), sheared and zoomed, around its middle.

    Args:
        x: of rank 3.
        theta, tx, ty, shear, zx, zy: as of `transform_matrix`.
        row_axis, col_axis, channel_axis: which axes are which.
        fill_mode: what is read beyond the edges: ``nearest``, ``constant``, ``reflect`` or ``wrap``.
        cval: for ``constant``.
        order: 0 for the nearest pixel, 1 for linear interpolation.

    Raises:
        ShapeError: the image is not of rank 3, or the axes are not its axes.
        ConfigError: an unknown fill mode or order.
    """
    if x.ndim != 3 or sorted((row_axis, col_axis, channel_axis)) != [0, 1, 2]:
        raise ShapeError(f"apply_affine_transform: expected an image with a row, a column and a channel axis, received "
                         f"shape {x.shape} with the axes {row_axis}, {col_axis}, {channel_axis}.")
    if fill_mode not in FILL_MODES or order not in (0, 1):
        raise ConfigError(f"apply_affine_transform: expected a fill_mode of {', '.join(FILL_MODES)} and order 0 or 1. "
                          f"Received: {fill_mode!r}, {order!r}")
    matrix = transform_matrix(theta, tx, ty, shear, zx, zy)
    if matrix is None:
        return x
    axes = row_axis, col_axis, channel_axis
    planes = np.transpose(x, axes)
    rows, columns = planes.shape[:2]
    middle = np.array([(columns - 1) / 2, (rows - 1) / 2])
    column, row = np.meshgrid(np.arange(columns) - middle[0], np.arange(rows) - middle[1])
    places = np.tensordot(matrix[:2], np.stack([column, row, np.ones_like(row)]), 1) + middle[:, None, None]
    moved = _read(planes.astype(float), places[1], places[0], fill_mode, cval, order)
    return np.transpose(moved, np.argsort(axes)).astype(x.dtype)


def _read(planes: np.ndarray, row: np.ndarray, column: np.ndarray, fill_mode: str, cval: float,
          order: int) -> np.ndarray:
    """An image (rows, columns, channels) read at fractional places."""
    (low_row, high_row, row_share), (low_column, high_column, column_share) = (
        _neighbours(FILL_MODES[fill_mode](place, size), size, order)
        for place, size in zip((row, column), planes.shape))
    upper = planes[low_row, low_column] * (1 - column_share) + planes[low_row, high_column] * column_share
    lower = planes[high_row, low_column] * (1 - column_share) + planes[high_row, high_column] * column_share
    values = upper * (1 - row_share) + lower * row_share
    if fill_mode != "constant":
        return values
    edges = (row < 0) | (row > planes.shape[0] - 1) | (column < 0) | (column > planes.shape[1] - 1)
    return np.where(edges[..., None], cval, values)


def _neighbours(place: np.ndarray, size: int, order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels before and after each place, and how much the latter counts."""
    place = np.clip(place, 0, size - 1)
    low = np.floor(place + 0.5).astype(int) if order == 0 else np.floor(place).astype(int)
    share = np.zeros_like(place) if order == 0 else place - low
    return np.minimum(low, size - 1), np.minimum(low + 1, size - 1), share[..., None]
