"""Training as older Keras spelled it: methods for generators, classes of samples, arguments by their former names."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from zoo import tree
from zoo.callbacks.history import History
from zoo.spelling import accepts, spellings, warn_once
from zoo.training import data
from zoo.training.trainer import Trainer

_QUEUES = {"workers": "", "use_multiprocessing": "", "max_queue_size": "", "max_q_size": "", "nb_worker": "",
           "pickle_safe": ""}                               # how Keras made batches ahead; a PyDataset says so itself
_LOOP = spellings({"show_accuracy": "", **_QUEUES})
_FIT = (*spellings({"nb_epoch": "epochs"}), *_LOOP)
_COMPILE = spellings({"class_mode": "", "sample_weight_mode": "", "theano_mode": "", "target_tensors": "",
                      "experimental_run_tf_function": ""})


class TrainerOfOldCode(Trainer):
    """A trainer that takes the spellings of Keras 1 and 2 as well, and warns of each once."""

    compile = accepts(_COMPILE)(Trainer.compile)
    fit = accepts(_FIT)(Trainer.fit)
    evaluate = accepts(_LOOP)(Trainer.evaluate)
    predict = accepts(_LOOP)(Trainer.predict)

    @accepts(_FIT)
    def fit_generator(self, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1,
                      verbose: int | str = "auto", callbacks: Any = None, validation_data: Any = None,
                      validation_steps: int | None = None, validation_freq: Any = 1,
                      class_weight: dict[int, float] | None = None, shuffle: bool = True, initial_epoch: int = 0, *,
                      samples_per_epoch: int | None = None, nb_val_samples: int | None = None) -> History:
        """`fit` on a generator of batches.

        Args:
            samples_per_epoch, nb_val_samples: lengths in samples, as Keras 1 had them; the batches are counted.
        """
        warn_once("fit_generator of older Keras: say fit today", 4)
        if samples_per_epoch is not None:
            generator, steps_per_epoch = _in_steps(generator, samples_per_epoch)
        if nb_val_samples is not None and not isinstance(validation_data, tuple):
            validation_data, validation_steps = _in_steps(validation_data, nb_val_samples)
        return self.fit(generator, epochs=epochs, verbose=verbose, callbacks=callbacks,
                        validation_data=validation_data, validation_steps=validation_steps,
                        validation_freq=validation_freq, class_weight=class_weight, shuffle=shuffle,
                        initial_epoch=initial_epoch, steps_per_epoch=steps_per_epoch)

    @accepts(_LOOP)
    def evaluate_generator(self, generator: Any, steps: int | None = None, callbacks: Any = None,
                           verbose: int | str = 0, *, val_samples: int | None = None) -> Any:
        """`evaluate` on a generator of batches; `val_samples` is its length in samples."""
        warn_once("evaluate_generator of older Keras: say evaluate today", 4)
        if val_samples is not None:
            generator, steps = _in_steps(generator, val_samples)
        return self.evaluate(generator, steps=steps, callbacks=callbacks, verbose=verbose)

    @accepts(_LOOP)
    def predict_generator(self, generator: Any, steps: int | None = None, callbacks: Any = None,
                          verbose: int | str = 0, *, val_samples: int | None = None) -> Any:
        """`predict` on a generator of batches; `val_samples` is its length in samples."""
        warn_once("predict_generator of older Keras: say predict today", 4)
        if val_samples is not None:
            generator, steps = _in_steps(generator, val_samples)
        return self.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose)

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: int | str = 0) -> Any:
        """`predict`, for classifiers."""
        warn_once("predict_proba of older Keras: say predict today")
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: int | str = 0) -> np.ndarray:
        """The most probable class of each sample; for one output per sample, whether it is above one half."""
        warn_once("predict_classes of older Keras: take np.argmax(model.predict(x), axis=-1) today")
        scores = self.predict(x, batch_size=batch_size, verbose=verbose)
        return scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")


def _in_steps(batches: Any, samples: int) -> tuple[Any, int]:
    """A source of batches with its length in steps, for one in samples: the first batch shows how many make a step."""
    if hasattr(batches, "__len__") and hasattr(batches, "__getitem__"):
        first = batches[0]
    else:
        iterator = iter(batches)
        first = next(iterator)
        batches = itertools.chain([first], iterator)
    size = data.samples([leaf for leaf in tree.leaves(data.unpack(first)) if leaf is not None])
    return batches, -(-samples // size)
