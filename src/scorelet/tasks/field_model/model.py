"""A model of fields that can be fitted, sampled, saved and read."""

from collections.abc import Callable
from copy import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.core.typing import Fields
from scorelet.data.fields.arrays import load_fields
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import Run, Schedule, calibrate
from scorelet.tasks.field_model.survey import Survey, survey_fields
from scorelet.training.score_matching import CascadePlan, Family, fit_cascade
from scorelet.training.score_matching.cascade import GROUPS
from scorelet.zoo import load_as, save

STEPS = 400
BATCH_PIXELS = 1 << 18
SUBDIVISIONS = {"octave": 1, "half": 2, "quarter": 4}


class FieldModel:
    """p(x) = p(x_J) prod_b p(d_b | c_b), each factor an energy that is linear in its parameters.

    Args:
        wavelet: orthogonal, see `scorelet.wavelets.OrthogonalWavelet`.
        bands: octave, half or quarter: how wide the bands of details are. Narrow bands make the
            conditional laws closer to log-concave.
        basis: of the potentials, spline or sigmoid.
        knots: of each potential.
        placement: of the knots, quantile or linspace.
        reach: pixels at most so far apart are coupled.
        even: whether x and -x are equally likely; None lets the fields decide.
        steps: of the chain of each band.

    Example:
        >>> import scorelet as sl
        >>> x = sl.field.simulate  # doctest: +SKIP
        >>> model = sl.FieldModel(bands="octave").fit(x)  # doctest: +SKIP
        >>> more = model.sample(100, seed=1)  # doctest: +SKIP
    """

    def __init__(
        self,
        wavelet: str = "db4",
        *,
        bands: str = "octave",
        basis: str = "spline",
        knots: int = 24,
        placement: str = "quantile",
        reach: int = 4,
        even: bool | None = None,
        steps: int = STEPS,
    ) -> None:
        if bands not in SUBDIVISIONS:
            raise InputError(f"bands={bands!r}: use {', '.join(SUBDIVISIONS)}.")
        if steps < 1:
            raise InputError(f"steps={steps}: a chain has at least one step.")
        self.wavelet, self.bands, self.even, self.steps = wavelet, bands, even, steps
        self.family = Family(basis, knots, placement, reach)
        self._model: Multiscale | None = None

    @property
    def model(self) -> Multiscale:
        """The factors.

        Raises:
            InputError: nothing was fitted or loaded.
        """
        if self._model is None:
            raise InputError("This model is empty: call fit first, or FieldModel.load.")
        return self._model

    @property
    def record(self) -> dict[str, Any]:
        """What is known of the fields, the fit and the chains, as JSON can say it."""
        return self.model.record

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the fields."""
        height, width = self.record["field"]["size"]
        return int(height), int(width)

    @property
    def chains(self) -> list[dict[str, float]]:
        """Step and acceptance of the chain of each band, coarse to fine."""
        return [
            {"epsilon": s["epsilons"][-1], "acceptance": s["acceptance"]}
            for s in self.record["chains"]["schedules"]
        ]

    def with_steps(self, steps: int) -> "FieldModel":
        """Return the same model with chains of another length.

        Raises:
            InputError: no step.
        """
        if steps < 1:
            raise InputError(f"steps={steps}: a chain has at least one step.")
        other = copy(self)
        other.steps = steps
        return other

    def fit(self, x: Any, *, progress: Progress | None = None) -> "FieldModel":  # noqa: ANN401
        """Fit all bands by score matching, and find the steps of their chains.

        Args:
            x: fields (n, h, w) or (n, 1, h, w), array or tensor; or a file, see `load_fields`.
            progress: is told how much is done.

        Returns:
            This model.

        Raises:
            InputError: fields that cannot be fitted.
        """
        fields = as_fields(x)
        survey = survey_fields(fields, even=self.even)
        size = (int(fields.shape[1]), int(fields.shape[2]))
        plan = plan_bands(self.wavelet, size, SUBDIVISIONS[self.bands])
        blocks = lambda: _blocks(fields, survey, progress)  # noqa: E731
        found = fit_cascade(plan, self.family, blocks, survey.fields, even=survey.even)
        model = found.model
        coarsest = (size[0] >> model.levels, size[1] >> model.levels)
        schedules = calibrate(model, self.steps, shape=coarsest)
        model.record = {
            "field": {
                "size": list(size),
                "count": len(fields),
                "mean": survey.mean,
                "deviation": survey.deviation,
                "even": survey.even,
                "dtype": str(fields.dtype).removeprefix("torch."),
            },
            "family": {"wavelet": self.wavelet, "bands": self.bands, **asdict(self.family)},
            "chains": {"steps": self.steps, "schedules": [asdict(s) for s in schedules]},
            "bands": [_describe(fit) for fit in found.bands],
        }
        self._model = model
        return self

    def sample(
        self, n: int, *, seed: int = 0, start: int = 0, progress: Progress | None = None
    ) -> Fields:
        """Draw fields, (n, h, w), in the units and the dtype of the data.

        Sample i depends on (seed, i) and the model only.

        Args:
            n: how many.
            seed: any non-negative integer.
            start: number of the first one.
            progress: is told how many samples are done.

        Raises:
            InputError: chains that diverge, no samples asked for.
        """
        if n < 1 or seed < 0 or start < 0:
            raise InputError(
                f"Asked for {n} samples from number {start} and seed {seed}: give at least one "
                "sample, and numbers that are not negative."
            )
        height, width = self.size
        coarsest = height >> self.model.levels, width >> self.model.levels
        run = Run(self.model, self._schedules, self.steps)
        most = max(1, BATCH_PIXELS // (height * width))
        pieces = []
        for first in range(start, start + n, most):
            numbers = range(first, min(first + most, start + n))
            pieces.append(self._restored(run.sample(Noise(seed, numbers), coarsest)))
            if progress:
                progress(numbers.stop - start, n)
        return torch.cat(pieces)

    def save(self, path: str | Path) -> None:
        """Write the model to a ``.safetensors`` file; `FieldModel.load` and `sl.load` read it."""
        save(self.model, path)

    @classmethod
    def load(cls, path: str | Path) -> "FieldModel":
        """Return the model of a file, or a built-in one by name.

        Raises:
            InputError: a model of another kind.
            CheckpointError: a file that cannot be read.
        """
        model = load_as(Multiscale, path, verb="field")
        if "field" not in model.record:
            raise InputError(f"{path} holds no model of fields: fit one with scorelet field fit.")
        family = dict(model.record["family"])
        loaded = cls(
            family["wavelet"],
            bands=family["bands"],
            basis=family["basis"],
            knots=family["knots"],
            placement=family["placement"],
            reach=family["reach"],
            even=model.record["field"]["even"],
            steps=model.record["chains"]["steps"],
        )
        loaded._model = model
        return loaded

    @property
    def _schedules(self) -> list[Schedule]:
        found = self.record["chains"]["schedules"]
        return [Schedule(tuple(s["epsilons"]), s["acceptance"]) for s in found]

    def _restored(self, x: Tensor) -> Fields:
        field = self.record["field"]
        kind = torch.float64 if field["dtype"] == "float64" else torch.float32
        return (field["mean"] + field["deviation"] * x[:, 0]).to(kind)


def as_fields(x: Any) -> Fields:  # noqa: ANN401 - what users hold
    """Return fields (n, h, w) of a file, an array or a tensor.

    Raises:
        InputError: complex numbers, integers, NaN, or other dimensions.
    """
    if isinstance(x, str | Path):
        return load_fields(x)
    array = plain_array(x, what="fields")
    if array.dtype.kind != "f":
        raise InputError(
            f"The fields are {array.dtype.name}: expected real floating point; convert them by "
            ".astype('float32'), or take .real of complex ones."
        )
    fields = torch.from_numpy(array)
    if fields.ndim == 4 and fields.shape[1] == 1:
        fields = fields[:, 0]
    if fields.ndim != 3 or fields.numel() == 0:
        raise InputError(
            f"The fields have shape {tuple(array.shape)}: expected (n, h, w), none of them 0."
        )
    if not bool(fields.isfinite().all()):
        raise InputError("The fields hold NaN or infinite values: replace them first.")
    return fields.float() if fields.dtype == torch.float16 else fields


def plan_bands(wavelet: str, size: tuple[int, int], subdivisions: int) -> CascadePlan:
    """Return the bands of fields of this size: octaves as long as both sides are even.

    An octave has fewer bands where its fields are too small for them.

    Raises:
        InputError: a side is odd.
    """
    sides, counts = list(size), []
    while all(n % 2 == 0 for n in sides):
        most = subdivisions
        while most > 1 and any(n % (2 * most) for n in sides):
            most //= 2
        counts.append(most)
        sides = [n // 2 for n in sides]
    if not counts:
        raise InputError(
            f"Fields of {size[0]}x{size[1]} pixels have an odd side: expected even sides, best "
            "powers of two; crop them first."
        )
    return CascadePlan(wavelet, tuple(counts))


def _blocks(fields: Fields, survey: Survey, progress: Callable[[int, int], None] | None):  # noqa: ANN202
    count = len(fields)
    groups = min(GROUPS, count)
    most = max(1, BATCH_PIXELS // fields[0].numel())
    for group in range(groups):
        first, last = group * count // groups, (group + 1) * count // groups
        for start in range(first, last, most):
            yield group, survey.standardised(fields[start : min(start + most, last)])
        if progress:
            progress(last, count)


def _describe(fit: Any) -> dict[str, Any]:  # noqa: ANN401
    solution = fit.solution
    return {
        "size": list(fit.moments.size),
        "parameters": len(solution.theta),
        "loss": solution.loss,
        "condition": solution.condition,
        "excess": solution.variance / (2 * solution.count),
    }
