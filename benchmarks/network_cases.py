"""Networks that nobody here wrote: one or two of nearly every family of pytorchcv."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NetworkCase:
    """A network and what it takes.

    Args:
        family: The module of pytorchcv.models.
        name: The function that makes it.
        shape: Its input, without the batch.
        resized: Whether the function must be told the input's size.
    """

    family: str
    name: str
    shape: tuple[int, int, int]
    resized: bool = False

    def build(self) -> Any:
        """Make the network; its weights depend on torch's seed."""
        module = importlib.import_module(f"pytorchcv.models.{self.family}")
        factory = getattr(module, self.name)
        return factory(in_size=self.shape[1:]) if self.resized else factory()


# Family and function, the light ones of each family.
IMAGES = """
alexnet:alexnet squeezenet:squeezenet_v1_1 squeezenet:squeezeresnet_v1_1
mobilenet:mobilenet_wd4 mobilenetb:mobilenetb_wd4 fdmobilenet:fdmobilenet_wd4
mobilenetv2:mobilenetv2_wd4 mobilenetv3:mobilenetv3_small_w7d20
shufflenet:shufflenet_g3_wd4 shufflenetv2:shufflenetv2_wd2
shufflenetv2b:shufflenetv2b_wd2 menet:menet108_8x1_g3 igcv3:igcv3_wd4
mnasnet:mnasnet_small proxylessnas:proxylessnas_cpu fbnet:fbnet_cb spnasnet:spnasnet
efficientnet:efficientnet_b0 efficientnet:efficientnet_b0b
efficientnetedge:efficientnet_edge_small_b mixnet:mixnet_s ghostnet:ghostnet
dicenet:dicenet_wd5 espnetv2:espnetv2_wd2 hardnet:hardnet39ds peleenet:peleenet
channelnet:channelnet condensenet:condensenet74_c4_g4 squeezenext:sqnxt23_w1
darknet:darknet_ref darknet:darknet_tiny resnet:resnet10 preresnet:preresnet10
seresnet:seresnet10 sepreresnet:sepreresnet10 bamresnet:bam_resnet18
cbamresnet:cbam_resnet18 diaresnet:diaresnet10 diapreresnet:diapreresnet10
resneta:resneta10 resnesta:resnestabc14 resnext:resnext14_16x4d regnet:regnetx002
octresnet:octresnet10_ad2 sharesnet:sharesnet18 diracnetv2:diracnet18v2
bninception:bninception dla:dla34 densenet:densenet121 sparsenet:sparsenet121
xdensenet:xdensenet121_2 senet:senet16 selecsls:selecsls42 vovnet:vovnet27s
hrnet:hrnet_w18_small_v1 nasnet:nasnet_4a1056 darts:darts dpn:dpn68 zfnet:zfnet
scnet:scnet50 sknet:sknet50 ibnresnet:ibn_resnet50 seresnext:seresnext50_32x4d
isqrtcovresnet:isqrtcovresnet18
"""
TINY_IMAGES = """
resnet_cifar:resnet20_cifar10
preresnet_cifar:preresnet20_cifar10 seresnet_cifar:seresnet20_cifar10
sepreresnet_cifar:sepreresnet20_cifar10 densenet_cifar:densenet40_k12_cifar10
xdensenet_cifar:xdensenet40_2_k24_bc_cifar10
pyramidnet_cifar:pyramidnet110_a48_cifar10 resnext_cifar:resnext20_16x4d_cifar10
rir_cifar:rir_cifar10 ror_cifar:ror3_56_cifar10 nin_cifar:nin_cifar10
fractalnet_cifar:fractalnet_cifar10
shakeshakeresnet_cifar:shakeshakeresnet20_2x16d_cifar10
shakedropresnet_cifar:shakedropresnet20_cifar10
resdropresnet_cifar:resdropresnet20_cifar10 diaresnet_cifar:diaresnet20_cifar10
diapreresnet_cifar:diapreresnet20_cifar10 msdnet_cifar10:msdnet22_cifar10
"""
STREETS = """
cgnet:cgnet_cityscapes dabnet:dabnet_cityscapes edanet:edanet_cityscapes
erfnet:erfnet_cityscapes esnet:esnet_cityscapes espcnet:espcnet_cityscapes
fastscnn:fastscnn_cityscapes fpenet:fpenet_cityscapes lednet:lednet_cityscapes
linknet:linknet_cityscapes sinet:sinet_cityscapes contextnet:ctxnet_cityscapes
sqnet:sqnet_cityscapes unet:unet_cityscapes
"""


def _cases(
    table: str, shape: tuple[int, int, int], *, resized: bool = False
) -> list[NetworkCase]:
    pairs = (word.split(":") for word in table.split())
    return [NetworkCase(family, name, shape, resized) for family, name in pairs]


CASES = (
    *_cases(IMAGES, (3, 224, 224)),
    *_cases(TINY_IMAGES, (3, 32, 32)),
    *_cases(STREETS, (3, 128, 256), resized=True),
)
