"""What a dialect lacks and others have, said in other words: predictions stay, and a note tells what was changed."""

from __future__ import annotations

from zoo.io.dialects import DIALECTS
from zoo.io.dialects.tfkeras import HARD_SIGMOID
from zoo.io.document import ModelDocument
from zoo.io.edits.explicit_padding import has_explicable_padding, with_explicit_padding
from zoo.io.edits.hard_sigmoid import has_older_hard_sigmoid, with_todays_hard_sigmoid
from zoo.io.edits.plain_recurrent import PLAIN, has_cudnn, without_cudnn


def reworded(document: ModelDocument, dialect: str) -> tuple[ModelDocument, list[str]]:
    """The document as `dialect` can have it, and what was changed; the same document if nothing had to be."""
    notes: list[str] = []
    if document.model is None:
        return document, notes
    knows = DIALECTS[dialect]
    if not PLAIN.keys() <= knows.layers and has_cudnn(document.model):
        document = without_cudnn(document)
        notes.append("recurrent layers in cuDNN's layout became plain ones, which compute the same; the optimizer's "
                     "state was left out")
    if dialect != document.producer.dialect and has_explicable_padding(document.model):
        document = with_explicit_padding(document)
        notes.append("convolutions that pad as Theano did became zeros around the data and a convolution without "
                     "padding, which compute the same; the optimizer's state was left out")
    older = HARD_SIGMOID in knows.activation_names.values()
    if not older and has_older_hard_sigmoid(document.model):
        document = with_todays_hard_sigmoid(document)
        notes.append("the hard sigmoid of Keras 1 and 2 became that of Keras 3, of numbers 1.2 times as large: weights "
                     "before it were multiplied by 1.2, so predictions stay, and further training differs; the "
                     "optimizer's state was left out")
    return document, notes
