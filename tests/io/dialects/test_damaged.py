"""Architectures that were damaged at random are read or refused, never anything else."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.io.dialects.samples import called, functional, keras2_input, layer, legacy, modern, sequential
from zoo.errors import CannotExpress, CorruptFile
from zoo.io import dialects

LSTM = layer("LSTM", "l", units=2, activation={"class_name": "function", "config": "f"})
LAYERS = [
    layer("Conv2D", "c", filters=2, kernel_size=[2, 2], kernel_initializer={"class_name": "HeNormal", "config": {}}),
    layer("BatchNormalization", "n", axis=[3], dtype={"class_name": "DTypePolicy", "config": {"name": "float32"}}),
    layer("Bidirectional", "b", layer=LSTM, backward_layer=LSTM),
    layer("TimeDistributed", "t", layer=sequential(layer("Dense", "d", batch_input_shape=[None, 3], units=2))),
    layer("Lambda", "f", function=["4wEA", None, None], function_type="lambda")]
INNER = functional([called(keras2_input("i", 3)), called(LAYERS[0], legacy(("i", 0, 0)))], [["i", 0, 0]], [["c", 0, 0]],
                   name="inner")
MODELS = {
    "tfkeras": functional([called(keras2_input("x", 3)), called(INNER, legacy(("x", 0, 0))),
                           *[called(entry, legacy(("inner", 1, 0))) for entry in LAYERS[1:]]],
                          [["x", 0, 0]], {"a": ["n", 0, 0], "b": ["t", 0, 0]}),
    "keras2": sequential(layer("Dense", "first", batch_input_shape=[None, 3], units=2), *LAYERS),
    "keras3": functional([called(layer("InputLayer", "x", batch_shape=[None, 3])),
                          called(LAYERS[1], modern(("x", 0, 0), training=False)),
                          called(layer("MultiHeadAttention", "m"), modern(("n", 0, 0), ("x", 0, 0), mask=None))],
                         ["x", 0, 0], [["m", 0, 0], ["n", 0, 0]])}
JUNK: list[Any] = [None, 0, -1, 1.5, True, "x", "", [], {}, [1], ["a", 0, 0], [[]], {"class_name": "Dense"},
                   {"class_name": "Dense", "config": []}, {"class_name": None, "config": {}}, [None],
                   {"class_name": "__tuple__"}, {"class_name": "function", "config": None}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything inside of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def damaged(value: Any, chance: random.Random) -> Any:
    """A copy in which something was removed, repeated or replaced."""
    value = copy.deepcopy(value)
    *parents, last = chance.choice(list(places(value)))
    holder = value
    for key in parents:
        holder = holder[key]
    kind = chance.random()
    if kind < 0.3 and isinstance(holder, dict):
        del holder[last]
    elif kind < 0.4 and isinstance(holder, list):
        holder.insert(last, copy.deepcopy(chance.choice(holder)))
    else:
        holder[last] = copy.deepcopy(chance.choice(JUNK))
    return value


@pytest.mark.parametrize("dialect", MODELS)
def test_damaged_architectures_are_read_or_refused(dialect: str) -> None:
    chance = random.Random(7)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(1500):
        value = damaged(MODELS[dialect], chance)
        try:
            model, _ = dialects.decode_model(value, dialect)
        except CorruptFile as error:
            assert "expected" in str(error) or "refer" in str(error), str(error)
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        for target in dialects.DIALECTS:
            try:
                dialects.encode_model(model, target)
            except CannotExpress:
                pass
    assert min(outcomes.values()) > 100
