"""Nested structures under the names of `keras.tree`: tuples, lists, named tuples and dicts of leaves.

Dicts go by sorted key. None is a leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from zoo import tree
from zoo.errors import ConfigError

Path = tuple[Any, ...]


class MAP_TO_NONE:  # noqa: N801 - Keras's name
    """What a function of `traverse` gives to put None in a place: None itself leaves the place as it is."""


def is_nested(structure: Any) -> bool:
    """Whether it is a tuple, list or dict."""
    return isinstance(structure, (list, tuple, dict))


def flatten(structure: Any) -> list[Any]:
    """The leaves, in order."""
    return tree.leaves(structure)


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """The leaves with the indices and keys that lead to them."""
    return list(_paths(structure, ()))


def _paths(structure: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if not is_nested(structure):
        yield path, structure
        return
    parts = ((key, structure[key]) for key in sorted(structure)) if isinstance(structure, dict) else \
        enumerate(structure)
    for key, part in parts:
        yield from _paths(part, (*path, key))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """The structure of results of a function of the leaves of structures that are alike.

    Args:
        none_is_leaf: whether the function is called for None; else None stays.

    Raises:
        ConfigError: the structures differ, or there are none.
    """
    if not structures:
        raise ConfigError("map_structure expects at least one structure.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    if none_is_leaf:
        return tree.map(func, *structures)
    return tree.map(lambda *leaves: None if all(leaf is None for leaf in leaves) else func(*leaves), *structures)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Like `map_structure`, down to the leaves of a shallower structure: parts below them are handed on whole.

    Raises:
        ConfigError: a structure does not have all branches of the shallow one.
    """
    if not structures:
        raise ConfigError("map_structure_up_to expects at least one structure.")
    lines = [list(_up_to(shallow_structure, structure, ())) for structure in structures]
    return tree.pack(shallow_structure, [func(*parts) for parts in zip(*lines)])


def _up_to(shallow: Any, structure: Any, path: Path) -> Iterator[Any]:
    if not is_nested(shallow):
        yield structure
        return
    _require_alike(shallow, structure, path)
    for key in sorted(shallow) if isinstance(shallow, dict) else range(len(shallow)):
        yield from _up_to(shallow[key], structure[key], (*path, key))


def assert_same_structure(a: Any, b: Any) -> None:
    """Refuses structures that differ.

    Raises:
        ConfigError: types, lengths or keys differ somewhere.
    """
    _require_same(a, b, ())


def _require_same(a: Any, b: Any, path: Path) -> None:
    if not is_nested(a) and not is_nested(b):
        return
    _require_alike(a, b, path)
    for key in sorted(a) if isinstance(a, dict) else range(len(a)):
        _require_same(a[key], b[key], (*path, key))


def _require_alike(a: Any, b: Any, path: Path) -> None:
    """Refuses two branches of different types, lengths or keys."""
    alike = isinstance(b, dict) and a.keys() == b.keys() if isinstance(a, dict) else \
        is_nested(a) and type(a) is type(b) and len(a) == len(b)
    if not alike:
        raise ConfigError(f"The structures differ at {path}: expected one like {a!r:.200}, received {b!r:.200}.")


def assert_same_paths(a: Any, b: Any) -> None:
    """Refuses structures whose leaves are in different places; types of branches do not matter.

    Raises:
        ConfigError: only one of them has a leaf somewhere.
    """
    first, second = ([path for path, _ in flatten_with_path(structure)] for structure in (a, b))
    missing = [f"{path} in the {'second' if path in first else 'first'}" for path in (*first, *second)
               if path not in first or path not in second]
    if missing:
        raise ConfigError(f"The structures have different paths. Missing: {', '.join(missing)}.")


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """The structure with the items of a sequence as its leaves.

    Raises:
        ConfigError: there are more or fewer items than leaves.
    """
    count = len(tree.leaves(structure))
    if len(flat_sequence) != count:
        raise ConfigError(f"pack_sequence_as: expected {count} items for {structure!r:.200}, received "
                          f"{len(flat_sequence)}.")
    return tree.pack(structure, list(flat_sequence))


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples in place of lists."""
    return traverse(lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """`map_structure` where tuples and lists of sizes are leaves: shapes."""
    if isinstance(structure, dict):
        return {key: map_shape_structure(func, part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)) and not all(part is None or isinstance(part, int) for part in structure):
        return type(structure)(map_shape_structure(func, part) for part in structure)
    return func(structure)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """The structure with some parts replaced.

    Args:
        func: of each part, branches and leaves: what to put in its place, None to leave it, `MAP_TO_NONE` for None.
        top_down: whether a branch comes before its parts; what it is replaced by is not gone through.
    """
    if top_down:
        found = func(structure)
        if found is not None:
            return None if found is MAP_TO_NONE else found
    if isinstance(structure, dict):
        structure = {key: traverse(func, part, top_down) for key, part in structure.items()}
    elif is_nested(structure):
        parts = [traverse(func, part, top_down) for part in structure]
        structure = type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    found = None if top_down else func(structure)
    return structure if found is None else None if found is MAP_TO_NONE else found
