"""Training, evaluating and predicting: batches through compiled steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np

from zoo import tree
from zoo.callbacks.callback_list import CallbackList
from zoo.callbacks.history import History
from zoo.callbacks.progress import verbosity
from zoo.config import config
from zoo.conventions import TODAY, Conventions, using
from zoo.engine.eager import as_array
from zoo.engine.function import Function, spec_of
from zoo.engine.tape import LiveGraph
from zoo.engine.trace import trace
from zoo.errors import ConfigError
from zoo.layers.penalties import keeping_losses
from zoo.metrics.metric import Metric
from zoo.training import data, step
from zoo.training.compiled import Compiled, compiled, optimizer_for
from zoo.training.frozen import FrozenPrefix
from zoo.training.loop import FitLoop, Logs, evaluate, plain, weighted
from zoo.training.outputs import Outputs
from zoo.training.own_steps import OwnSteps


class Trainer(OwnSteps):
    """Mixin of models: `compile`, `fit`, `evaluate`, `predict` and their relatives for one batch.

    Attributes:
        history: the `History` of the last `fit`, which tells of the epochs of an interrupted one as well.
        stop_training: set by callbacks to end `fit` after the present step.
        training_interrupted: whether the last `fit` was ended by an error or by Ctrl-C.
        resume_at: set by a callback when training begins: at which (epoch, batch) it goes on.
    """

    compiled: Compiled | None = None
    optimizer: Any = None
    _conventions = TODAY
    _compile_arguments: tuple[Any, ...] = (None, None, None, None, False)
    history: History | None = None
    stop_training = training_interrupted = False
    resume_at: tuple[int, int] | None = None

    def reset_programs(self) -> None:
        """Forgets compiled programs, as is needed when the topology changes."""
        self._functions: dict[Any, Function] = {}
        self._traced: set[str] = set()                      # steps of the subclass's own that were traced once
        self._splits: dict[Any, Any] = {}                   # see Model.split_frozen

    @property
    def conventions(self) -> Conventions:
        """By which conventions steps are computed: those of the release that wrote the model's file, or others."""
        return self._conventions

    @conventions.setter
    def conventions(self, value: Conventions) -> None:
        self._conventions, self.compiled = value, None
        self.reset_programs()
        if self.optimizer is not None and self.built:
            self._match_outputs(None)

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
        self.optimizer = optimizer_for(optimizer, self.dtype_policy.name, auto_scale_loss)
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
        *arguments, _ = self._compile_arguments
        self.compiled = compiled(Outputs(names, structure), *arguments)

    @property
    def loss(self) -> Any:
        """The loss as given to `compile`."""
        return self._compile_arguments[0]

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run one primitive after the other, with numbers that can be looked at."""
        return self._compile_arguments[-1]

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._require_compiled()
        self._compile_arguments = (*self._compile_arguments[:-1], bool(value))

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
        """The metric objects: those of `compile`, once the model has seen a batch, and those held as attributes."""
        return [*(self.compiled.all_metrics if self.compiled else ()),
                *(value for value in vars(self).values() if isinstance(value, Metric))]

    def reset_metrics(self) -> None:
        """Starts counting anew."""
        of_compile = self.compiled.all_metrics if self.compiled else ()
        for metric in dict.fromkeys((*of_compile, *self.metrics)):
            metric.reset_state()

    # ---- one batch

    def _function(self, kind: str, forward: Any = None) -> Function:
        """The compiled step; made anew when the set of trainable weights changes."""
        key = kind, forward, tuple(v.serial for v in self.trainable_weights) if kind == "train" else ()
        if key not in self._functions:
            self._functions[key] = Function(self._step(kind, forward), name=self.name, wait=kind == "train")
        return self._functions[key]

    def _step(self, kind: str, forward: Any) -> Callable[..., Any]:
        run: dict[str, Callable[..., Any]] = {
            "train": lambda x, y, w: step.train(self, x, y, w, forward),
            "test": lambda x, y, w: step.test(self, x, y, w, forward), "predict": lambda x: self(x, training=False)}
        chosen = partial(self.own_step, kind) if self.writes_own(kind) else run[kind]

        def by_conventions(*arguments: Any) -> Any:
            with using(self.conventions), keeping_losses() if self.writes_own(kind) else nullcontext():
                return chosen(*arguments)
        return by_conventions

    @property
    def predict_function(self) -> Function:
        """The model in inference mode: a shell that traces and compiles once for each shape of data."""
        return self._function("predict")

    def _prepare(self, x: Any) -> None:
        """Builds the model and matches the arguments of `compile` with its outputs, if that was not possible before."""
        if not self.built:
            self.build_for((x,), {})
        if self.compiled is None:
            self._match_outputs(getattr(self, "output", None) if self.kind != "opaque" else
                                tree.map(lambda value: value, self.predict_function(x)))

    def run_step(self, kind: str, batch: data.Batch, forward: Any = None) -> Logs:
        """One step, ``train`` or ``test``, on a batch; gives the figures since the metrics were reset.

        Args:
            forward: a part of the model that the x of the batch is for; the model itself if None.
        """
        x, y, weight = (forward or self).as_batch(batch[0]), *batch[1:]
        if not self.writes_own(kind):
            self._prepare(x)
        elif kind not in self._traced:                      # what it creates on the way is known to the step compiled
            self._traced.add(kind)
            self._create(kind, x, y, weight)
        if self.run_eagerly:
            figures = self._run_live(kind, forward, x, y, weight)
        else:
            figures = self._function(kind, forward)(x, y, weight)
        return plain(figures)

    def build_training(self, batch: data.Batch | None = None) -> None:
        """Creates everything that training keeps: weights, the state of the optimizer, metrics.

        Args:
            batch: ``(x, y, sample_weight)`` to see shapes by; None for those that `fit` has at present.
        """
        x, y, weight = self._training_source.example() if batch is None else batch
        x = self.as_batch(x)
        if not self.writes_own("train"):
            self._prepare(x)
        self._create("train", x, y, weight)

    def _create(self, kind: str, *batch: Any) -> None:
        """Creates what a step keeps, by tracing it."""
        specs = tree.map(lambda leaf: None if leaf is None else spec_of(as_array(leaf)), batch)
        trace(self._step(kind, None), *specs)

    def _run_live(self, kind: str, forward: Any, x: Any, y: Any, weight: Any) -> dict[str, Any]:
        graph = LiveGraph(self.name)
        live = tree.map(lambda leaf: None if leaf is None else graph.live_input(leaf), (x, y, weight))
        with graph.recording():
            figures = self._step(kind, forward)(*live)
        graph.assign_updates()
        return {name: graph.as_value(value).data for name, value in figures.items()}

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None,
                       return_dict: bool = False) -> Any:
        """One step on one batch.

        Returns:
            The figures of this batch: the loss, or a list of loss and metrics, or a dict.
        """
        self._require_compiled()
        self.reset_metrics()
        logs = self.run_step("train", weighted((x, y, sample_weight), class_weight))
        return _figures(logs, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics of one batch; see `train_on_batch`."""
        self._require_compiled()
        self.reset_metrics()
        return _figures(self.run_step("test", data.unpack((x, y, sample_weight))), return_dict)

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
            validation_freq: int | list[int] = 1, cache_frozen: bool = True) -> History:
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
            cache_frozen: whether the part of the model that training does not change runs ahead of the steps, and its
                outputs are kept where the same samples return.

        Returns:
            The history: figures by name, one an epoch, in ``.history``.

        Raises:
            ConfigError: the model is not compiled, or the data do not fit together.
        """
        self._require_compiled()
        epochs = min(epochs, config.max_epochs or epochs)
        if validation_split:
            (x, y, sample_weight), validation_data = data.split((x, y, sample_weight), validation_split)
            if self.conventions.class_weights_of == "all":
                validation_data = weighted(validation_data, class_weight)
        training = data.source(x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, steps=steps_per_epoch,
                               continuing=True)
        validation = None
        if validation_data is not None:
            validation = _validation(validation_data, validation_batch_size or batch_size, validation_steps)
        verbose = verbosity(verbose)
        watchers = CallbackList(callbacks, add_history=True, add_progbar=verbose > 0, model=self, verbose=verbose,
                                epochs=epochs, steps=training.steps)
        self.history, self._training_source = watchers.history, training
        own = self.writes_own("train")
        if not own and (self.compiled is None or not self.built):
            self._prepare(self.as_batch(training.example()[0]))
        prefix = FrozenPrefix(self, cache_frozen and not (own or self.writes_own("test")),
                              returning=epochs - initial_epoch > 1, verbose=verbose > 0)
        loop = FitLoop(self, training, validation, watchers, prefix, class_weight, validation_freq)
        try:
            loop.run(initial_epoch, epochs)
        finally:
            self._training_source = None                    # the data are the caller's
        return self.history

    def evaluate(self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: int | str = "auto",
                 sample_weight: Any = None, steps: int | None = None, callbacks: Any = None,
                 return_dict: bool = False) -> Any:
        """Loss and metrics over all samples; arguments as of `fit`.

        Returns:
            The loss, or a list of loss and metrics in the order of `metrics_names`, or a dict.
        """
        self._require_compiled()
        source = data.source(x, y, sample_weight, batch_size=batch_size, steps=steps)
        verbose = verbosity(verbose)
        watchers = CallbackList(callbacks, add_progbar=verbose > 0, model=self, verbose=verbose, epochs=1,
                                steps=source.steps)
        return _figures(evaluate(self, source, watchers), return_dict)

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
        verbose = verbosity(verbose, in_log=0) if verbose != "auto" or source.steps != 1 else 0
        watchers = CallbackList(callbacks, add_progbar=verbose > 0, model=self, verbose=verbose, epochs=1,
                                steps=source.steps)
        results = []
        watchers.on_predict_begin()
        for i, batch in enumerate(itertools.islice(source.epoch(), config.max_steps_per_epoch)):
            watchers.on_predict_batch_begin(i)
            results.append(self.predict_on_batch(batch[0]))
            watchers.on_predict_batch_end(i, {"outputs": results[-1]})
        watchers.on_predict_end()
        if not results:
            raise ConfigError("predict received no samples.")
        return tree.map(lambda *parts: parts[0] if len(parts) == 1 else np.concatenate(parts), *results)


def _validation(given: Any, batch_size: int | None, steps: int | None) -> data.Source:
    parts = given if isinstance(given, tuple) else (given,)
    return data.source(*parts, batch_size=batch_size, steps=steps)


def _figures(logs: Logs, return_dict: bool) -> Any:
    if return_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _is_nested_numbers(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and bool(x) and not any(hasattr(leaf, "shape") for leaf in tree.leaves(x))
