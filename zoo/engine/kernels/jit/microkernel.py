"""The innermost part of a matrix product: one tile of results, kept in the registers of the processor.

Every element of the tile is a sum over the depth. For each step of the depth one row of a panel of the right matrix is
loaded, and multiplied by one number of each row of the left matrix: few loads for many multiplications. LLVM is given
vectors, so that it need not find them; where the processor has shorter ones it splits them.
Source: Goto, van de Geijn: Anatomy of High-Performance Matrix Multiplication (2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from zoo.engine.kernels.jit.registers import AHEAD

_FLOAT, _WHOLE, _INDEX = ir.FloatType(), ir.IntType(64), ir.IntType(32)
_BYTE = ir.IntType(8).as_pointer()
_LINE = 16                                                  # numbers in a line of the cache
_AT_ONCE = 4                                                # steps of the depth in one turn of the loop


@cache
def tile_product(rows: int, vectors: int, lanes: int) -> Callable[..., None]:
    """A function for compiled code: ``tile = x y`` for x (rows, depth) and y (depth, vectors x lanes).

    Its arguments: the flat array of x, the start of x in it and the distance of its rows; the flat array of y and its
    start; the depth; the flat array of the tile; whether the product is added to what is there; and the place in y of
    what is needed later, of which the part ``1 / AHEAD`` is brought near meanwhile. The rows of y, and those of the
    tile, follow each other. Nothing is checked.
    """
    vector = ir.VectorType(_FLOAT, lanes)

    @intrinsic
    def product(typing_context: Any, x: Any, x_start: Any, x_step: Any, y: Any, y_start: Any, depth: Any, tile: Any,
                more: Any, later: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            left, right, results = (context.make_array(kind)(context, builder, values[i]).data
                                    for kind, i in ((x, 0), (y, 3), (tile, 6)))
            left, right, later_right = (builder.gep(pointer, [values[i]])
                                        for pointer, i in ((left, 1), (right, 4), (right, 8)))
            lines = [builder.gep(left, [builder.mul(values[2], _WHOLE(row))]) for row in range(rows)]
            sums = _Tile(builder, lines, right, results, vectors, vector, later=later_right)
            sums.compute(values[5], values[7])
            return context.get_dummy_value()

        return types.void(x, x_start, x_step, y, y_start, depth, tile, more, later), generate

    return product


@cache
def outer_products(rows: int, vectors: int, lanes: int) -> Callable[..., None]:
    """A function for compiled code: ``tile = x' y`` for x (depth, rows) and y (depth, vectors x lanes).

    Its arguments: the flat array of x, the start of x in it and the distance of one step of the depth from the next;
    the flat array of y and its start; the depth; the flat array of tiles and the start of this one; and whether the
    product is added to what is there. Nothing is checked.
    """
    vector = ir.VectorType(_FLOAT, lanes)

    @intrinsic
    def product(typing_context: Any, x: Any, x_start: Any, x_step: Any, y: Any, y_start: Any, depth: Any, tiles: Any,
                tile_start: Any, more: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            left, right, results = (builder.gep(context.make_array(kind)(context, builder, values[i]).data,
                                                [values[i + 1]]) for kind, i in ((x, 0), (y, 3), (tiles, 6)))
            lines = [builder.gep(left, [_WHOLE(row)]) for row in range(rows)]
            _Tile(builder, lines, right, results, vectors, vector, values[2]).compute(values[5], values[8])
            return context.get_dummy_value()

        return types.void(x, x_start, x_step, y, y_start, depth, tiles, tile_start, more), generate

    return product


class _Tile:
    """The loop over the depth as instructions of LLVM.

    Args:
        builder: of the function.
        lines: pointers to the rows of the left matrix.
        right: pointer to the panel of the right matrix.
        results: pointer to the results.
        vectors: in a row of the panel.
        vector: their type.
        step: distance of the numbers of a row of the left matrix.
        later: pointer to what is needed later, if anything is.
    """

    def __init__(self, builder: Any, lines: Sequence[Any], right: Any, results: Any, vectors: int,
                 vector: ir.VectorType, step: Any = _WHOLE(1), later: Any = None):
        self.step = step
        self.builder, self.lines, self.right, self.vectors, self.vector = builder, lines, right, vectors, vector
        self.later = later
        self.results = [builder.bitcast(builder.gep(results, [_WHOLE(i * vector.count)]), vector.as_pointer())
                        for i in range(len(lines) * vectors)]
        name = f"llvm.fma.v{vector.count}f32"
        self.multiply_add = get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
        self.prefetch = get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [_BYTE, *[_INDEX] * 3]),
                                               "llvm.prefetch.p0")

    def compute(self, depth: Any, more: Any) -> None:
        """Stores the sums over the whole depth, to which the results so far belong if there is `more`."""
        even = self.builder.and_(depth, _WHOLE(-_AT_ONCE))
        sums = self._loop(even, depth, 1, self._loop(_WHOLE(0), even, _AT_ONCE, self._begin(more)))
        for total, place in zip(sums, self.results):
            self.builder.store(total, place).align = 4

    def _begin(self, more: Any) -> list[Any]:
        """What the sums begin with: what was stored, or zero."""
        builder, before = self.builder, self.builder.block
        resume, after = (builder.append_basic_block(name) for name in ("resume", "begin"))
        builder.cbranch(builder.icmp_signed("!=", more, _WHOLE(0)), resume, after)
        builder.position_at_end(resume)
        stored = [self._load(place, self.vector) for place in self.results]
        builder.branch(after)
        builder.position_at_end(after)
        sums = [builder.phi(self.vector) for _ in stored]
        for phi, value in zip(sums, stored):
            phi.add_incoming(self.vector([0.0] * self.vector.count), before)
            phi.add_incoming(value, resume)
        return sums

    def _loop(self, start: Any, stop: Any, step: int, sums: Sequence[Any]) -> list[Any]:
        builder, before = self.builder, self.builder.block
        head, body, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        k, carried = builder.phi(_WHOLE), [builder.phi(self.vector) for _ in sums]
        builder.cbranch(builder.icmp_signed("<", k, stop), body, after)
        builder.position_at_end(body)
        current = list(carried)
        if step == _AT_ONCE and self.later is not None:
            self._bring_near(k)
        for i in range(step):
            current = self._step(builder.add(k, _WHOLE(i)), current)
        for phi, first, later in zip((k, *carried), (start, *sums), (builder.add(k, _WHOLE(step)), *current)):
            phi.add_incoming(first, before)
            phi.add_incoming(later, body)
        builder.branch(head)
        builder.position_at_end(after)
        return carried

    def _bring_near(self, k: Any) -> None:
        """Asks for a part of what is needed later, to be in the second-level cache by then."""
        builder, whole = self.builder, _AT_ONCE * self.vectors * self.vector.count // AHEAD
        place = builder.mul(k, _WHOLE(whole // _AT_ONCE))
        for first in range(0, whole, _LINE):
            pointer = builder.gep(self.later, [builder.add(place, _WHOLE(first))])
            builder.call(self.prefetch, [builder.bitcast(pointer, _BYTE), _INDEX(0), _INDEX(2), _INDEX(1)])

    def _step(self, k: Any, sums: Sequence[Any]) -> list[Any]:
        """One step of the depth."""
        builder, lanes, results = self.builder, self.vector.count, []
        panel = [self._load(builder.gep(self.right, [builder.add(builder.mul(k, _WHOLE(self.vectors * lanes)),
                                                                 _WHOLE(i * lanes))]), self.vector)
                 for i in range(self.vectors)]
        place = builder.mul(k, self.step)
        for row, line in enumerate(self.lines):
            factor = builder.insert_element(ir.Constant(self.vector, ir.Undefined),
                                            self._load(builder.gep(line, [place]), _FLOAT), _INDEX(0))
            factor = builder.shuffle_vector(factor, factor, ir.VectorType(_INDEX, lanes)([0] * lanes))
            for i, values in enumerate(panel):
                results.append(builder.call(self.multiply_add, [factor, values, sums[row * self.vectors + i]]))
        return results

    def _load(self, pointer: Any, kind: Any) -> Any:
        loaded = self.builder.load(self.builder.bitcast(pointer, kind.as_pointer()))
        loaded.align = 4
        return loaded
