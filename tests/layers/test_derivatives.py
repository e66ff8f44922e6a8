"""Derivatives of every layer by its inputs and its weights, of two orders, against differences along a direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.cases.layers import CASES, LayerCase
from zoo import layers, ops, tree
from zoo.config import config
from zoo.engine.autodiff import gradients
from zoo.engine.rng import set_random_seed
from zoo.engine.tape import LiveGraph
from zoo.layers import Layer

STEP = 1e-5

#: Their gradients are not those of what they compute: a sign learns as if it were the number.
OWN_GRADIENTS = {"TernaryDense"}
#: Statistics of the batch have gradients in training; those that renormalise are constants by definition.
OF_BATCHES = {"BatchNormalization", "LegacyBatchNormalization"}

POINTS = [case for case in CASES if case.name not in OWN_GRADIENTS]
POINTS += [replace(case, keywords={"training": True}) for case in CASES
           if case.name in OF_BATCHES and not case.arguments.get("renorm")]


class InDoublePrecision:
    """A layer of a case in float64, at a random point, and a random direction from there.

    Args:
        case: a row of `tests.cases.layers`.
    """

    def __init__(self, case: LayerCase):
        set_random_seed(7)
        self.case = case
        self.layer: Layer = case.layer()
        self.inputs = [x.astype("float64") if x.dtype.kind == "f" else x
                       for x in map(np.asarray, tree.leaves(case.data()))]
        self.call(self.inputs)
        random = np.random.default_rng(1)
        self.layer.set_weights([random.uniform(0.5, 1.5, v.shape).astype(v.dtype) for v in self.layer.weights])
        self.weights = self.layer.trainable_weights
        self.point = [*self.inputs, *(weight.numpy() for weight in self.weights)]
        self.there = [random.standard_normal(x.shape) if x.dtype.kind == "f" else np.zeros_like(x) for x in self.point]
        self.back = [random.standard_normal(x.shape) for x in self.point]

    def call(self, inputs: Sequence[Any]) -> list[Any]:
        """The outputs that are floats."""
        outputs = self.case.call(self.layer, inputs[0] if len(inputs) == 1 else list(inputs))
        return [y for y in tree.leaves(outputs) if str(ops.dtype(y)).startswith("float")]

    def projections(self, distance: float) -> tuple[list[float], list[float]]:
        """At a distance in the direction: the outputs projected on random numbers, and the gradients of that projection
        projected on others. With each its derivative in the direction, by `gradients`."""
        moved = [x + distance * v if x.dtype.kind == "f" else x for x, v in zip(self.point, self.there)]
        for weight, value in zip(self.weights, moved[len(self.inputs):]):
            weight.assign(value)
        graph = LiveGraph()
        with graph.recording():
            given = [graph.live_input(x) for x in moved[:len(self.inputs)]]
            outputs = self.call(given)
            places = [*given, *(graph.reads.get(weight) for weight in self.weights)]
            used = [i for i, place in enumerate(places) if place is not None and str(place.dtype).startswith("float")]
            by = [places[i] for i in used]
            random = np.random.default_rng(2)
            first = [ops.sum(ops.multiply(y, random.standard_normal(y.shape))) for y in outputs]
            found = gradients(first, by, [np.ones(())] * len(first))
            second = [ops.sum(ops.multiply(g, self.back[i])) for g, i in zip(found, used) if g is not None]
            again = gradients(second, by, [np.ones(())] * len(second)) if second else [None] * len(by)
            totals = []
            for values, slopes in ((first, found), (second, again)):
                along = [np.sum(graph.as_value(g).data * self.there[i]) for g, i in zip(slopes, used) if g is not None]
                totals.append([float(sum(graph.as_value(value).data for value in values)), float(sum(along))])
        return totals[0], totals[1]


@pytest.mark.parametrize("case", POINTS, ids=lambda case: case.title)
def test_derivatives_of_two_orders(case: LayerCase) -> None:
    with config.using(floatx="float64"):
        layer = InDoublePrecision(case)
        here = layer.projections(0.0)
        around = [layer.projections(distance * STEP) for distance in (1, -1, 2, -2)]
    for order in (0, 1):
        values = [place[order][0] for place in around]
        expected = (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * STEP)
        assert here[order][1] == pytest.approx(expected, rel=1e-5, abs=1e-5), f"order {order + 1}"
