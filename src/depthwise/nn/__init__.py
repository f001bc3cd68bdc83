"""Torch layers, blocks and networks; knows nothing of graphs or engines."""

from depthwise.nn.blueprint import BlueprintConv1d, BlueprintConv2d, BlueprintConv3d
from depthwise.nn.constraints import constrain_
from depthwise.nn.dense import DenseConv1d, DenseConv2d, DenseConv3d
from depthwise.nn.depthwise import DepthwiseConv1d, DepthwiseConv2d, DepthwiseConv3d
from depthwise.nn.mobilenet import mobilenet_v1, mobilenet_v2
from depthwise.nn.mobilenet_v3 import mobilenet_v3_large, mobilenet_v3_small
from depthwise.nn.network import FeatureInfo, Network
from depthwise.nn.norms import Norm
from depthwise.nn.pointwise import PointwiseConv1d, PointwiseConv2d, PointwiseConv3d
from depthwise.nn.registry import create_model, list_models, register_model
from depthwise.nn.sensor import sensor_net
from depthwise.nn.separable import SeparableConv1d, SeparableConv2d, SeparableConv3d

__all__ = [
    "BlueprintConv1d",
    "BlueprintConv2d",
    "BlueprintConv3d",
    "DenseConv1d",
    "DenseConv2d",
    "DenseConv3d",
    "DepthwiseConv1d",
    "DepthwiseConv2d",
    "DepthwiseConv3d",
    "FeatureInfo",
    "Network",
    "Norm",
    "PointwiseConv1d",
    "PointwiseConv2d",
    "PointwiseConv3d",
    "SeparableConv1d",
    "SeparableConv2d",
    "SeparableConv3d",
    "constrain_",
    "create_model",
    "list_models",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "register_model",
    "sensor_net",
]
