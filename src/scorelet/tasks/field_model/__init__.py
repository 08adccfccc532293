"""Energies of fields: fitted, sampled, read."""

from scorelet.tasks.field_model.model import FieldModel

__all__ = ["FieldModel"]
