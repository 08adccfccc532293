"""Fields of a source as a model wants them: periodic, without gaps, read when asked."""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace

from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.gaps import GapFiller
from scorelet.data.fields.prewhitening import Prewhitening
from scorelet.data.fields.source import FieldSource
from scorelet.tasks.field_model.census import Census, pieces
from scorelet.tasks.field_model.preparation import Preparation


class PreparedFields:
    """The fields of a source, prepared. What fills gaps of field i is the same
    in every piece, up to the tolerance of the solver.

    Args:
        source: as they are stored.
        preparation: what is done to them.
        census: of the source.

    Attributes:
        count: n.
        pixels: of a prepared field.
    """

    def __init__(self, source: FieldSource, preparation: Preparation, census: Census) -> None:
        self._source, self._preparation = source, preparation
        count, height, width = source.shape
        self.count = count
        rows, columns = preparation.grid((height, width))
        self.pixels = rows * columns
        self._filler = None
        if census.gaps or preparation.makes_gaps:
            self._filler = GapFiller.measured(self._gapped)

    def prewhitened(self, by: Prewhitening) -> "PreparedFields":
        """Return the same fields, amplified."""
        other = copy(self)
        other._preparation = replace(self._preparation, prewhitening=by)
        return other

    def read(self, rows: Sequence[int]) -> OtherFields:
        """Return the fields of these numbers, which rise."""
        return self._preparation.apply(self._source.read(rows), rows, self._filler)

    def transformed(self, rows: Sequence[int]) -> Fields:
        """Return T of the fields of these numbers, which rise; see `Preparation.transformed`."""
        return self._preparation.transformed(self._source.read(rows), rows, self._filler)

    def _gapped(self) -> Iterator[Fields]:
        for rows in pieces(self._source):
            yield self._preparation.gapped(self._source.read(rows))
