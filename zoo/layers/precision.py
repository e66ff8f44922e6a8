"""In which dtypes a layer keeps its weights and computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import dtype_policies, ops
from zoo.dtype_policies import DTypePolicy
from zoo.engine import dtypes
from zoo.engine.graph import Value
from zoo.errors import ConfigError


class WithDtypePolicy:
    """Mixin of layers: their dtype policy, and what follows from it.

    Attributes:
        autocast: whether float inputs are cast.
    """

    name: str
    built: bool
    autocast: bool

    @property
    def dtype_policy(self) -> DTypePolicy:
        """The dtypes of weights and of computation; may be set in any form (weights that exist stay as they are).

        Raises:
            ConfigError: it is set to a quantized policy when the layer is built: `quantize` does that.
        """
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy = dtype_policies.get(value)
        if self.built and policy.quantization_mode is not None:
            raise ConfigError(f"Layer {self.name!r} is built: call quantize({policy.quantization_mode!r}) instead of "
                              f"setting its policy.")
        self._dtype_policy = policy

    @property
    def compute_dtype(self) -> str:
        """Dtype in which Keras computes."""
        return self.dtype_policy.compute_dtype

    @property
    def arithmetic_dtype(self) -> str:
        """Dtype in which `call` computes: float32 where the policy is a mixed one (see `zoo.dtype_policies`)."""
        return self.variable_dtype if self.dtype_policy.is_mixed else self.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype of float weights."""
        return self.dtype_policy.variable_dtype

    dtype = variable_dtype

    def as_input(self, leaf: Any) -> Any:
        """An argument of a call as `call` gets it: floats in the dtype of the computation, if they are cast at all."""
        if not self.autocast or not isinstance(leaf, (np.ndarray, Value)):
            return leaf
        own, wanted = ops.dtype(leaf), self.arithmetic_dtype
        return ops.cast(leaf, wanted) if own != wanted and dtypes.is_float(own) and dtypes.is_float(wanted) else leaf
