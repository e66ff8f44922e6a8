"""Event files, as TensorBoard reads them.

An event file is a sequence of records: length, checksum of the length, message, checksum of the message. The messages
are protocol buffers, of which the few fields needed are written here.

Sources: TFRecord, https://www.tensorflow.org/tutorials/load_data/tfrecord; event.proto, summary.proto and tensor.proto
of TensorBoard, https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto; the wire format,
https://protobuf.dev/programming-guides/encoding; CRC-32C, RFC 3720 appendix B.4.
"""

from __future__ import annotations

import io
import itertools
import os
import socket
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

_POLYNOMIAL = 0x82F63B78                                    # Castagnoli's, bits reversed
_MASK = 0xA282EAD8                                          # lest the checksum of data with checksums be special
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5            # wire types
_DT_STRING = 7
_serial = itertools.count()


def _table_row(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = [_table_row(byte) for byte in range(256)]


def crc32c(data: bytes) -> int:
    """The CRC-32C of some bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def record(message: bytes) -> bytes:
    """A message with its length and checksums."""
    length = struct.pack("<Q", len(message))
    return length + _masked_crc(length) + message + _masked_crc(message)


def _masked_crc(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


# ---- protocol buffers

def varint(number: int) -> bytes:
    """A non-negative number in groups of seven bits, the lowest first."""
    groups = []
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*groups, number))


def message(**fields: Any) -> bytes:
    """A message from its fields, named ``f<number>_<type>``: ``int``, ``double``, ``float``, ``bytes``, ``doubles``."""
    named = ((*key[1:].split("_"), value) for key, value in fields.items())
    return b"".join(_field(int(number), kind, value) for number, kind, value in named)


def _field(number: int, kind: str, value: Any) -> bytes:
    if kind == "int":
        return varint(number << 3 | _VARINT) + varint(value)
    if kind == "double":
        return varint(number << 3 | _FIXED64) + struct.pack("<d", value)
    if kind == "float":
        return varint(number << 3 | _FIXED32) + struct.pack("<f", value)
    content = np.asarray(value, "<f8").tobytes() if kind == "doubles" else value
    return varint(number << 3 | _BYTES) + varint(len(content)) + content


def scalar(tag: str, value: float) -> bytes:
    """A number, as a value of a summary."""
    return message(f1_bytes=tag.encode(), f2_float=value)


def histogram(tag: str, values: np.ndarray, bins: int = 30) -> bytes:
    """The distribution of numbers, as a value of a summary."""
    flat = np.asarray(values, np.float64).ravel()
    flat = flat[np.isfinite(flat)]
    counts, edges = np.histogram(flat, bins=bins)
    low, high = (flat.min(), flat.max()) if flat.size else (0.0, 0.0)
    content = message(f1_double=low, f2_double=high, f3_double=flat.size, f4_double=flat.sum(),
                      f5_double=np.square(flat).sum(), f6_doubles=edges[1:], f7_doubles=counts)
    return message(f1_bytes=tag.encode(), f5_bytes=content)


def image(tag: str, pixels: np.ndarray) -> bytes:
    """A grey picture, as a value of a summary: (rows, columns), the darkest number black and the greatest white."""
    span = float(np.ptp(pixels)) or 1.0
    grey = np.uint8(np.round((pixels - pixels.min()) / span * 255))
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    content = message(f1_int=grey.shape[0], f2_int=grey.shape[1], f3_int=1, f4_bytes=stream.getvalue())
    return message(f1_bytes=tag.encode(), f4_bytes=content)


def text(tag: str, content: str, plugin: str) -> bytes:
    """A text for a plugin of TensorBoard, as a value of a summary."""
    tensor = message(f1_int=_DT_STRING, f2_bytes=b"", f8_bytes=content.encode())
    metadata = message(f1_bytes=message(f1_bytes=plugin.encode(), f2_bytes=b"1"))
    return message(f1_bytes=tag.encode(), f8_bytes=tensor, f9_bytes=metadata)


class EventFile:
    """A new event file in a folder.

    Args:
        folder: made if it does not exist.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(_serial)}.v2"
        self.path = folder / name
        self._stream = open(self.path, "xb")
        self._append(message(f1_double=time.time(), f3_bytes=b"brain.Event:2"))

    def add(self, step: int, *values: bytes) -> None:
        """Writes values of a summary, made by `scalar` and its like, through to the system."""
        summary = b"".join(message(f1_bytes=value) for value in values)
        self._append(message(f1_double=time.time(), f2_int=step, f5_bytes=summary))

    def _append(self, event: bytes) -> None:
        self._stream.write(record(event))
        self._stream.flush()

    def close(self) -> None:
        """Ends the file."""
        self._stream.close()
