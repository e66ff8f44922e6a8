"""Layers between one layout and another: new shapes, other orders of axes, products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zoo.io.edits.data_format.sites import Lacking, Rule, Site, check_activation, data_format, map_layout
from zoo.io.edits.data_format.tensors import Layout, Moved, Shuffled, channel_move, rearranged
from zoo.io.layouts.roles import quantization_of


def _constrain_reshape(site: Site) -> None:
    (x,), (y,) = site.inputs, site.outputs
    before, after = site.layout(x), site.layout(y)
    if before is None and after is None:
        return
    shape, target = site.shape(x)[1:], site.shape(y)[1:]
    if None in (*shape, *target):
        site.stay()
        return
    ids = np.arange(math.prod(shape))
    given = rearranged(ids.reshape(shape), before).ravel()
    if after is not None:
        wanted = rearranged(ids.reshape(target), after).ravel()
        if before is None and len(shape) == 1:
            site.demand(x, Shuffled(tuple(wanted.tolist())))
    elif not np.array_equal(given, ids):
        site.demand(y, _shown_as(given, ids.reshape(target), site))


def _shown_as(given: np.ndarray, old: np.ndarray, site: Site) -> Layout:
    """The layout in which a tensor has the elements `given`, if there is one."""
    if old.ndim == 1:
        return Shuffled(tuple(given.tolist()))
    for lead in range(1, old.ndim):
        layout = channel_move(old.ndim + 1, lead, site.plan.source)
        if layout is not None and np.array_equal(rearranged(old, layout).ravel(), given):
            return layout
    return None


def _rewrite_reshape(site: Site) -> dict[str, Any]:
    (x,), (y,) = site.inputs, site.outputs
    before, after = site.layout(x), site.layout(y)
    if before is None and after is None:
        return site.config
    shape, target = site.shape(x)[1:], site.shape(y)[1:]
    if None in (*shape, *target):
        raise Lacking("its sizes are not known")
    ids = np.arange(math.prod(shape))
    wanted = rearranged(ids.reshape(target), after)
    if not np.array_equal(rearranged(ids.reshape(shape), before).ravel(), wanted.ravel()):
        raise Lacking("it mixes channels with other axes, in an order that no other Reshape gives")
    if site.class_name == "Flatten":
        return site.config
    given = site.config["target_shape"]
    if isinstance(after, Moved) and len(given) == wanted.ndim:
        return {**site.config, "target_shape": [given[axis - 1] for axis in after.axes[1:]]}
    return site.config


def _flattens_alike(site: Site) -> bool:
    """Whether Flatten gives the same when its data format changes with that of its input.

    Older releases do not name one: then weights are rearranged instead, if that goes.
    """
    before = site.layout(site.inputs[0])
    if data_format(site.config) != site.plan.source or site.yields:
        return False
    return isinstance(before, Moved) and before == map_layout(site, site.inputs[0])


def _constrain_flatten(site: Site) -> None:
    (x,), (y,) = site.inputs, site.outputs
    before = site.layout(x)
    if before is None or _flattens_alike(site):
        if before is not None:
            site.demand(y, None)
        return
    if data_format(site.config) != "channels_last":
        site.stay()
        return
    _constrain_reshape(site)


def _rewrite_flatten(site: Site) -> dict[str, Any]:
    if _flattens_alike(site):
        return {**site.config, "data_format": site.plan.target}
    return _rewrite_reshape(site)


def _rewrite_permute(site: Site) -> dict[str, Any]:
    before, after = site.layout(site.inputs[0]), site.layout(site.outputs[0])
    if isinstance(before, Shuffled) or isinstance(after, Shuffled):
        raise Lacking("the features are in another order")
    if before is None and after is None:
        return site.config
    old = (0, *site.config["dims"])                         # output axis i is input axis old[i]
    axes = after.axes if after else range(len(old))
    moved = [old[axis] for axis in axes]
    return {**site.config, "dims": [before.axis(axis) if before else axis for axis in moved][1:]}


def _constrain_dense(site: Site) -> None:
    for key in site.tensors:
        if len(site.shape(key)) != 2:
            site.demand(key, None)


def _rewrite_dense(site: Site) -> dict[str, Any]:
    before, after = site.layout(site.inputs[0]), site.layout(site.outputs[0])
    if not isinstance(before, (Shuffled, type(None))) or not isinstance(after, (Shuffled, type(None))):
        raise Lacking("it works on the last axis")
    if before is None and after is None:
        return site.config
    if site.config.get("lora_rank") or quantization_of(site.config):
        raise Lacking("its kernel is quantized or has an adapter")
    check_activation(site.config, after)
    rows, columns = (list(layout.order) if layout else slice(None) for layout in (before, after))
    site.change("kernel", lambda array: array[rows][:, columns])
    if after:
        site.change("bias", lambda array: array[columns])
    return site.config


RESHAPE = Rule(_constrain_reshape, _rewrite_reshape)
FLATTEN = Rule(_constrain_flatten, _rewrite_flatten)
PERMUTE = Rule(lambda site: None, _rewrite_permute)         # it takes and gives any order of axes
DENSE = Rule(_constrain_dense, _rewrite_dense)
