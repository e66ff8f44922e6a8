"""Running a model over data, batch by batch, through compiled programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

from zoo import tree
from zoo.engine.function import Function
from zoo.errors import ConfigError


class Trainer:
    """Mixin of models: `predict` and its relatives."""

    def reset_programs(self) -> None:
        """Forgets compiled programs, as is needed when the topology changes."""
        self._predict_function: Function | None = None

    @property
    def predict_function(self) -> Function:
        """The model in inference mode: a shell that traces and compiles once for each shape of data."""
        if self._predict_function is None:
            self._predict_function = Function(lambda inputs: self(inputs, training=False), name=self.name)
        return self._predict_function

    def predict(self, x: Any, batch_size: int | None = None, verbose: int | str = "auto", *,
                steps: int | None = None) -> Any:
        """Outputs for all samples.

        Args:
            x: an array (or nest of arrays) whose first axis counts samples, or an iterable of batches.
            batch_size: samples in one run; 32 if None.
            verbose: 1 shows a progress bar, 0 does not, ``auto`` shows one on a terminal if there are several batches.
            steps: how many batches to take from an iterable; all if None.

        Returns:
            NumPy arrays in the structure of the model's outputs, first axis as in `x`.

        Raises:
            ConfigError: there are no samples, or the arrays have different numbers of them.
        """
        is_data = hasattr(x, "shape") or isinstance(x, (list, tuple, dict))
        batches = _slices(x, batch_size or 32) if is_data else _take(x, steps)
        total = -(-_samples(x) // (batch_size or 32)) if is_data else steps
        show = sys.stderr.isatty() and (total is None or total > 1) if verbose == "auto" else bool(verbose)
        results = [self.predict_on_batch(batch) for batch in tqdm(batches, total=total, disable=not show, unit="batch")]
        if not results:
            raise ConfigError("predict received no samples.")
        return tree.map(lambda *parts: parts[0] if len(parts) == 1 else np.concatenate(parts), *results)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, in one run."""
        if not self.built:
            self.build_for((x,), {})
        return self.predict_function(self.as_batch(x))

    def as_batch(self, x: Any) -> Any:
        """The batch as the model's compiled function takes it: arrays in the order of the inputs, in their dtypes."""
        if not hasattr(self, "match_inputs"):
            return tree.map(np.asarray, x)
        arrays = tree.map(np.asarray, x) if not _is_nested_numbers(x) else np.asarray(x)
        matched = self.match_inputs(arrays)
        return tree.pack(getattr(self, "input_structure", None) or matched[0], matched)


def _is_nested_numbers(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and bool(x) and not any(hasattr(leaf, "shape") for leaf in tree.leaves(x))


def _samples(x: Any) -> int:
    """Length of the first axis of all arrays.

    Raises:
        ConfigError: there are none, or they differ.
    """
    if _is_nested_numbers(x):
        return len(x)
    sizes = {len(leaf) for leaf in tree.leaves(x)}
    if len(sizes) != 1 or sizes == {0}:
        raise ConfigError(f"Expected arrays with the same, positive number of samples, received {sorted(sizes)}.")
    return sizes.pop()


def _slices(x: Any, size: int) -> Iterator[Any]:
    x = np.asarray(x) if _is_nested_numbers(x) else x
    for start in range(0, _samples(x), size):
        yield tree.map(lambda leaf: leaf[start:start + size], x)


def _take(batches: Iterable[Any], steps: int | None) -> Iterator[Any]:
    for i, batch in enumerate(batches):
        if steps is not None and i >= steps:
            return
        yield batch[0] if isinstance(batch, tuple) else batch
