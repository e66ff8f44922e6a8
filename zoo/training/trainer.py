"""Training, evaluating and predicting: batches through compiled steps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

from zoo import tree
from zoo.callbacks.callback import CallbackList, History
from zoo.engine.function import Function
from zoo.engine.tape import LiveGraph
from zoo.errors import ConfigError
from zoo.training import data, step
from zoo.training.compiled import Compiled, compiled, optimizer_for
from zoo.training.outputs import Outputs, class_weights

Logs = dict[str, float]


class Trainer:
    """Mixin of models: `compile`, `fit`, `evaluate`, `predict` and their relatives for one batch."""

    compiled: Compiled | None = None
    optimizer: Any = None
    stop_training = False

    def reset_programs(self) -> None:
        """Forgets compiled programs, as is needed when the topology changes."""
        self._functions: dict[Any, Function] = {}

    # ---- compile

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None, metrics: Any = None,
                weighted_metrics: Any = None, run_eagerly: bool = False, steps_per_execution: int = 1,
                jit_compile: Any = "auto", auto_scale_loss: bool = True) -> None:
        """Says how to train.

        Args:
            optimizer: name, object or config.
            loss: name, function or object; for several outputs a list or a dict by output name.
            loss_weights: factors of the outputs' losses in the sum that is minimised.
            metrics: what else to report, likewise by output; "accuracy" means what fits the output.
            weighted_metrics: metrics that take sample weights into account.
            run_eagerly: run step by step with the reference kernels, so that values can be looked at.
            steps_per_execution, jit_compile: accepted for Keras's sake: a step is one compiled program in any case.
            auto_scale_loss: whether mixed float16 gets a `LossScaleOptimizer`.
        """
        self.optimizer = optimizer_for(optimizer, self.dtype_policy, auto_scale_loss)
        self._compile_arguments = (loss, loss_weights, metrics, weighted_metrics, bool(run_eagerly))
        self.compiled = None
        self.reset_programs()
        if self.built:
            self._match_outputs(None)

    def _match_outputs(self, y_pred: Any) -> None:
        """Matches the arguments of `compile` with the outputs, which a subclassed model shows by its first result."""
        structure = getattr(self, "output", None) if y_pred is None else y_pred
        if structure is None:
            return
        if isinstance(structure, dict):
            names = tuple(sorted(structure))
        elif y_pred is None:
            names = tuple(self.output_names)
        else:
            names = tuple(f"output_{i + 1}" for i in range(len(tree.leaves(structure))))
        loss, loss_weights, metrics, weighted, eager = self._compile_arguments
        self.compiled = compiled(Outputs(names, structure), loss, loss_weights, metrics, weighted, eager)

    def _require_compiled(self) -> None:
        if self.optimizer is None:
            raise ConfigError(f"Model {self.name!r} is not compiled: call compile(optimizer, loss) before training or "
                              f"evaluating it.")

    @property
    def metrics_names(self) -> list[str]:
        """Names of the figures that evaluation reports, once the model has seen a batch."""
        return [metric.name for metric in self.compiled.all_metrics] if self.compiled else []

    @property
    def metrics(self) -> list[Any]:
        """The metric objects, once the model has seen a batch."""
        return self.compiled.all_metrics if self.compiled else []

    def reset_metrics(self) -> None:
        """Starts counting anew."""
        if self.compiled is not None:
            self.compiled.reset()

    # ---- one batch

    def _function(self, kind: str) -> Function:
        """The compiled step; made anew when the set of trainable weights changes."""
        key = kind, tuple(v.serial for v in self.trainable_weights) if kind == "train" else ()
        if key not in self._functions:
            run: dict[str, Callable[..., Any]] = {
                "train": lambda x, y, w: step.train(self, x, y, w), "test": lambda x, y, w: step.test(self, x, y, w),
                "predict": lambda x: self(x, training=False)}
            self._functions[key] = Function(run[kind], name=self.name)
        return self._functions[key]

    @property
    def predict_function(self) -> Function:
        """The model in inference mode: a shell that traces and compiles once for each shape of data."""
        return self._function("predict")

    def _run(self, kind: str, batch: data.Batch) -> Logs:
        x, y, weight = self.as_batch(batch[0]), *batch[1:]
        if not self.built:
            self.build_for((x,), {})
        if self.compiled is None:
            self._match_outputs(getattr(self, "output", None) if self.kind != "opaque" else
                                tree.map(lambda value: value, self.predict_function(x)))
        if self.compiled.run_eagerly:
            figures = self._run_live(kind, x, y, weight)
        else:
            figures = self._function(kind)(x, y, weight)
        return {name: float(value) if np.ndim(value) == 0 else np.asarray(value) for name, value in figures.items()}

    def _run_live(self, kind: str, x: Any, y: Any, weight: Any) -> dict[str, Any]:
        graph = LiveGraph(self.name)
        live = tree.map(lambda leaf: None if leaf is None else graph.live_input(leaf), (x, y, weight))
        with graph.recording():
            figures = getattr(step, kind)(self, *live)
        graph.assign_updates()
        return {name: graph.as_value(value).data for name, value in figures.items()}

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None,
                       return_dict: bool = False) -> Any:
        """One step on one batch.

        Returns:
            The figures since the metrics were reset: the loss, or a list of loss and metrics, or a dict.
        """
        self._require_compiled()
        logs = self._run("train", _weighted((x, y, sample_weight), class_weight))
        return _figures(logs, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics of one batch; see `train_on_batch`."""
        self._require_compiled()
        return _figures(self._run("test", data.unpack((x, y, sample_weight))), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, in one run."""
        if not self.built:
            self.build_for((x,), {})
        return self.predict_function(self.as_batch(x))

    def as_batch(self, x: Any) -> Any:
        """The batch as the model's compiled function takes it: arrays in the order of the inputs, in their dtypes."""
        if not hasattr(self, "match_inputs"):
            return tree.map(np.asarray, x)
        arrays = np.asarray(x) if _is_nested_numbers(x) else tree.map(np.asarray, x)
        matched = self.match_inputs(arrays)
        return tree.pack(getattr(self, "input_structure", None) or matched[0], matched)

    # ---- loops

    def fit(self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1,
            verbose: int | str = "auto", callbacks: Any = None, validation_split: float = 0.0,
            validation_data: Any = None, shuffle: bool = True, class_weight: dict[int, float] | None = None,
            sample_weight: Any = None, initial_epoch: int = 0, steps_per_epoch: int | None = None,
            validation_steps: int | None = None, validation_batch_size: int | None = None,
            validation_freq: int | list[int] = 1) -> History:
        """Trains.

        Args:
            x, y, sample_weight: arrays or nests of arrays; or x alone a `PyDataset` or an iterable of batches.
            batch_size: samples in a step, for arrays; 32 if None.
            epochs: at which epoch to stop; they are counted from 0 and start at `initial_epoch`.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch; ``auto`` decides by the terminal.
            callbacks: a list of `zoo.callbacks.Callback`.
            validation_split: share of the last samples to hold back (before shuffling).
            validation_data: ``(x, y)`` or ``(x, y, sample_weight)``, or a source of batches.
            shuffle: whether arrays come in a new order each epoch.
            class_weight: weight of each class in the loss.
            steps_per_epoch, validation_steps: batches in an epoch, for sources without end.
            validation_freq: after every how many epochs, or after which ones, to validate.

        Returns:
            The history: figures by name, one an epoch, in ``.history``.

        Raises:
            ConfigError: the model is not compiled, or the data do not fit together.
        """
        self._require_compiled()
        if validation_split:
            (x, y, sample_weight), validation_data = data.split((x, y, sample_weight), validation_split)
        training = data.source(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, steps=steps_per_epoch)
        validation = None
        if validation_data is not None:
            validation = _validation(validation_data, validation_batch_size or batch_size, validation_steps)
        watchers = CallbackList(callbacks, self, verbose=verbose, epochs=epochs, steps=training.steps)
        self.stop_training = False
        watchers.on_train_begin()
        logs: Logs = {}
        try:
            for epoch in range(initial_epoch, epochs):
                logs = self._fit_epoch(epoch, training, class_weight, watchers)
                if validation is not None and _is_due(epoch, validation_freq):
                    figures = self._evaluate(validation, watchers)
                    logs |= {f"val_{name}": value for name, value in figures.items()}
                watchers.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        finally:
            self._finish_training(epochs > initial_epoch)
            watchers.on_train_end(logs)
        return watchers.history

    def _fit_epoch(self, epoch: int, training: data.Source, class_weight: Any, watchers: CallbackList) -> Logs:
        self.reset_metrics()
        watchers.on_epoch_begin(epoch)
        logs: Logs = {}
        for i, batch in enumerate(training.epoch()):
            watchers.on_train_batch_begin(i)
            logs = self._run("train", _weighted(batch, class_weight))
            watchers.on_train_batch_end(i, logs)
            if self.stop_training:
                break
        return dict(logs)

    def _finish_training(self, trained: bool) -> None:
        if trained and self.optimizer.built:
            self.optimizer.finalize_variable_values(self.trainable_weights)

    def evaluate(self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: int | str = "auto",
                 sample_weight: Any = None, steps: int | None = None, callbacks: Any = None,
                 return_dict: bool = False) -> Any:
        """Loss and metrics over all samples; arguments as of `fit`.

        Returns:
            The loss, or a list of loss and metrics in the order of `metrics_names`, or a dict.
        """
        self._require_compiled()
        source = data.source(x, y, sample_weight, batch_size=batch_size, steps=steps)
        watchers = CallbackList(callbacks, self, verbose=verbose, epochs=1, steps=source.steps, fitting=False)
        return _figures(self._evaluate(source, watchers), return_dict)

    def _evaluate(self, source: data.Source, watchers: CallbackList) -> Logs:
        self.reset_metrics()
        watchers.on_test_begin()
        logs: Logs = {}
        for i, batch in enumerate(source.epoch()):
            watchers.on_test_batch_begin(i)
            logs = self._run("test", batch)
            watchers.on_test_batch_end(i, logs)
        watchers.on_test_end(logs)
        return dict(logs)

    def predict(self, x: Any, batch_size: int | None = None, verbose: int | str = "auto", steps: int | None = None,
                callbacks: Any = None) -> Any:
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
        source = data.source(np.asarray(x) if _is_nested_numbers(x) else x, batch_size=batch_size, steps=steps)
        show = sys.stderr.isatty() and source.steps != 1 if verbose == "auto" else bool(verbose)
        watchers = CallbackList(callbacks, self, verbose=0, epochs=1, steps=source.steps, fitting=False)
        results = list(self._predict(tqdm(source.epoch(), total=source.steps, disable=not show, unit="batch"), watchers))
        if not results:
            raise ConfigError("predict received no samples.")
        return tree.map(lambda *parts: parts[0] if len(parts) == 1 else np.concatenate(parts), *results)

    def _predict(self, batches: Any, watchers: CallbackList) -> Iterator[Any]:
        watchers.on_predict_begin()
        for i, batch in enumerate(batches):
            watchers.on_predict_batch_begin(i)
            outputs = self.predict_on_batch(batch[0])
            watchers.on_predict_batch_end(i, {"outputs": outputs})
            yield outputs
        watchers.on_predict_end()


def _validation(given: Any, batch_size: int | None, steps: int | None) -> data.Source:
    parts = given if isinstance(given, tuple) else (given,)
    return data.source(*parts, batch_size=batch_size, steps=steps)


def _is_due(epoch: int, frequency: int | list[int]) -> bool:
    return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency


def _weighted(batch: Any, class_weight: dict[Any, float] | None) -> data.Batch:
    """The batch with class weights turned into sample weights."""
    x, y, weight = data.unpack(batch)
    if class_weight:
        factors = np.asarray(class_weights({int(k): float(v) for k, v in class_weight.items()}, y))
        weight = factors if weight is None else weight * factors
    return x, y, weight


def _figures(logs: Logs, return_dict: bool) -> Any:
    if return_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _is_nested_numbers(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and bool(x) and not any(hasattr(leaf, "shape") for leaf in tree.leaves(x))
