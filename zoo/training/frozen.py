"""Running once what training does not change.

In transfer learning most of a model is frozen: every epoch computes the same features of the same samples. Here that
part runs as an inference program of its own, before the step, and where samples return (in arrays) its outputs are
kept: in memory, or else in a temporary file, within the budgets of `zoo.config`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from zoo import tree
from zoo.callbacks.progress import say
from zoo.config import cache_root, config
from zoo.conventions import using
from zoo.training import data

_UNITS = ((2 ** 30, "GB"), (2 ** 20, "MB"), (2 ** 10, "kB"))


class FrozenPrefix:
    """What `fit` knows of the part of a model that it need not train.

    Args:
        model: being trained.
        enabled: whether to look for such a part at all.
        returning: whether samples will be seen again, so that keeping the outputs is worth while.
        verbose: whether to say what is done.
    """

    def __init__(self, model: Any, enabled: bool, returning: bool, verbose: bool):
        self.model, self.enabled, self.returning, self.verbose = model, enabled, returning, verbose
        self._split: Any = None
        self._versions: tuple[int, ...] = ()
        self._sources: dict[data.Source, data.Source] = {}

    def divide(self, source: data.Source) -> tuple[Any, data.Source]:
        """The part of the model that a step has to run, and a source that gives what that part takes.

        Asked before each epoch: callbacks may thaw layers, or give them other weights.
        """
        if not self.enabled or self.model.run_eagerly:
            return None, source
        self._look()
        if self._split is None:
            return None, source
        if source not in self._sources:
            self._sources[source] = self._ahead(source)
        return self._split.rest, self._sources[source]

    def _look(self) -> None:
        """Finds where the model is cut, and forgets outputs if the prefix is another one, or has other weights."""
        with using(self.model.conventions):                 # by some, a frozen layer depends on the batch
            before, self._split = self._split, self.model.split_frozen()
        weights = self._split.prefix.weights if self._split is not None else []
        versions = tuple(variable.version for variable in weights)
        if self._split is not before or versions != self._versions:
            self._versions, self._sources = versions, {}

    def _ahead(self, source: data.Source) -> data.Source:
        if isinstance(source, data.Counted):
            return data.Counted(self._ahead(source.source), source.steps, source.continuing)
        if isinstance(source, data.Arrays) and self.returning:
            return CachedFeatures(source, self._split.prefix, self._tell)
        self._tell("not kept, since the same samples do not return" if self.returning else "used at once")
        return Features(source, self._split.prefix)

    def _tell(self, outcome: str) -> None:
        """Says once what becomes of the outputs."""
        if self.verbose:
            self.verbose = False
            say(f"Frozen prefix: {self._split.frozen_layers} layers with weights run ahead of training; "
                f"their outputs are {outcome}.")


class Features(data.Source):
    """The batches of a source, with the outputs of a model in the place of its inputs.

    Args:
        source: of the inputs.
        prefix: the model.
    """

    def __init__(self, source: data.Source, prefix: Any):
        self.source, self.prefix, self.steps = source, prefix, source.steps

    def epoch(self) -> Iterator[data.Batch]:
        """The batches."""
        for x, y, weight in self.source.epoch():
            yield self.prefix.predict_on_batch(x), y, weight


class CachedFeatures(data.Arrays):
    """Outputs of a model for arrays: computed when a sample is first needed, then kept.

    Args:
        arrays: the samples.
        prefix: the model.
        tell: takes a text on where the outputs are.
    """

    def __init__(self, arrays: data.Arrays, prefix: Any, tell: Any):
        vars(self).update(vars(arrays))                     # the same samples in the same order
        self.prefix = prefix
        self.known = np.zeros(self.size, bool)
        self.rows = self._place(tell)

    def _place(self, tell: Any) -> list[np.ndarray] | None:
        """Room for the outputs of all samples; None if there is none, or if they depend on more than their sample."""
        x = super().take(slice(self.batch_size))[0]
        outputs = self.prefix.predict_on_batch(x)
        if not self._is_by_sample(x, outputs):
            tell("not kept, since they depend on more than one sample")
            return None
        shapes = [((self.size, *output.shape[1:]), output.dtype) for output in outputs]
        needed = sum(int(np.prod(shape)) * dtype.itemsize for shape, dtype in shapes)
        if needed <= config.frozen_cache_memory:
            tell(f"kept in memory ({_size(needed)})")
            return [np.empty(shape, dtype) for shape, dtype in shapes]
        folder = cache_root()
        folder.mkdir(parents=True, exist_ok=True)
        if needed <= min(config.frozen_cache_disk, shutil.disk_usage(folder).free):
            tell(f"kept in a temporary file ({_size(needed)} in {folder})")
            return [_mapped(shape, dtype, folder) for shape, dtype in shapes]
        tell(f"not kept, since {_size(needed)} are more than zoo.config.frozen_cache_memory and frozen_cache_disk "
             f"allow")
        return None

    def _is_by_sample(self, x: Any, outputs: list[np.ndarray]) -> bool:
        """Whether the outputs for some samples stay as they are when other samples stand beside them."""
        half = len(outputs[0]) // 2
        if any(len(output) != len(tree.leaves(x)[0]) for output in outputs):
            return False
        if not half:
            return True
        changed = tree.map(lambda leaf: np.concatenate([leaf[:half], np.repeat(leaf[:1], len(leaf) - half, axis=0)]), x)
        again = self.prefix.predict_on_batch(changed)
        return all(np.allclose(a[:half], b[:half], rtol=1e-4, atol=1e-6, equal_nan=True)
                   for a, b in zip(outputs, again))

    def take(self, part: slice | np.ndarray) -> data.Batch:
        """Some samples, by their numbers."""
        x, y, weight = super().take(part)
        if self.rows is None:
            return self.prefix.predict_on_batch(x), y, weight
        if not self.known[part].all():
            for kept, output in zip(self.rows, self.prefix.predict_on_batch(x)):
                kept[part] = output
            self.known[part] = True
        return [np.asarray(kept[part]) for kept in self.rows], y, weight


def _mapped(shape: tuple[int, ...], dtype: np.dtype, folder: os.PathLike[str]) -> np.ndarray:
    """An array in a file without a name: it is gone when the array is, or the process."""
    with tempfile.TemporaryFile(dir=folder) as file:
        size = int(np.prod(shape)) * dtype.itemsize
        if hasattr(os, "posix_fallocate"):                  # room that is promised: writing cannot fail later
            os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(file, dtype, "r+" if hasattr(os, "posix_fallocate") else "w+", shape=shape)


def _size(count: int) -> str:
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"
