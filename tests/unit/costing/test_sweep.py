"""Which variants no other beats."""

import json

from depthwise.costing import CostReport
from depthwise.costing.sweep import PUBLISHED, Sweep, Variant, pareto_front, variant_of
from depthwise.files import to_json


def variant(macs, top1, spent=None):
    return Variant(1.0, (32, 32), 1.0, macs, 1, 1, 1, spent, top1)


def test_the_front_by_hand():
    cheap, middle, beaten, best = (
        variant(10, 50.0),
        variant(20, 60.0),
        variant(25, 59.0),
        variant(30, 70.0),
    )
    assert pareto_front([best, beaten, cheap, middle]) == (cheap, middle, best)


def test_equals_are_all_kept_and_the_unscored_are_not():
    one, same, unknown = variant(10, 50.0), variant(10, 50.0), variant(5, None)
    assert pareto_front([one, same, unknown]) == (one, same)


def test_time_is_the_cost_where_it_is_known():
    slow, fast = variant(10, 50.0, 9.0), variant(20, 51.0, 3.0)
    assert pareto_front([slow, fast]) == (fast,)
    half = [variant(10, 50.0, 9.0), variant(20, 51.0)]
    assert len(pareto_front(half)) == 2


def test_published_accuracies_are_those_of_the_right_variant():
    published = PUBLISHED["mobilenet_v1"]
    assert len(published) == 16
    report = CostReport("mobilenet_v1", 1, ())
    found = variant_of(report, 0.5, (160, 160), largest=224, published=published)
    assert found.top1 == 59.1
    assert round(found.resolution_multiplier, 3) == 0.714
    for width, size in ((0.5, (160, 128)), (0.6, (160, 160))):
        other = variant_of(report, width, size, largest=224, published=published)
        assert other.top1 is None


def test_json_says_which_are_on_the_front():
    sweep = Sweep("n", 1, (variant(10, 50.0), variant(20, 40.0)), "somewhere")
    values = json.loads(to_json(sweep.to_dict()))
    assert [row["pareto"] for row in values["variants"]] == [True, False]
