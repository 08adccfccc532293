"""The verbs of fields, with the words of the shell: `sl.field.simulate`, `.fit`, `.sample`,
`.certify`, `.compare`, `.list`."""

from scorelet.tasks.field_certify import certify
from scorelet.tasks.field_compare import compare
from scorelet.tasks.field_fit import fit
from scorelet.tasks.field_list import list_ensembles as list  # noqa: A004 - the shell's word
from scorelet.tasks.field_sample import sample
from scorelet.tasks.field_simulate import simulate

__all__ = ["certify", "compare", "fit", "list", "sample", "simulate"]
