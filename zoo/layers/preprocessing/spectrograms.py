"""Sounds as pictures of their frequencies over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import initializers, ops
from zoo.config import config as settings
from zoo.engine.spec import Shape
from zoo.errors import ConfigError, DtypeError, ShapeError
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
_MEL_QUOTIENT, _MEL_BREAK = 1127.0, 700.0                   # mel(f) = 1127 log(1 + f / 700), as in HTK


class MelSpectrogram(Layer):
    """Loudness in bands of the mel scale: sounds (..., time) to (..., bands, pieces).

    Args:
        fft_length: of the Fourier transform of a piece.
        sequence_stride: samples from piece to piece.
        sequence_length: of a piece; `fft_length` if None.
        window: that weights a piece: ``hann`` or ``hamming``.
        sampling_rate: samples in a second.
        num_mel_bins: number of bands.
        min_freq, max_freq: in hertz, between which the bands lie; half the sampling rate if `max_freq` is None.
        power_to_db: whether to give decibels.
        top_db: how far below the loudest one values may lie.
        mag_exp: power of the magnitudes: 2 for energies.
        min_power: values are held above this.
        ref_power: what 0 decibels are.
    """

    def __init__(self, fft_length: int = 2048, sequence_stride: int = 512, sequence_length: int | None = None,
                 window: str = "hann", sampling_rate: int = 16000, num_mel_bins: int = 128, min_freq: float = 20.0,
                 max_freq: float | None = None, power_to_db: bool = True, top_db: float = 80.0, mag_exp: float = 2.0,
                 min_power: float = 1e-10, ref_power: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.fft_length = arguments.integer(fft_length, "fft_length")
        self.sequence_stride = arguments.integer(sequence_stride, "sequence_stride")
        self.sequence_length = arguments.integer(sequence_length or fft_length, "sequence_length")
        if self.sequence_length > self.fft_length:
            raise ConfigError(f"`sequence_length` must be at most `fft_length`. "
                              f"Received: sequence_length={sequence_length}, fft_length={fft_length}")
        self.window = arguments.choice(window, ("hann", "hamming"), "window")
        self.sampling_rate = sampling_rate
        self.num_mel_bins = arguments.integer(num_mel_bins, "num_mel_bins")
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db = bool(power_to_db)
        self.top_db, self.mag_exp = top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power

    def call(self, inputs: Any) -> Any:
        dtype = self.arithmetic_dtype if self.arithmetic_dtype in ("float32", "float64") else "float32"
        real, imaginary = ops.stft(ops.cast(inputs, dtype), self.sequence_length, self.sequence_stride,
                                   self.fft_length, self.window)
        magnitudes = ops.sqrt(ops.add(ops.square(real), ops.square(imaginary)))
        bands = ops.matmul(ops.power(magnitudes, self.mag_exp), ops.cast(self.mel_weights(), dtype))
        if self.power_to_db:
            bands = self._decibels(bands)
        return ops.cast(ops.swapaxes(bands, -1, -2), self.arithmetic_dtype)

    def _decibels(self, power: Any) -> Any:
        level = ops.multiply(ops.log10(ops.maximum(power, self.min_power)), 10.0)
        level = ops.subtract(level, 10.0 * float(np.log10(max(abs(self.ref_power), self.min_power))))
        return ops.maximum(level, ops.subtract(ops.max(level), self.top_db))

    def mel_weights(self) -> np.ndarray:
        """How much each frequency counts in each band, (frequencies, bands): triangles of height 1, equal in mel."""
        frequencies = np.linspace(0, self.sampling_rate / 2, self.fft_length // 2 + 1)[:, None]
        edges = np.linspace(_mel(self.min_freq), _mel(self.max_freq), self.num_mel_bins + 2)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        mel = _mel(frequencies)
        weights = np.clip(np.minimum((mel - low) / (middle - low), (high - mel) / (high - middle)), 0, None)
        weights[0] = 0                                      # a constant is no sound
        return weights.astype("float32")


def _mel(hertz: Any) -> Any:
    return _MEL_QUOTIENT * np.log(1 + np.asarray(hertz) / _MEL_BREAK)


class STFTSpectrogram(Layer):
    """Short-time Fourier transforms of sounds (batch, time, channels), by convolutions that may be trained.

    Weights: real_kernel and imag_kernel (frame_length, 1, frequencies), where used.

    Args:
        mode: ``log`` (of magnitudes), ``magnitude``, ``psd`` (power), ``real``, ``imag``, ``angle``, or ``stft`` (real
            and imaginary parts side by side).
        frame_length: samples of a piece.
        frame_step: samples from piece to piece; half the length if None.
        fft_length: of the transform; the next power of two if None.
        window: name of a window, or its values.
        periodic: whether the window continues without a seam.
        scaling: ``density``, ``spectrum`` or None; see `zoo.initializers.STFT`.
        padding: ``valid`` or ``same``.
        expand_dims: whether channels keep an axis of their own: (batch, pieces, frequencies, channels).
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, mode: str = "log", frame_length: int = 256, frame_step: int | None = None,
                 fft_length: int | None = None, window: Any = "hann", periodic: bool = False,
                 scaling: str | None = "density", padding: str = "valid", expand_dims: bool = False,
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.mode = arguments.choice(mode, _MODES, "mode")
        self.frame_length = arguments.integer(frame_length, "frame_length")
        self.frame_step, self.fft_length = frame_step, fft_length
        self._step = frame_step if frame_step is not None else frame_length // 2
        self._transform = fft_length if fft_length is not None else 1 << (frame_length - 1).bit_length()
        if not 1 <= self._step <= frame_length or self._transform < frame_length:
            raise ConfigError(f"Expected 1 <= frame_step <= frame_length <= fft_length. Received: "
                              f"frame_step={frame_step}, frame_length={frame_length}, fft_length={fft_length}")
        self.window, self.periodic = window, bool(periodic)
        self.scaling = arguments.choice(scaling, ("density", "spectrum", None), "scaling")
        self.padding = arguments.choice(padding, ("valid", "same"), "padding")
        self.expand_dims = bool(expand_dims)
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Shape) -> None:
        self._channels = input_shape[-1 if self.data_format == "channels_last" else 1]
        if self._channels is None:
            raise ShapeError(f"{self.name}: the number of channels must be known. "
                             f"Received shape: {tuple(input_shape)}.")
        shape = (self.frame_length, 1, self._transform // 2 + 1)
        for side, name, without in (("real", "real_kernel", "imag"), ("imag", "imag_kernel", "real")):
            if self.mode != without:
                start = initializers.STFT(side, self.window, self.scaling, self.periodic)
                setattr(self, name, self.add_weight(shape, start, name=name))

    def _transformed(self, x: Any, kernel: Any) -> Any:
        """(batch, pieces, channels, frequencies) of (batch, time, channels)."""
        kernels = ops.repeat(kernel, self._channels, axis=1)
        y = ops.depthwise_conv(x, kernels, self._step, self.padding, data_format="channels_last")
        return ops.reshape(y, (*y.shape[:2], self._channels, kernel.shape[-1]))

    def call(self, inputs: Any) -> Any:
        if not ops.dtype(inputs).startswith(("float", "bfloat")):
            raise DtypeError(f"{self.name}: expected floats, received {ops.dtype(inputs)}.")
        x = inputs if self.data_format == "channels_last" else ops.swapaxes(inputs, 1, 2)
        real = None if self.mode == "imag" else self._transformed(x, self.real_kernel)
        imaginary = None if self.mode == "real" else self._transformed(x, self.imag_kernel)
        return self._arranged(self._in_mode(real, imaginary))

    def _in_mode(self, real: Any, imaginary: Any) -> Any:
        if self.mode in ("real", "imag"):
            return imaginary if real is None else real
        if self.mode == "angle":
            return ops.arctan2(imaginary, real)
        if self.mode == "stft":
            return ops.concatenate([real, imaginary], axis=-1)
        power = ops.add(ops.square(real), ops.square(imaginary))
        if self.mode == "psd":                              # all but the ends stand for two frequencies
            return ops.add(power, ops.pad(power[..., 1:-1], ((0, 0), (0, 0), (0, 0), (1, 1))))
        magnitude = ops.sqrt(ops.maximum(power, settings.epsilon))
        return magnitude if self.mode == "magnitude" else ops.log(ops.maximum(magnitude, settings.epsilon))

    def _arranged(self, y: Any) -> Any:
        """(batch, pieces, channels, frequencies) in the layout that is asked for."""
        if self.expand_dims:
            return ops.transpose(y, (0, 1, 3, 2) if self.data_format == "channels_last" else (0, 2, 1, 3))
        y = ops.reshape(y, (*y.shape[:2], y.shape[2] * y.shape[3]))
        return y if self.data_format == "channels_last" else ops.swapaxes(y, 1, 2)
