"""Every primitive, by name. Importing this package also loads their reference kernels."""

import zoo.engine.kernels.reference as _reference  # noqa: F401 - fills the table of definitions
from zoo.engine.primitives.arithmetic import (
    add_op as add_op,
    arctan2_op as arctan2_op,
    divide_op as divide_op,
    floor_divide_op as floor_divide_op,
    maximum_op as maximum_op,
    minimum_op as minimum_op,
    mod_op as mod_op,
    multiply_op as multiply_op,
    power_op as power_op,
    select_op as select_op,
    subtract_op as subtract_op,
)
from zoo.engine.primitives.cast import (
    cast_op as cast_op,
    complex_op as complex_op,
    imaginary_op as imaginary_op,
    real_op as real_op,
)
from zoo.engine.primitives.compare import (
    bitwise_and_op as bitwise_and_op,
    bitwise_or_op as bitwise_or_op,
    bitwise_xor_op as bitwise_xor_op,
    equal_op as equal_op,
    greater_equal_op as greater_equal_op,
    greater_op as greater_op,
    left_shift_op as left_shift_op,
    less_equal_op as less_equal_op,
    less_op as less_op,
    logical_and_op as logical_and_op,
    logical_or_op as logical_or_op,
    logical_xor_op as logical_xor_op,
    not_equal_op as not_equal_op,
    right_shift_op as right_shift_op,
)
from zoo.engine.primitives.contract import (
    einsum_op as einsum_op,
    matmul_op as matmul_op,
)
from zoo.engine.primitives.convolve import (
    conv_kernel_gradient_op as conv_kernel_gradient_op,
    conv_op as conv_op,
    conv_transpose_op as conv_transpose_op,
)
from zoo.engine.primitives.custom_gradient import custom_gradient_op as custom_gradient_op
from zoo.engine.primitives.elementwise import (
    absolute_op as absolute_op,
    arccos_op as arccos_op,
    arccosh_op as arccosh_op,
    arcsin_op as arcsin_op,
    arcsinh_op as arcsinh_op,
    arctan_op as arctan_op,
    arctanh_op as arctanh_op,
    ceil_op as ceil_op,
    clip_op as clip_op,
    cos_op as cos_op,
    cosh_op as cosh_op,
    erf_op as erf_op,
    exp_op as exp_op,
    expm1_op as expm1_op,
    floor_op as floor_op,
    full_like_op as full_like_op,
    is_finite_op as is_finite_op,
    is_inf_op as is_inf_op,
    is_nan_op as is_nan_op,
    log1p_op as log1p_op,
    log_op as log_op,
    logical_not_op as logical_not_op,
    negative_op as negative_op,
    reciprocal_op as reciprocal_op,
    relu_op as relu_op,
    round_op as round_op,
    rsqrt_op as rsqrt_op,
    sigmoid_op as sigmoid_op,
    sign_op as sign_op,
    sin_op as sin_op,
    sinh_op as sinh_op,
    softplus_op as softplus_op,
    sqrt_op as sqrt_op,
    square_op as square_op,
    stop_gradient_op as stop_gradient_op,
    tan_op as tan_op,
    tanh_op as tanh_op,
)
from zoo.engine.primitives.host import (
    host_op as host_op,
)
from zoo.engine.primitives.image import (
    resize_op as resize_op,
)
from zoo.engine.primitives.indexing import (
    argsort_op as argsort_op,
    scatter_op as scatter_op,
    take_along_axis_op as take_along_axis_op,
    take_op as take_op,
)
from zoo.engine.primitives.linalg import (
    cholesky_op as cholesky_op,
    det_op as det_op,
    eigh_op as eigh_op,
    qr_op as qr_op,
    solve_op as solve_op,
    svd_op as svd_op,
)
from zoo.engine.primitives.movement import (
    broadcast_to_op as broadcast_to_op,
    concatenate_op as concatenate_op,
    flip_op as flip_op,
    pad_op as pad_op,
    reshape_op as reshape_op,
    slice_op as slice_op,
    transpose_op as transpose_op,
)
from zoo.engine.primitives.normalize import (
    log_softmax_op as log_softmax_op,
    softmax_op as softmax_op,
)
from zoo.engine.primitives.pool import (
    avg_pool_op as avg_pool_op,
    max_pool_gradient_op as max_pool_gradient_op,
    max_pool_op as max_pool_op,
    max_pool_pick_op as max_pool_pick_op,
)
from zoo.engine.primitives.random import (
    random_normal_op as random_normal_op,
    random_uniform_op as random_uniform_op,
)
from zoo.engine.primitives.recurrent import (
    gru_gradient_op as gru_gradient_op,
    gru_op as gru_op,
    lstm_gradient_op as lstm_gradient_op,
    lstm_op as lstm_op,
    scan_op as scan_op,
    simple_rnn_gradient_op as simple_rnn_gradient_op,
    simple_rnn_op as simple_rnn_op,
)
from zoo.engine.primitives.reduce import (
    all_op as all_op,
    any_op as any_op,
    argmax_op as argmax_op,
    argmin_op as argmin_op,
    cumprod_op as cumprod_op,
    cumsum_op as cumsum_op,
    max_op as max_op,
    mean_op as mean_op,
    min_op as min_op,
    moments_op as moments_op,
    prod_op as prod_op,
    sum_op as sum_op,
)
from zoo.engine.primitives.spectral import (
    fft_op as fft_op,
)
