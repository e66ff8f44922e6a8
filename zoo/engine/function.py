"""Functions of tensors that are compiled when they are first called: shells until data flows through them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from zoo import tree
from zoo.config import config
from zoo.engine import dtypes
from zoo.engine.compile import compile_graph
from zoo.engine.eager import as_array
from zoo.engine.mapped import read_ahead
from zoo.engine.passes import INFERENCE, Pipeline
from zoo.engine.program import Program
from zoo.engine.prologue import WeightCache
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import Traced, trace

Compiled = tuple[Traced, Program]


class Function:
    """Calls a function of nests of tensors by way of compiled programs.

    For each signature (form of the nests, shapes, dtypes) the function is traced and compiled once. Variables that it
    reads are read anew in each call; variables that it assigns get their values when the call ends.

    Args:
        function: takes nests of tensors and returns one; called only to be traced.
        name: for messages and printing; the function's own name unless given.
        pipeline: passes to apply.
        programs: how many programs to keep; the one that was not used for the longest time goes first.
        wait: whether kernels are compiled before the first run, even if the setting `jit` is ``background``.

    Example:
        >>> import numpy as np
        >>> from zoo.engine.primitives import add_op
        >>> double = Function(lambda x: add_op(x, x))
        >>> double(np.ones(2, "float32"))
        array([2., 2.], dtype=float32)
    """

    def __init__(self, function: Callable[..., Any], *, name: str = "", pipeline: Pipeline = INFERENCE,
                 programs: int = 16, wait: bool = False):
        self.function, self.pipeline, self.capacity, self.wait = function, pipeline, programs, wait
        self.name = name or getattr(function, "__name__", "function")
        self.weights = WeightCache()
        self._programs: OrderedDict[Any, Compiled] = OrderedDict()
        self._lock = threading.RLock()

    def __call__(self, *arguments: Any) -> Any:
        """The function's result for arrays: the same nest, with fresh arrays for its tensors."""
        arrays = [leaf if leaf is None else as_array(leaf) for leaf in tree.leaves(arguments)]
        traced, program = self.compiled(*tree.pack(arguments, [spec_of(array) for array in arrays]))
        return traced.pack(program.run(*(array for array in arrays if array is not None)))

    def compiled(self, *specs: Any) -> Compiled:
        """The graph and the program for nests of specs; made now if it is not kept."""
        key = _form(specs), config.kernels, config.jit, config.device
        with self._lock:
            if key not in self._programs:
                traced = trace(self.function, *specs, name=self.name)
                if not self._programs:
                    read_ahead(variable.value for variable in traced.graph.reads if variable.is_initialized)
                program = compile_graph(traced.graph, pipeline=self.pipeline, cache=self.weights,
                                        wait=self.wait)
                self._programs[key] = traced, program
                while len(self._programs) > self.capacity:
                    self._programs.popitem(last=False)
            self._programs.move_to_end(key)
            return self._programs[key]

    def __repr__(self) -> str:
        return f"<Function {self.name}: {len(self._programs)} programs>"


def spec_of(array: Any) -> TensorSpec | None:
    """The spec of an array; None of None."""
    return None if array is None else TensorSpec(tuple(array.shape), dtypes.standardize(array.dtype))


def _form(nest: Any) -> Any:
    """A hashable description of a nest of specs."""
    if isinstance(nest, dict):
        return dict, tuple((key, _form(nest[key])) for key in sorted(nest))
    if isinstance(nest, (list, tuple)):
        return type(nest), tuple(map(_form, nest))
    return nest
