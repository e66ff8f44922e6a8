"""Passes: functions ``Graph -> (Graph, number of changes)``, one idea a file. A pipeline is a list of them."""

from __future__ import annotations

from collections.abc import Callable

from zoo.engine.graph import Graph
from zoo.engine.passes.choose_layout import choose_layout
from zoo.engine.passes.eliminate_dead import eliminate_dead
from zoo.engine.passes.fold_batch_norm import fold_batch_norm
from zoo.engine.passes.fold_constants import fold_constants
from zoo.engine.passes.fuse_elementwise import fuse_elementwise
from zoo.engine.passes.fuse_epilogue import fuse_epilogue
from zoo.engine.passes.lower_contractions import lower_contractions
from zoo.engine.passes.merge_equal import merge_equal
from zoo.engine.passes.merge_sweeps import merge_sweeps
from zoo.engine.passes.simplify import simplify

Pass = Callable[[Graph], tuple[Graph, int]]
Pipeline = tuple[Pass, ...]

INFERENCE: Pipeline = (
    eliminate_dead,
    lower_contractions,
    fold_constants,
    simplify,
    choose_layout,
    simplify,
    merge_equal,
    fold_batch_norm,
    simplify,
    fold_constants,
    fuse_elementwise,
    fuse_epilogue,
    merge_sweeps,
)
FOR_DEVICES: Pipeline = (eliminate_dead, fold_constants, simplify, merge_equal)      # one definition a node
AS_TRACED: Pipeline = (eliminate_dead,)                     # what was written, node by node
