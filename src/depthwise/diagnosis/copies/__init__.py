"""Channels that weights alone prove to be copies of others, scaled."""

from depthwise.diagnosis.copies.form import Form
from depthwise.diagnosis.copies.merging import merge_copies
from depthwise.diagnosis.copies.tracing import forms_of

__all__ = ["Form", "forms_of", "merge_copies"]
