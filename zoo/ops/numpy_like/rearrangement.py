"""Axes moved, split and merged by a pattern of names, as in einops."""

from __future__ import annotations

from typing import Any

from zoo.engine.spec import Dim, product
from zoo.errors import ConfigError
from zoo.ops.numpy_like.manipulation import reshape, transpose
from zoo.ops.promotion import Tensor, shape_of


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Tensor:
    """A tensor with its axes in another arrangement.

    Args:
        tensor: a tensor.
        pattern: axes before and after, as ``"b (h w) c -> b c h w"``; parentheses hold axes that are one.
        **axes_lengths: sizes of axes that parentheses hold, all but one of each.

    Raises:
        ConfigError: the pattern does not fit.
    """
    before, arrow, after = pattern.partition("->")
    sources, targets = _groups(before), _groups(after)
    names, wanted = sum(sources, []), sum(targets, [])
    shape = shape_of(tensor)
    if not arrow or sorted(names) != sorted(wanted) or len(set(names)) != len(names) or len(sources) != len(shape):
        raise ConfigError(f"rearrange: the pattern {pattern!r} does not fit a tensor of shape {shape}.")
    sizes: dict[str, Dim] = {}
    for group, size in zip(sources, shape):
        sizes.update(_split(group, size, axes_lengths, pattern))
    x = reshape(tensor, [sizes[name] for name in names])
    x = transpose(x, [names.index(name) for name in wanted])
    return reshape(x, [product(sizes[name] for name in group) for group in targets])


def _groups(side: str) -> list[list[str]]:
    """``"b (h w) c"`` as ``[["b"], ["h", "w"], ["c"]]``."""
    groups: list[list[str]] = []
    inside = False
    for token in side.replace("(", " ( ").replace(")", " ) ").split():
        if token in "()":
            if inside == (token == "("):
                raise ConfigError(f"rearrange: unbalanced parentheses in {side!r}.")
            inside = token == "("
            groups += [[]] if inside else []
        elif inside:
            groups[-1].append(token)
        else:
            groups.append([token])
    return groups


def _split(group: list[str], size: Dim, lengths: dict[str, int], pattern: str) -> dict[str, Dim]:
    """The sizes of the axes that are one axis of a given size."""
    unknown = [name for name in group if name not in lengths]
    known = product(lengths[name] for name in group if name in lengths)
    if len(unknown) > 1 or size is not None and (size % known if unknown else size != known):
        raise ConfigError(f"rearrange: the sizes of {group} in {pattern!r} do not follow from {size} and {lengths}.")
    rest = None if size is None else size // known
    return {name: rest if name in unknown else lengths[name] for name in group}
