"""Layers that give their output in the layout of their input."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.io.edits.data_format.sites import Lacking, Rule, Site, check_activation
from zoo.io.edits.data_format.tensors import Moved, Shuffled, rearranged


def _constrain_same(site: Site) -> None:
    if len({len(site.shape(key)) for key in site.tensors}) == 1:
        site.plan.layouts.join(*site.tensors)
    else:
        site.stay()


def _rewrite_elementwise(site: Site) -> dict[str, Any]:
    layout = site.layout(site.outputs[0])
    check_activation(site.config, layout)
    if isinstance(layout, Shuffled) and len({site.shape(key)[-1] for key in site.tensors}) > 1:
        raise Lacking("features in another order meet a tensor of another size")
    return site.config


def _rewrite_rescaling(site: Site) -> dict[str, Any]:
    config = site.config
    if site.layout(site.inputs[0]) is not None and any(np.ndim(config.get(name)) for name in ("scale", "offset")):
        raise Lacking("its scale or offset is one number a channel, which it looks for on the last axis")
    return config


def _rewrite_dropout(site: Site) -> dict[str, Any]:
    layout, shape = site.layout(site.outputs[0]), site.config.get("noise_shape")
    if isinstance(layout, Moved) and shape:
        return {**site.config, "noise_shape": list(layout.shape(shape))}
    return site.config


_PER_FEATURE = ("gamma", "beta", "moving_mean", "moving_variance", "mean", "variance", "scale", "alpha")


def _rewrite_axis(site: Site) -> dict[str, Any]:
    """The argument `axis`: one, or a list whose axes the weights have, in their order."""
    layout, config, axis = site.layout(site.outputs[0]), site.config, site.config.get("axis", -1)
    if layout is None or axis is None:
        return config
    if isinstance(layout, Shuffled):
        several = site.class_name in ("Concatenate", "GroupNormalization") or np.ndim(axis) and len(axis) > 1
        if several or np.ndim(config.get("mean")):
            raise Lacking("the features are in another order")
        _shuffle_weights(site, layout)
        return config
    if not isinstance(axis, (list, tuple)):
        return {**config, "axis": layout.axis(axis)}
    moved = [layout.axis(each) for each in axis]
    order = sorted(range(len(moved)), key=lambda i: moved[i] % len(layout.axes))
    if order != list(range(len(moved))):
        for role in _PER_FEATURE:
            site.change(role, lambda array: array.transpose(order) if array.ndim == len(order) else array)
    return {**config, "axis": [moved[i] for i in order]}


def _shuffle_weights(site: Site, layout: Shuffled) -> None:
    for role in _PER_FEATURE:
        site.change(role, lambda array: array[..., list(layout.order)] if array.ndim and array.shape[-1] > 1 else array)


def _rewrite_prelu(site: Site) -> dict[str, Any]:
    layout, config = site.layout(site.outputs[0]), site.config
    if isinstance(layout, Shuffled):
        _shuffle_weights(site, layout)
    if not isinstance(layout, Moved):
        return config
    site.change("alpha", lambda array: rearranged(array, layout))
    shared = config.get("shared_axes")
    return {**config, "shared_axes": sorted(layout.axis(axis) for axis in shared)} if shared else config


SAME = Rule(_constrain_same, _rewrite_elementwise)
AXIS = Rule(_constrain_same, _rewrite_axis)
DROPOUT = Rule(_constrain_same, _rewrite_dropout)
RESCALING = Rule(_constrain_same, _rewrite_rescaling)
PRELU = Rule(_constrain_same, _rewrite_prelu)
