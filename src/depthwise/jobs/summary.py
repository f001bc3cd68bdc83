"""The outcome of a twin experiment as plain values: what summary.json holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from depthwise.jobs.rooms import torch_room
from depthwise.jobs.twin import Run, Twin, Variant
from depthwise.measure.clock import median_ratio


def summarise(twin: Twin) -> dict[str, Any]:
    """Turn a twin experiment into plain values.

    Args:
        twin: The outcome.

    Returns:
        What was compared, one entry a variant, and each variant against the first.
    """
    reference = twin.variants[0]
    data = twin.dataset
    return {
        "model": twin.plan.model,
        "data": {
            "name": data.name,
            "samples": len(data),
            "shape": list(data.inputs.shape[1:]),
            "classes": list(data.classes),
            "channels": list(data.channels),
            "correlation": twin.inputs.correlation.tolist(),
            "mean_absolute_correlation": twin.inputs.mean_absolute_correlation,
            "report": data.report.to_dict(),
        },
        "folds": {name: _held_out(twin, name) for name in twin.plan.folds},
        "seeds": list(twin.plan.seeds),
        "settings": asdict(twin.plan.settings),
        "variants": {v.name: _variant(v) for v in twin.variants},
        "comparisons": {
            v.name: _comparison(v, reference, twin) for v in twin.variants[1:]
        },
        "reference": reference.name,
    }


def _held_out(twin: Twin, fold: str) -> dict[str, Any]:
    split = twin.plan.folds[fold]
    groups = twin.dataset.groups
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    return {
        part: {
            "samples": len(indices),
            "groups": [] if groups is None else np.unique(groups[indices]).tolist(),
        }
        for part, indices in parts.items()
    }


def _variant(variant: Variant) -> dict[str, Any]:
    dead = sum(int(s.dead.sum()) for s in variant.statistics.values())
    channels = sum(s.mean.size for s in variant.statistics.values())
    return {
        "accuracy_windows": _mean(_accuracies(variant, "windows")),
        "accuracy_recordings": _mean(_accuracies(variant, "recordings")),
        "params": variant.cost.params,
        "macs": variant.cost.macs,
        "model_bytes": variant.model_bytes,
        "latency_us": float(np.median(variant.latency.torch_us)),
        "engine_latency_us": float(np.median(variant.latency.engine_us)),
        "dead_channels": dead,
        "channels": channels,
        "mean_absolute_correlation": _correlation(variant),
        "cost": variant.cost.to_dict(),
        "layers": [_layer(n, s) for n, s in variant.statistics.items()],
        "runs": [run_summary(run) for run in variant.runs],
    }


def _accuracies(variant: Variant, what: str) -> list[float]:
    scores = [getattr(run.fitted, what) for run in variant.runs]
    return [score.accuracy for score in scores if score is not None]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _correlation(variant: Variant) -> float:
    layers = [s.mean_absolute_correlation for s in variant.statistics.values()]
    known = [value for value in layers if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _layer(name: str, statistics: Any) -> dict[str, Any]:
    return {
        "name": name,
        "channels": int(statistics.mean.size),
        "dead": int(statistics.dead.sum()),
        "mean_absolute_correlation": statistics.mean_absolute_correlation,
        "correlation": np.round(statistics.correlation, 3).tolist(),
    }


def run_summary(run: Run) -> dict[str, Any]:
    """Turn one run of a twin experiment into plain values.

    Args:
        run: The outcome of one cell: a variant on a fold with a seed.

    Returns:
        Its scores, its history, how long it took and where it is.
    """
    fitted = run.fitted
    recordings = fitted.recordings
    return {
        "fold": run.fold,
        "seed": run.seed,
        "accuracy_windows": fitted.windows.accuracy,
        "accuracy_recordings": None if recordings is None else recordings.accuracy,
        "confusion": fitted.windows.confusion.tolist(),
        "history": [asdict(row) for row in fitted.training.rows],
        "best_epoch": fitted.training.best.epoch,
        "seconds": round(fitted.training.seconds, 2),
        "waiting_share": round(fitted.training.waiting_share, 4),
        "folder": str(fitted.plan.folder),
    }


def _comparison(variant: Variant, reference: Variant, twin: Twin) -> dict[str, Any]:
    """Compare with the first variant: accuracy paired, savings as factors."""
    difference = {
        f"difference_{what}": _paired(variant, reference, twin, what)
        for what in ("windows", "recordings")
    }
    return {
        **difference,
        "params_saving": reference.cost.params / variant.cost.params,
        "theoretical_saving": reference.cost.macs / variant.cost.macs,
        "realised_saving": median_ratio(
            reference.latency.torch_us, variant.latency.torch_us
        ),
        "engine_realised_saving": median_ratio(
            reference.latency.engine_us, variant.latency.engine_us
        ),
    }


def _paired(
    variant: Variant,
    reference: Variant,
    twin: Twin,
    what: str,
) -> dict[str, float | None] | None:
    ours, theirs = _accuracies(variant, what), _accuracies(reference, what)
    if not ours:
        return None
    shape = (len(twin.plan.folds), len(twin.plan.seeds))
    grids = (np.reshape(values, shape) for values in (ours, theirs))
    interval = asdict(torch_room("training").paired_difference(*grids))
    return {k: float(v) if np.isfinite(v) else None for k, v in interval.items()}
