"""Layers: Keras's own, by Keras's names. `LAYERS` is the closed table by which files name them."""

from zoo.layers.activations.activation import Activation as Activation
from zoo.layers.activations.activation import ELU as ELU
from zoo.layers.activations.activation import LeakyReLU as LeakyReLU
from zoo.layers.activations.activation import PReLU as PReLU
from zoo.layers.activations.activation import ReLU as ReLU
from zoo.layers.activations.activation import Softmax as Softmax
from zoo.layers.convolutional.conv import Conv1D as Conv1D
from zoo.layers.convolutional.conv import Conv2D as Conv2D
from zoo.layers.convolutional.conv import Conv3D as Conv3D
from zoo.layers.convolutional.conv_transpose import Conv1DTranspose as Conv1DTranspose
from zoo.layers.convolutional.conv_transpose import Conv2DTranspose as Conv2DTranspose
from zoo.layers.convolutional.conv_transpose import Conv3DTranspose as Conv3DTranspose
from zoo.layers.convolutional.depthwise_conv import DepthwiseConv1D as DepthwiseConv1D
from zoo.layers.convolutional.depthwise_conv import DepthwiseConv2D as DepthwiseConv2D
from zoo.layers.convolutional.separable_conv import SeparableConv1D as SeparableConv1D
from zoo.layers.convolutional.separable_conv import SeparableConv2D as SeparableConv2D
from zoo.layers.core.dense import Dense as Dense
from zoo.layers.core.einsum_dense import EinsumDense as EinsumDense
from zoo.layers.core.embedding import Embedding as Embedding
from zoo.layers.core.identity import Identity as Identity
from zoo.layers.core.input_layer import Input as Input
from zoo.layers.core.input_layer import InputLayer as InputLayer
from zoo.layers.core.masking import Masking as Masking
from zoo.layers.core.wrapper import Wrapper as Wrapper
from zoo.layers import legacy_arguments as _legacy_arguments
from zoo.layers.attention.attention import AdditiveAttention as AdditiveAttention
from zoo.layers.attention.attention import Attention as Attention
from zoo.layers.attention.multi_head_attention import GroupedQueryAttention as GroupedQueryAttention
from zoo.layers.attention.multi_head_attention import MultiHeadAttention as MultiHeadAttention
from zoo.layers.core.lambda_layer import Lambda as Lambda
from zoo.layers.core.reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
from zoo.layers.core.ternary_dense import TernaryDense as TernaryDense
from zoo.layers.input_spec import InputSpec as InputSpec
from zoo.layers.layer import Layer as Layer
from zoo.layers.legacy.keras1_names import AtrousConvolution1D as AtrousConvolution1D
from zoo.layers.legacy.keras1_names import AtrousConvolution2D as AtrousConvolution2D
from zoo.layers.legacy.keras1_names import Convolution2D as Convolution2D
from zoo.layers.legacy.keras1_names import Convolution3D as Convolution3D
from zoo.layers.legacy.keras1_names import Deconvolution2D as Deconvolution2D
from zoo.layers.legacy.keras1_names import SeparableConvolution2D as SeparableConvolution2D
from zoo.layers.legacy.merge import Merge as Merge
from zoo.layers.legacy.merge import merge as merge
from zoo.layers.legacy.abstract_rnn_cell import AbstractRNNCell as AbstractRNNCell
from zoo.layers.legacy.activations import ParametricSoftplus as ParametricSoftplus
from zoo.layers.legacy.activations import SReLU as SReLU
from zoo.layers.legacy.activations import ThresholdedLinear as ThresholdedLinear
from zoo.layers.legacy.activations import ThresholdedReLU as ThresholdedReLU
from zoo.layers.legacy.autoencoder import AutoEncoder as AutoEncoder
from zoo.layers.legacy.batch_normalization import LegacyBatchNormalization as LegacyBatchNormalization
from zoo.layers.legacy.cudnn import CuDNNGRU as CuDNNGRU
from zoo.layers.legacy.cudnn import CuDNNLSTM as CuDNNLSTM
from zoo.layers.legacy.dense import Highway as Highway
from zoo.layers.legacy.dense import MaxoutDense as MaxoutDense
from zoo.layers.legacy.dense import TimeDistributedDense as TimeDistributedDense
from zoo.layers.legacy.locally_connected import LocallyConnected1D as LocallyConnected1D
from zoo.layers.legacy.locally_connected import LocallyConnected2D as LocallyConnected2D
from zoo.layers.legacy.time_distributed_merge import TimeDistributedMerge as TimeDistributedMerge
from zoo.layers.merging.concatenate import Concatenate as Concatenate
from zoo.layers.merging.dot import Dot as Dot
from zoo.layers.merging.functions import add as add
from zoo.layers.merging.functions import average as average
from zoo.layers.merging.functions import concatenate as concatenate
from zoo.layers.merging.functions import dot as dot
from zoo.layers.merging.functions import maximum as maximum
from zoo.layers.merging.functions import minimum as minimum
from zoo.layers.merging.functions import multiply as multiply
from zoo.layers.merging.functions import subtract as subtract
from zoo.layers.merging.merge import Add as Add
from zoo.layers.merging.merge import Average as Average
from zoo.layers.merging.merge import Maximum as Maximum
from zoo.layers.merging.merge import Minimum as Minimum
from zoo.layers.merging.merge import Multiply as Multiply
from zoo.layers.merging.merge import Subtract as Subtract
from zoo.layers.normalization.batch_normalization import BatchNormalization as BatchNormalization
from zoo.layers.normalization.layer_normalization import GroupNormalization as GroupNormalization
from zoo.layers.normalization.layer_normalization import LayerNormalization as LayerNormalization
from zoo.layers.normalization.layer_normalization import RMSNormalization as RMSNormalization
from zoo.layers.normalization.layer_normalization import UnitNormalization as UnitNormalization
from zoo.layers.normalization.spectral_normalization import SpectralNormalization as SpectralNormalization
from zoo.layers.pooling.adaptive_pooling import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from zoo.layers.pooling.adaptive_pooling import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from zoo.layers.pooling.adaptive_pooling import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from zoo.layers.pooling.adaptive_pooling import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from zoo.layers.pooling.adaptive_pooling import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from zoo.layers.pooling.adaptive_pooling import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from zoo.layers.pooling.global_pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
from zoo.layers.pooling.global_pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from zoo.layers.pooling.global_pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
from zoo.layers.pooling.global_pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from zoo.layers.pooling.global_pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from zoo.layers.pooling.global_pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from zoo.layers.pooling.pooling import AveragePooling1D as AveragePooling1D
from zoo.layers.pooling.pooling import AveragePooling2D as AveragePooling2D
from zoo.layers.pooling.pooling import AveragePooling3D as AveragePooling3D
from zoo.layers.pooling.pooling import MaxPooling1D as MaxPooling1D
from zoo.layers.pooling.pooling import MaxPooling2D as MaxPooling2D
from zoo.layers.pooling.pooling import MaxPooling3D as MaxPooling3D
from zoo.layers.preprocessing.category_encoding import CategoryEncoding as CategoryEncoding
from zoo.layers.preprocessing.discretization import Discretization as Discretization
from zoo.layers.preprocessing.hashing import HashedCrossing as HashedCrossing
from zoo.layers.preprocessing.hashing import Hashing as Hashing
from zoo.layers.preprocessing.image.color import RandomBrightness as RandomBrightness
from zoo.layers.preprocessing.image.color import RandomColorDegeneration as RandomColorDegeneration
from zoo.layers.preprocessing.image.color import RandomColorJitter as RandomColorJitter
from zoo.layers.preprocessing.image.color import RandomContrast as RandomContrast
from zoo.layers.preprocessing.image.color import RandomGrayscale as RandomGrayscale
from zoo.layers.preprocessing.image.color import RandomHue as RandomHue
from zoo.layers.preprocessing.image.color import RandomInvert as RandomInvert
from zoo.layers.preprocessing.image.color import RandomSaturation as RandomSaturation
from zoo.layers.preprocessing.image.cropping import RandomCrop as RandomCrop
from zoo.layers.preprocessing.image.cropping import RandomFlip as RandomFlip
from zoo.layers.preprocessing.image.cropping import RandomHeight as RandomHeight
from zoo.layers.preprocessing.image.cropping import RandomWidth as RandomWidth
from zoo.layers.preprocessing.image.max_num_bounding_boxes import MaxNumBoundingBoxes as MaxNumBoundingBoxes
from zoo.layers.preprocessing.image.mixing import CutMix as CutMix
from zoo.layers.preprocessing.image.mixing import MixUp as MixUp
from zoo.layers.preprocessing.image.mixing import RandomErasing as RandomErasing
from zoo.layers.preprocessing.image.policies import AugMix as AugMix
from zoo.layers.preprocessing.image.policies import RandAugment as RandAugment
from zoo.layers.preprocessing.image.smoothing import RandomGaussianBlur as RandomGaussianBlur
from zoo.layers.preprocessing.image.smoothing import RandomSharpness as RandomSharpness
from zoo.layers.preprocessing.image.tones import AutoContrast as AutoContrast
from zoo.layers.preprocessing.image.tones import (
    ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,
)
from zoo.layers.preprocessing.image.tones import Equalization as Equalization
from zoo.layers.preprocessing.image.tones import RandomPosterization as RandomPosterization
from zoo.layers.preprocessing.image.tones import Solarization as Solarization
from zoo.layers.preprocessing.image.warps import RandomElasticTransform as RandomElasticTransform
from zoo.layers.preprocessing.image.warps import RandomPerspective as RandomPerspective
from zoo.layers.preprocessing.image.warps import RandomRotation as RandomRotation
from zoo.layers.preprocessing.image.warps import RandomShear as RandomShear
from zoo.layers.preprocessing.image.warps import RandomTranslation as RandomTranslation
from zoo.layers.preprocessing.image.warps import RandomZoom as RandomZoom
from zoo.layers.preprocessing.index_lookup import IntegerLookup as IntegerLookup
from zoo.layers.preprocessing.index_lookup import StringLookup as StringLookup
from zoo.layers.preprocessing.normalization import Normalization as Normalization
from zoo.layers.preprocessing.pipeline import Pipeline as Pipeline
from zoo.layers.preprocessing.rescaling import Rescaling as Rescaling
from zoo.layers.preprocessing.resizing import CenterCrop as CenterCrop
from zoo.layers.preprocessing.resizing import Resizing as Resizing
from zoo.layers.preprocessing.spectrograms import MelSpectrogram as MelSpectrogram
from zoo.layers.preprocessing.spectrograms import STFTSpectrogram as STFTSpectrogram
from zoo.layers.preprocessing.text_vectorization import TextVectorization as TextVectorization
from zoo.layers.registry import LAYERS as LAYERS
from zoo.layers.registry import deserialize as deserialize
from zoo.layers.registry import get as get
from zoo.layers.registry import is_known as is_known
from zoo.layers.registry import serialize as serialize
from zoo.layers.registry import why_unknown as why_unknown
from zoo.layers.regularization.activity_regularization import ActivityRegularization as ActivityRegularization
from zoo.layers.regularization.dropout import AlphaDropout as AlphaDropout
from zoo.layers.regularization.dropout import Dropout as Dropout
from zoo.layers.regularization.dropout import GaussianDropout as GaussianDropout
from zoo.layers.regularization.dropout import GaussianNoise as GaussianNoise
from zoo.layers.regularization.dropout import SpatialDropout1D as SpatialDropout1D
from zoo.layers.regularization.dropout import SpatialDropout2D as SpatialDropout2D
from zoo.layers.regularization.dropout import SpatialDropout3D as SpatialDropout3D
from zoo.layers.regularization.residual_branches import CustomScaleLayer as CustomScaleLayer
from zoo.layers.regularization.residual_branches import LayerScale as LayerScale
from zoo.layers.regularization.residual_branches import StochasticDepth as StochasticDepth
from zoo.layers.reshaping.borders import Cropping1D as Cropping1D
from zoo.layers.reshaping.borders import Cropping2D as Cropping2D
from zoo.layers.reshaping.borders import Cropping3D as Cropping3D
from zoo.layers.reshaping.borders import ZeroPadding1D as ZeroPadding1D
from zoo.layers.reshaping.borders import ZeroPadding2D as ZeroPadding2D
from zoo.layers.reshaping.borders import ZeroPadding3D as ZeroPadding3D
from zoo.layers.reshaping.reshape import Flatten as Flatten
from zoo.layers.reshaping.reshape import Permute as Permute
from zoo.layers.reshaping.reshape import RepeatVector as RepeatVector
from zoo.layers.reshaping.reshape import Reshape as Reshape
from zoo.layers.reshaping.up_sampling import UpSampling1D as UpSampling1D
from zoo.layers.reshaping.up_sampling import UpSampling2D as UpSampling2D
from zoo.layers.reshaping.up_sampling import UpSampling3D as UpSampling3D
from zoo.layers.rnn.bidirectional import Bidirectional as Bidirectional
from zoo.layers.rnn.conv_lstm import ConvLSTM1D as ConvLSTM1D
from zoo.layers.rnn.conv_lstm import ConvLSTM2D as ConvLSTM2D
from zoo.layers.rnn.conv_lstm import ConvLSTM3D as ConvLSTM3D
from zoo.layers.rnn.conv_lstm import ConvLSTMCell as ConvLSTMCell
from zoo.layers.rnn.gru import GRU as GRU
from zoo.layers.rnn.gru import GRUCell as GRUCell
from zoo.layers.rnn.lstm import LSTM as LSTM
from zoo.layers.rnn.lstm import LSTMCell as LSTMCell
from zoo.layers.rnn.rnn import RNN as RNN
from zoo.layers.rnn.simple_rnn import SimpleRNN as SimpleRNN
from zoo.layers.rnn.simple_rnn import SimpleRNNCell as SimpleRNNCell
from zoo.layers.rnn.stacked_cells import StackedRNNCells as StackedRNNCells
from zoo.layers.rnn.time_distributed import TimeDistributed as TimeDistributed
from zoo.layers.tensorflow.op_layers import SlicingOpLambda as SlicingOpLambda
from zoo.layers.tensorflow.op_layers import TensorFlowOpLayer as TensorFlowOpLayer
from zoo.layers.tensorflow.op_layers import TFOpLambda as TFOpLambda

AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
GroupQueryAttention = GroupedQueryAttention

LAYERS.update({name: vars(thing).get("modern_class", thing) for name, thing in list(globals().items())
               if isinstance(thing, type) and issubclass(thing, Layer) and thing is not Layer})
_legacy_arguments.install(LAYERS)
