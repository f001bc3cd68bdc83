"""MobileNetV1's published table, every width and resolution, against a recount."""

import pytest

from depthwise.errors import UsageError
from depthwise.jobs.counting import cost
from depthwise.jobs.sweeping import sweep

# Output channels and stride of each depthwise separable block, Howard et al. table 1.
BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
BLOCKS += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]


def recount(width, size):
    """Multiply-accumulates, and parameters, by the paper's formulas alone."""
    channels, side = int(32 * width), -(-size // 2)
    macs = side * side * 9 * 3 * channels
    params = 9 * 3 * channels + 2 * channels
    for outputs, stride in BLOCKS:
        made, side = int(outputs * width), -(-side // stride)
        macs += side * side * (9 * channels + channels * made)
        params += 9 * channels + channels * made + 2 * (channels + made)
        channels = made
    return macs + channels * 1000, params + channels * 1000 + 1000


def test_all_sixteen_are_counted_exactly():
    found = sweep("mobilenet_v1", sizes=[224, 192, 160, 128])
    assert len(found.variants) == 16
    for one in found.variants:
        wanted = recount(one.width_multiplier, one.size[0])
        assert (one.macs, one.params) == wanted
        assert one.top1 is not None
    millions = [round(one.macs / 1e6, 3) for one in found.variants]
    published = [568.740, 418.122, 290.675, 186.401, 325.400, 149.497, 41.030]
    assert set(published) <= set(millions)
    # 106.8 M at 62.1 % beats 110.0 M at 61.7 %; 166.4 M at 65.3 % beats 186.4 M.
    beaten = set(found.variants) - set(found.front)
    assert [
        (one.width_multiplier, one.size[0])
        for one in sorted(beaten, key=lambda v: v.macs)
    ] == [(0.5, 192), (1.0, 128)]
    assert "mobilenet_v1.md" in found.source


def test_other_twins_have_no_published_accuracy():
    found = sweep("mobilenet_v1", (2, 3, 64, 64), widths=[0.25], conv="dense")
    assert found.batch == 2
    assert found.source == ""
    assert found.front == ()
    assert [one.size for one in found.variants] == [(n, n) for n in (64, 55, 46, 37)]


def test_padding_that_follows_from_the_size_is_made_anew():
    """72, 36, 18, 9 halve to 5 with "same" padding; the pads of 224 would give 4."""
    (found,) = sweep("efficientnet_lite0", sizes=[144], widths=[1.0]).variants
    assert found.macs == cost("efficientnet_lite0", (1, 3, 144, 144)).macs


@pytest.mark.parametrize("wrong", [{"widths": [0.0]}, {"widths": []}, {"sizes": [-1]}])
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(UsageError):
        sweep("mobilenet_v1", **wrong)
