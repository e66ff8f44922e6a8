"""Large variables that a program changes: it reads them where they are, and writes their new values beside them.

When a run ends, the new arrays take the place of the old ones, all at once; nothing is copied, and whatever stops a run
leaves every variable as it was. The old arrays take the results of the next run, unless somebody else may have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Graph, Value
from zoo.engine.threads import aligned_bytes
from zoo.engine.variable import Variable

if TYPE_CHECKING:
    from zoo.engine.program import Step

_LARGE = 1 << 14                                            # bytes; what is smaller is copied


class Residents:
    """Which values of a program are arrays of variables, and which arrays these are in a run.

    Args:
        graph: the graph.
        steps: of its program.

    Attributes:
        read: values that are variables as they are before a run.
        written: values that are variables as they are after it.
        aliases: the same in other shapes.
    """

    def __init__(self, graph: Graph, steps: Sequence[Step]):
        large = [variable for variable in graph.updates
                 if variable.dtype != "string" and variable.spec.nbytes >= _LARGE]
        updates = [*graph.updates.values()]
        made = {value for step in steps if not step.is_alias for value in step.outputs}
        self.read = {graph.reads[variable]: variable for variable in large if variable in graph.reads}
        self.written = {graph.updates[variable]: variable for variable in large
                        if graph.updates[variable] in made and graph.updates[variable] not in graph.outputs
                        and updates.count(graph.updates[variable]) == 1}
        self.aliases: dict[Value, Value] = {}
        for step in steps:
            if step.is_alias and step.inputs[0] in self:
                self.aliases[step.outputs[0]] = step.inputs[0]
        self._spare: dict[Variable, np.ndarray] = {}

    def __contains__(self, value: Value) -> bool:
        return value in self.read or value in self.written or value in self.aliases

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays of what is read and of what is written in a run that begins."""
        old = [np.require(variable.peek(), dtypes.storage(variable.dtype), ["C", "A"])
               for variable in self.read.values()]
        return (*old, *(self._array_for(variable) for variable in self.written.values()))

    def bound(self, arrays: Sequence[np.ndarray]) -> dict[Value, np.ndarray]:
        """The array of each value, those in other shapes as well."""
        found = dict(zip((*self.read, *self.written), arrays))
        for alias, value in self.aliases.items():
            found[alias] = found[value].reshape(alias.shape)
        return found

    def commit(self, arrays: Sequence[np.ndarray]) -> None:
        """Gives the variables what the run has written into `arrays`."""
        for variable, array in zip(self.written.values(), arrays[len(self.read):]):
            before = variable.exchange(array)
            if before is not None:
                self._spare[variable] = before

    def _array_for(self, variable: Variable) -> np.ndarray:
        """Memory for the new value of a variable."""
        spare = self._spare.pop(variable, None)
        return np.ndarray(variable.shape, dtypes.storage(variable.dtype), aligned_bytes(variable.spec.nbytes)) \
            if spare is None else spare
