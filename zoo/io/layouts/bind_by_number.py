"""Weights stored by number: Keras 0 numbered the layers of a `Sequential`, and the arrays in each.

A `Graph` has one group with the arrays of all of its nodes.
"""

from __future__ import annotations

from zoo.io.document import WeightGroup, WeightTree
from zoo.io.layouts.bind_by_layer import bind_group
from zoo.io.layouts.match import Matches
from zoo.io.layouts.owners import Owner

GRAPH = "graph"


def bind_by_number(root: Owner, tree: WeightTree, matches: Matches, by_name: bool) -> None:
    """Matches layers with numbers, then the weights inside.

    Args:
        by_name: of no use, since the file has no names.
    """
    if by_name:
        matches.note("the file stores no layer names: layers were found by their number")
    if [group.path for group in tree.groups] == [GRAPH]:
        bind_group(root, tree.groups[0], matches, tree.convention, keras3=False)
        return
    groups = [group for group in tree.groups if group.tensors]
    owners = [owner for owner in root.parts if owner.all_slots() or not owner.is_known]
    if len(owners) == len(groups):
        pairs = list(zip(owners, groups))
    else:                                                   # layers that became several: whatever comes next
        pairs = [(root, WeightGroup("", [tensor for group in groups for tensor in group.tensors]))]
    for owner, group in pairs:
        bind_group(owner, group, matches, tree.convention, keras3=False)
