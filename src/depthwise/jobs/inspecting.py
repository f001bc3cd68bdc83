"""A compiled network laid open: what each step is, and how much memory all need."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from depthwise.engine import Inspection, StepView, inspect_graph, preset
from depthwise.errors import UnknownNameError, UsageError
from depthwise.jobs.compiling import check_shape
from depthwise.jobs.open import Opened
from depthwise.jobs.prediction import predict_memory

STAGES = ("schedule", "loops", "ir", "assembly")
"""What can be shown of a step, from the outside in."""


def inspect_model(
    opened: Opened,
    shape: Sequence[int] | None = None,
    *,
    threads: int = 1,
    isa: str | None = None,
) -> Inspection:
    """Plan a model's machine code, for this CPU or another.

    Args:
        opened: The model.
        shape: Sizes of one batch; None takes one sample.
        threads: Threads that share the work.
        isa: "avx512", "avx2", "sse" or "neon"; None is this CPU.

    Returns:
        The plan.

    Raises:
        CompileError: If the engine has no kernel for an operator.
        UsageError: If a number or the instruction set is none that there is.
    """
    if threads < 1:
        raise UsageError(f"threads must be 1 or more; got {threads}")
    if shape is not None:
        check_shape(opened.graph, shape)
    target = preset(isa) if isa else None
    batch = shape[0] if shape else 1
    return inspect_graph(opened.graph, batch=batch, threads=threads, target=target)


def choose(plan: Inspection, node: str | None) -> tuple[StepView, ...]:
    """Pick the steps that compute a node.

    Args:
        plan: The plan.
        node: A node's name, a kernel's, or a step's number; None is all.

    Returns:
        The steps.

    Raises:
        UnknownNameError: If no step bears the name.
    """
    if node is None:
        return plan.steps
    found = tuple(view for view in plan.steps if node in names_of(view))
    if not found:
        known = {name for view in plan.steps for name in view.step.nodes}
        raise UnknownNameError.of("node", node, known)
    return found


def names_of(view: StepView) -> tuple[str, ...]:
    """List what a step answers to.

    Args:
        view: The step.

    Returns:
        Its number, its kernel and the nodes that it computes.
    """
    return (str(view.number), view.kernel, *view.step.nodes)


def step_facts(view: StepView, stages: Collection[str]) -> dict[str, Any]:
    """Say everything about a step that was asked for, as plain values.

    Args:
        view: The step.
        stages: Some of STAGES.

    Returns:
        Values by name.
    """
    facts: dict[str, Any] = {
        "number": view.number,
        "nodes": list(view.step.nodes),
        "kernel": view.kernel,
        "macs": view.step.macs,
    }
    if "schedule" in stages:
        facts |= {
            "units": view.step.kernel.units,
            "images": view.step.images,
            "barrier": not view.step.joined,
            "operands": list(view.operands),
            "weight_bytes": view.weight_bytes,
        }
    if "loops" in stages:
        facts["loops"] = view.loops
    if "ir" in stages:
        facts["ir"] = view.ir
    if "assembly" in stages:
        facts["assembly"] = view.assembly
    return facts


def memory_facts(opened: Opened, plan: Inspection) -> dict[str, int]:
    """Hold the memory of a plan beside what counting predicts.

    Args:
        opened: The model.
        plan: Its plan.

    Returns:
        Bytes by name. "predicted_bytes" is what activations need where every layer
        runs alone and writes over what it can; "limit_bytes" is where it does not,
        which chains that run as one kernel stay below.
    """
    lanes, batch = plan.target.lanes, plan.batch
    predicted = predict_memory(opened.graph, lanes, batch=batch)
    return {
        "arena_bytes": plan.arena_bytes,
        "scratch_bytes": plan.scratch_bytes,
        "weight_bytes": plan.weight_bytes,
        "predicted_bytes": predicted["unfused"],
        "limit_bytes": predicted["fused"],
    }
