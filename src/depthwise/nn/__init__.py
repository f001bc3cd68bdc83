"""Torch layers, blocks and networks; knows nothing of graphs or engines."""

from depthwise.nn.blueprint import BlueprintConv1d, BlueprintConv2d, BlueprintConv3d
from depthwise.nn.blueprint_transposed import (
    BlueprintConvTranspose1d,
    BlueprintConvTranspose2d,
    BlueprintConvTranspose3d,
)
from depthwise.nn.constraints import constrain_
from depthwise.nn.dense import DenseConv1d, DenseConv2d, DenseConv3d
from depthwise.nn.depthwise import DepthwiseConv1d, DepthwiseConv2d, DepthwiseConv3d
from depthwise.nn.eeg import eegnet
from depthwise.nn.efficientnet import efficientnet_lite0
from depthwise.nn.keras_layout import (
    from_keras_dense,
    from_keras_depthwise,
    from_keras_separable,
    to_keras_dense,
    to_keras_depthwise,
    to_keras_separable,
)
from depthwise.nn.keyword_spotting import ds_cnn
from depthwise.nn.light_inception import lite
from depthwise.nn.mobilenet import mobilenet_v1, mobilenet_v2
from depthwise.nn.mobilenet_v3 import mobilenet_v3_large, mobilenet_v3_small
from depthwise.nn.network import FeatureInfo, Network
from depthwise.nn.norms import Norm
from depthwise.nn.pointwise import PointwiseConv1d, PointwiseConv2d, PointwiseConv3d
from depthwise.nn.published import rename_published
from depthwise.nn.registry import SHARED, create_model, list_models, register_model
from depthwise.nn.sensor import sensor_net
from depthwise.nn.separable import SeparableConv1d, SeparableConv2d, SeparableConv3d
from depthwise.nn.separable_transposed import (
    SeparableConvTranspose1d,
    SeparableConvTranspose2d,
    SeparableConvTranspose3d,
)
from depthwise.nn.transposed import (
    DepthwiseConvTranspose1d,
    DepthwiseConvTranspose2d,
    DepthwiseConvTranspose3d,
)
from depthwise.nn.xception import xception_time

__all__ = [
    "SHARED",
    "BlueprintConv1d",
    "BlueprintConv2d",
    "BlueprintConv3d",
    "BlueprintConvTranspose1d",
    "BlueprintConvTranspose2d",
    "BlueprintConvTranspose3d",
    "DenseConv1d",
    "DenseConv2d",
    "DenseConv3d",
    "DepthwiseConv1d",
    "DepthwiseConv2d",
    "DepthwiseConv3d",
    "DepthwiseConvTranspose1d",
    "DepthwiseConvTranspose2d",
    "DepthwiseConvTranspose3d",
    "FeatureInfo",
    "Network",
    "Norm",
    "PointwiseConv1d",
    "PointwiseConv2d",
    "PointwiseConv3d",
    "SeparableConv1d",
    "SeparableConv2d",
    "SeparableConv3d",
    "SeparableConvTranspose1d",
    "SeparableConvTranspose2d",
    "SeparableConvTranspose3d",
    "constrain_",
    "create_model",
    "ds_cnn",
    "eegnet",
    "efficientnet_lite0",
    "from_keras_dense",
    "from_keras_depthwise",
    "from_keras_separable",
    "list_models",
    "lite",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "register_model",
    "rename_published",
    "sensor_net",
    "to_keras_dense",
    "to_keras_depthwise",
    "to_keras_separable",
    "xception_time",
]
