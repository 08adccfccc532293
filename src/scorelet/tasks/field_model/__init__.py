"""Energies of fields: fitted, sampled, read."""

from scorelet.tasks.field_model.certificate import Certificate
from scorelet.tasks.field_model.model import FieldModel

__all__ = ["Certificate", "FieldModel"]
