"""What becomes of one damaged file."""

from __future__ import annotations

import pathlib
import random
import tempfile
import traceback
import warnings
from dataclasses import dataclass

import numpy as np

import zoo
import zoo.models  # noqa: F401 - so that importing counts neither as memory nor as time of a file
from tests.corpus import CORPUS
from tests.fuzz.mutations import mutated
from tests.io.contents import CONTENTS
from tests.io.test_torch_checkpoint import DATA, STATE, mapping, streamed, zipped
from zoo.errors import ZooError
from zoo.io.formats import CONTAINERS
from zoo.report.description import describe

LARGEST = 2 << 20                       # files that are damaged; larger ones only take longer
_TIMES = 40                             # how often the files of each format are among those of the corpus
_MODELS = (".keras", ".h5", ".hdf5", ".yaml")
_NO_MODELS = ("meta.json", "INDEX.json", "SKIPPED.json", "structure.json")


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Args:
        result: ``loaded``, the name of an error of zoo, ``foreign <name>``, ``crash``, ``timeout`` or ``touched``.
        detail: where a foreign error came from.
    """

    number: int
    producer: str
    file: str
    mutation: str
    result: str
    detail: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it is a load or an error of zoo."""
        return not self.result.startswith(("foreign", "crash", "timeout", "touched"))


@dataclass(frozen=True)
class Original:
    """A good file."""

    producer: str
    name: str
    path: pathlib.Path | None = None
    content: bytes = b""

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.content if self.path is None else self.path.read_bytes()


def originals() -> list[Original]:
    """The model files of all producers of the corpus, and one file of each format that zoo reads."""
    assert CORPUS is not None
    found = [path for path in sorted(CORPUS.rglob("*")) if path.is_file() and 0 < path.stat().st_size <= LARGEST and (
        path.suffix in _MODELS or path.suffix == ".json" and path.name not in _NO_MODELS
        and "layout" not in path.name)]
    return [Original(path.relative_to(CORPUS).parts[0], path.relative_to(CORPUS).as_posix(), path) for path in found
            ] + _of_each_format() * _TIMES


def _of_each_format() -> list[Original]:
    with tempfile.TemporaryDirectory(prefix="zoo-fuzz-") as name:
        folder = pathlib.Path(name)
        for container, content in CONTENTS.items():
            write = CONTAINERS[container].write
            assert write is not None
            write(content, folder / container)
        document = zoo.io.read(CORPUS / "keras3" / "model_compiled_after_3_steps_adam" / "model.keras")
        for container, known in CONTAINERS.items():
            if known.write is not None:
                zoo.io.write(document, folder / f"{container}_model", format=container)
        zipped(folder / "torch_zip", mapping(STATE), DATA)
        streamed(folder / "torch_stream", mapping(STATE), DATA)
        np.savez(folder / "numpy.npz", a=np.ones((2, 3), "f4"), b=np.arange(4))
        return [Original("zoo", path.relative_to(folder).as_posix(), content=path.read_bytes())
                for path in sorted(folder.rglob("*")) if path.is_file()]


def tried(number: int, files: list[Original], seed: int, folder: pathlib.Path) -> Outcome:
    """Damages one file and loads it: the same for the same number and seed."""
    rng = random.Random(f"{seed}/{number}")
    original, other = rng.choice(files), rng.choice(files)
    mutation, data = mutated(original.data, other.data, rng)
    damaged = folder / "damaged"
    damaged.write_bytes(data)
    result, detail = loaded(damaged)
    extra = [entry.name for entry in folder.iterdir() if entry.name != "damaged"]
    if extra:
        result, detail = "touched", ", ".join(extra)
    return Outcome(number, original.producer, original.name, mutation, result, detail)


def loaded(path: pathlib.Path) -> tuple[str, str]:
    """Scans, reads and loads a file; what it came to, and where that came from if it should not have."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zoo.scan(path)
            document = zoo.io.read(path)
            describe(document)
            for _, tensor in document.weights or ():
                tensor.read()
            zoo.load_model(path)
    except ZooError as error:
        return type(error).__name__, ""
    except BaseException as error:  # noqa: BLE001 - whatever else it is, is what this looks for
        frames = traceback.extract_tb(error.__traceback__)
        where = " < ".join(f"{pathlib.Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-5:]))
        return f"foreign {type(error).__name__}", f"{str(error)[:160]} [{where}]"
    return "loaded", ""
