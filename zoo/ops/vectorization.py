"""Functions of single elements, or of arrays of few axes, made to take arrays of more."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from zoo.errors import ConfigError, ShapeError
from zoo.ops.control import map as map_
from zoo.ops.numpy_like.manipulation import broadcast_to, reshape
from zoo.ops.promotion import Tensor, as_tensor, shape_of

_ARGUMENT = r"\(\s*(?:\w+(?:\s*,\s*\w+)*)?\s*\)"
_SIGNATURE = re.compile(rf"\s*{_ARGUMENT}(?:\s*,\s*{_ARGUMENT})*\s*->\s*{_ARGUMENT}(?:\s*,\s*{_ARGUMENT})*\s*")


def vectorize(pyfunc: Callable[..., Any], *, excluded: Collection[int | str] | None = None,
              signature: str | None = None) -> Callable[..., Any]:
    """A function of arrays that calls another one for each of their elements. In a graph all calls are written out.

    Args:
        pyfunc: of scalars (or of what `signature` says); gives one tensor, or a tuple of them.
        excluded: positions and names of arguments that are handed on as they are.
        signature: the last axes that `pyfunc` takes and gives, as ``"(m,n),(n)->(m)"``; the axes before are
            broadcast and called over.

    Raises:
        ConfigError: the signature is none.

    Example:
        >>> vectorize(lambda a, b: a + b)([1, 2, 3, 4], 2)
        array([3, 4, 5, 6], dtype=int32)
    """
    if signature is not None and not _SIGNATURE.fullmatch(signature):
        raise ConfigError(f"vectorize: expected a signature such as '(m,n),(n)->(m)', received {signature!r}.")
    kept = set(excluded or ())

    @functools.wraps(pyfunc)
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        names = [*range(len(args)), *(name for name in kwargs if name not in kept)]
        given = {name: args[name] if isinstance(name, int) else kwargs[name] for name in names if name not in kept}
        tensors = [as_tensor(value) for value in given.values()]

        def call(parts: list[Tensor]) -> Any:
            own = dict(zip(given, parts))
            positional = [own.get(i, arg) for i, arg in enumerate(args)]
            return pyfunc(*positional, **{**kwargs, **{n: part for n, part in own.items() if isinstance(n, str)}})
        return _over(call, tensors, _core_axes(signature, len(tensors)))
    return vectorized


def _core_axes(signature: str | None, count: int) -> list[tuple[str, ...]]:
    """The names of the axes of each argument that stay together.

    Raises:
        ConfigError: the signature is for another number of arguments.
    """
    if signature is None:
        return [()] * count
    found = [tuple(re.findall(r"\w+", part)) for part in re.findall(_ARGUMENT, signature.partition("->")[0])]
    if len(found) != count:
        raise ConfigError(f"vectorize: the signature {signature!r} is for {len(found)} arguments, received {count}.")
    return found


def _over(call: Callable[[list[Tensor]], Any], tensors: list[Tensor], cores: list[tuple[str, ...]]) -> Any:
    """The results for all elements, with the broadcast axes in front."""
    shapes = [shape_of(x) for x in tensors]
    sizes: dict[str, Any] = {}
    for shape, core in zip(shapes, cores):
        wrong = len(shape) < len(core) or any(sizes.setdefault(name, size) != size
                                              for name, size in zip(core, shape[len(shape) - len(core):]))
        if wrong:
            raise ShapeError(f"vectorize: shapes {shapes} do not fit the axes {cores}.")
    loops = [shape[:len(shape) - len(core)] for shape, core in zip(shapes, cores)]
    around = np.broadcast_shapes(*loops)
    flat = [reshape(broadcast_to(x, (*around, *shape[len(loop):])), (math.prod(around), *shape[len(loop):]))
            for x, shape, loop in zip(tensors, shapes, loops)]
    result = map_(call, flat)
    results = result if isinstance(result, tuple) else (result,)
    shaped = tuple(reshape(as_tensor(y), (*around, *shape_of(y)[1:])) for y in results)
    return shaped if isinstance(result, tuple) else shaped[0]
