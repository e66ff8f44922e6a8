"""Tasks taken by compiled code: a thread does one after another without coming back to Python, and to its lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.engine import threads
from zoo.engine.kernels.jit import watch
from zoo.engine.kernels.jit.compiler import INT, compiled
from zoo.engine.threads import Workspace, parallel_for, thread_count

NUMBERS = "intp[]"                                          # type of an array of whole numbers


class Tasks:
    """A table of tasks, and the compiled function that does them.

    Args:
        name: of the function.
        fields: numbers that tell a task, as names for `body`.
        parameters, body, argument_types, imports: of the function that does one task; see `compiler.compiled`.
    """

    def __init__(self, name: str, fields: Sequence[str], parameters: Sequence[str], body: Sequence[str],
                 argument_types: Sequence[str], imports: str = ""):
        self.fields = len(fields)
        lines = ["while True:", "    task = take(counter)", "    if task >= tasks:", "        break",
                 *(f"    {field} = table[task * {self.fields} + {i}]" for i, field in enumerate(fields)),
                 *(f"    {line}" for line in body)]
        self.function = compiled(name, ["counter", "table", "tasks", *parameters], lines,
                                 [NUMBERS, NUMBERS, INT, *argument_types],
                                 f"from {__package__}.atomics import take\n{imports}")
        watch.watch()                                       # wanted as soon as there are tasks

    def bind(self, tasks: Sequence[Sequence[int]], arguments: Callable[[Workspace], tuple[Any, ...]],
             seconds: float) -> Callable[[], None]:
        """The work on all tasks.

        Args:
            tasks: the numbers of each.
            arguments: of the function, for a thread with this scratch memory.
            seconds: estimate, see `threads.parallel_for`.
        """
        table, counter, count = np.array(tasks, np.intp).reshape(-1), np.zeros(1, np.intp), len(tasks)
        function = self.function

        def body(i: int, workspace: Workspace) -> None:
            function(counter, table, count, *arguments(workspace))

        def run() -> None:
            if not threads.is_watching():
                watch.begin()
            counter[0] = 0
            parallel_for(min(count, thread_count()), body, seconds)
        return run
