"""Layers of images, volumes and sequences that name their data format."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zoo.io.edits.data_format.sites import Lacking, Rule, Site, check_activation, is_converted, map_layout


def _constrain_images(site: Site) -> None:
    if not is_converted(site):
        site.stay()
        return
    for key in site.tensors:
        site.demand(key, map_layout(site, key))


def _constrain_global(site: Site) -> None:
    if not is_converted(site):
        site.stay()
        return
    site.demand(site.inputs[0], map_layout(site, site.inputs[0]))
    site.demand(site.outputs[0], map_layout(site, site.outputs[0]) if site.config.get("keepdims") else None)


def _constrain_conv_lstm(site: Site) -> None:
    if not is_converted(site):
        site.stay()
        return
    sequences = [site.inputs[0], *([site.outputs[0]] if site.config.get("return_sequences") else [])]
    for key in site.tensors:
        site.demand(key, map_layout(site, key, lead=2 if key in sequences else 1))


def _rewrite_images(site: Site) -> dict[str, Any]:
    if not is_converted(site):
        return site.config
    for name in ("activation", "recurrent_activation"):
        check_activation(site.config, site.layout(site.inputs[0]), name)
    return {**site.config, "data_format": site.plan.target}


def _rewrite_locally_connected(site: Site) -> dict[str, Any]:
    config = _rewrite_images(site)
    if config is site.config:
        return config
    if config.get("implementation", 1) != 1:
        raise Lacking("its kernel is stored as a matrix (implementation 2 or 3)")
    size = config["kernel_size"]
    window = math.prod(size) if isinstance(size, (list, tuple)) else size
    first = site.plan.source == "channels_first"

    def kernel(array: np.ndarray) -> np.ndarray:
        """old, new: (places, window, channels, filters) or (places, channels, window, filters), flat in the middle."""
        places, inner, filters = array.shape
        parts = (inner // window, window) if first else (window, inner // window)
        return array.reshape(places, *parts, filters).swapaxes(1, 2).reshape(array.shape)

    def bias(array: np.ndarray) -> np.ndarray:
        """Keras adds it in the order of its elements: (places..., filters), or (filters, places...)."""
        count = math.prod(array.shape[:-1])
        parts = (array.shape[-1], count) if first else (count, array.shape[-1])
        return array.reshape(parts).T.reshape(array.shape)

    site.change("kernel", kernel)
    if config.get("use_bias", True):
        site.change("bias", bias)
    return config


IMAGES = Rule(_constrain_images, _rewrite_images)
GLOBAL_POOLING = Rule(_constrain_global, _rewrite_images)
CONV_LSTM = Rule(_constrain_conv_lstm, _rewrite_images)
LOCALLY_CONNECTED = Rule(_constrain_images, _rewrite_locally_connected)
