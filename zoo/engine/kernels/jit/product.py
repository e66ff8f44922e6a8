"""The products of the `blas` family with compiled epilogues."""

from __future__ import annotations

from functools import partial

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import bind_im2col, im2col_cost, im2col_packing
from zoo.engine.kernels.blas.product import bind_matmul, bind_pointwise, matmul_cost, supports_dtype, supports_pointwise
from zoo.engine.kernels.blas.transposed import bind_transposed, transposed_cost, transposed_packing
from zoo.engine.kernels.jit.epilogue import RowEpilogue, supports_epilogue
from zoo.engine.kernels.registry import Kernel, register


def _supports(node: Node) -> str | None:
    return supports_dtype(node) or supports_epilogue(node)


register(Kernel("matmul", "tiled_product", "jit", _supports, partial(bind_matmul, make_epilogue=RowEpilogue),
                cost=lambda node: matmul_cost(node) + costs.epilogue(node, compiled=True)))
register(Kernel("conv", "pointwise", "jit", lambda node: supports_pointwise(node) or supports_epilogue(node),
                partial(bind_pointwise, make_epilogue=RowEpilogue),
                cost=lambda node: costs.convolution(node) + costs.epilogue(node, compiled=True)))
register(Kernel("conv", "im2col", "jit", _supports, partial(bind_im2col, make_epilogue=RowEpilogue),
                packing=im2col_packing,
                cost=lambda node: im2col_cost(node) + costs.epilogue(node, compiled=True)))
register(Kernel("conv_transpose", "scattered_products", "jit", _supports,
                partial(bind_transposed, make_epilogue=RowEpilogue), packing=transposed_packing,
                cost=lambda node: transposed_cost(node) + costs.epilogue(node, compiled=True)))
