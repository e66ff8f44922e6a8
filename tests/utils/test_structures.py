"""Nests under the names of keras.tree, configs with attributes, records of Keras 2, files of weights."""

from __future__ import annotations

import importlib
import pathlib
from collections import namedtuple
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

import zoo
from zoo import compat, layers, utils
from zoo.errors import ConfigError, UnknownClass

Point = namedtuple("Point", "x y")
NEST = {"b": [1, (2, None)], "a": Point(3, [])}


@pytest.fixture
def tree() -> Iterator[ModuleType]:
    with compat.installed():
        yield importlib.import_module("keras.tree")


# ---- nests

def test_leaves_and_their_paths(tree: ModuleType) -> None:
    assert tree.flatten(NEST) == [3, 1, 2, None]
    assert tree.flatten_with_path(NEST) == [(("a", 0), 3), (("b", 0), 1), (("b", 1, 0), 2), (("b", 1, 1), None)]
    assert [tree.is_nested(x) for x in (NEST, [], (), 3, None, "ab")] == [True, True, True, False, False, False]


def test_mapping(tree: ModuleType) -> None:
    doubled = {"b": [2, (4, None)], "a": Point(6, [])}
    assert tree.map_structure(lambda x: x if x is None else 2 * x, NEST) == doubled
    assert tree.map_structure(lambda x: 2 * x, NEST, none_is_leaf=False) == doubled
    assert tree.map_structure(lambda x, y: x - y, [5, (3,)], [1, (2,)]) == [4, (1,)]
    assert tree.map_structure_up_to([0, 0], lambda x, y: (x, y), [[1, 2], 3], [4, [5, 6]]) == [([1, 2], 4), (3, [5, 6])]
    assert tree.map_shape_structure(sum, {"a": (1, 2), "b": [(1,), [2, 3]]}) == {"a": 3, "b": [1, 5]}
    with pytest.raises(ConfigError, match="differ at \\(1,\\)"):
        tree.map_structure(lambda x, y: x, [1, [2]], [1, 2])
    with pytest.raises(ConfigError, match="at least one"):
        tree.map_structure(lambda: 0)


@pytest.mark.parametrize(("a", "b", "same", "same_paths"), [
    ([1, [2]], [3, [4]], True, True), ([1, 2], [1], False, False), ([1, 2], (1, 2), False, True),
    ({"a": 1}, {"b": 1}, False, False), ([1, [2]], [1, 2], False, False), ({"a": 1}, {"a": None}, True, True)])
def test_comparisons(tree: ModuleType, a: object, b: object, same: bool, same_paths: bool) -> None:
    for check, passes in ((tree.assert_same_structure, same), (tree.assert_same_paths, same_paths)):
        if passes:
            check(a, b)
        else:
            with pytest.raises(ConfigError, match="structures"):
                check(a, b)


def test_packing(tree: ModuleType) -> None:
    assert tree.pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3]) == {"b": 3, "a": (1, 2)}
    assert tree.pack_sequence_as(0, [1]) == 1
    with pytest.raises(ConfigError, match="expected 2 items"):
        tree.pack_sequence_as([0, 0], [1])
    assert tree.lists_to_tuples([1, [2, {"a": [3]}]]) == (1, (2, {"a": (3,)}))


def test_traversing(tree: ModuleType) -> None:
    def as_tuple(part: object) -> object:
        return tuple(part) if isinstance(part, list) else None

    assert tree.traverse(as_tuple, [1, [2, 3]]) == (1, [2, 3])
    assert tree.traverse(as_tuple, [1, [2, 3]], top_down=False) == (1, (2, 3))
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 2 else None, [1, [2, 3]]) == [1, [None, 3]]


# ---- configs

def test_a_config_is_attributes_and_items() -> None:
    config = utils.Config(a=1, b="x")
    config.c = [2]
    config["d"] = 4
    config.update({"a": 5})
    assert (config.a, config["b"], config.get("nope", 7), "c" in config, len(config)) == (5, "x", 7, True, 4)
    assert config.as_dict() == {"a": 5, "b": "x", "c": [2], "d": 4} and list(config) == list(config.keys())
    assert config.to_json() == '{"a": 5, "b": "x", "c": [2], "d": 4}'
    del config.d
    assert config.pop("b") == "x" and repr(config) == "<Config {'a': 5, 'c': [2]}>"
    assert list(config.items()) == list(zip(config.keys(), config.values()))
    with pytest.raises(AttributeError, match="no 'nope'"):
        config.nope


def test_a_frozen_config_does_not_change() -> None:
    config = utils.Config(a=1)
    config.freeze()
    assert config.frozen
    for change in (lambda: setattr(config, "a", 2), lambda: config.update(a=2), lambda: config.pop("a")):
        with pytest.raises(ConfigError, match="frozen"):
            change()
    config.unfreeze()
    config.a = 2
    assert config.a == 2


# ---- records and files

def test_records_of_keras_2_are_looked_up_in_a_table() -> None:
    table = {"Dense": layers.Dense, "double": lambda x: 2 * x}
    made = utils.legacy.deserialize_keras_object({"class_name": "Dense", "config": {"units": 3}}, table)
    assert type(made) is layers.Dense and made.units == 3
    assert utils.legacy.deserialize_keras_object("double", table)(4) == 8
    assert utils.legacy.deserialize_keras_object(None) is None
    with pytest.raises(UnknownClass, match="Unknown sort 'triple'"):
        utils.legacy.deserialize_keras_object("triple", table, printable_module_name="sort")
    assert utils.legacy.serialize_keras_object(made)["class_name"] == "Dense"


def test_names_under_which_things_are_registered() -> None:
    @utils.register_keras_serializable("mine")
    class Own(layers.Layer):
        pass

    assert utils.get_registered_name(Own) == "mine>Own" and utils.get_registered_name(layers.Dense) == "Dense"


def test_weights_by_functions(tmp_path: pathlib.Path) -> None:
    first, second = (zoo.Sequential([layers.Input((3,)), layers.Dense(2, name="d")]) for _ in range(2))
    with compat.installed():
        saving = importlib.import_module("keras.saving")
        saving.save_weights(first, tmp_path / "a.weights.h5")
        saving.load_weights(second, tmp_path / "a.weights.h5")
        assert saving.get_registered_name(layers.Dense) == "Dense"
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])
