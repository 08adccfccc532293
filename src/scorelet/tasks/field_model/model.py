"""A model of fields that can be fitted, sampled, saved and read."""

import warnings
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorelet.core.errors import CheckpointError, InputError
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.core.typing import Fields, PerSample
from scorelet.data.fields.labels import Label, read_label, read_remarks
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.plots.field_models import model_figure
from scorelet.sampling import OnStep
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.certificate import Certificate, certify_model
from scorelet.tasks.field_model.density import energies, scores
from scorelet.tasks.field_model.drawing import draw, enlarged, run_of
from scorelet.tasks.field_model.fields import as_fields, as_source
from scorelet.tasks.field_model.fitting import Choice, fit_model
from scorelet.tasks.field_model.likeness import unlike_fields
from scorelet.tasks.field_model.planning import BANDS
from scorelet.tasks.field_model.preparation import check_choice
from scorelet.tasks.field_model.refining import coarsen, far_coarse, refine
from scorelet.tasks.field_model.said import said_of_missed
from scorelet.tasks.field_model.scale import (
    label_of,
    label_of_potentials,
    standardised,
)
from scorelet.tasks.field_model.watch import ChainWatch, standing
from scorelet.training.score_matching import Family
from scorelet.zoo import load_as, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 400
_CHOSEN = (
    *("bands", "basis", "knots", "placement", "reach", "pixels", "moments", "smooth"),
    "precondition",
)


class FieldModel:
    """p(x) = p(x_J) prod_b p(d_b | c_b), each factor an energy that is linear in its parameters.

    Args:
        wavelet: orthogonal, see `scorelet.wavelets.OrthogonalWavelet`.
        bands: how wide the bands of details are: octave, half, quarter; or auto, for each octave
            the widest ones whose Hessians are positive at fields that are held out. Narrow bands
            make the conditional laws closer to log-concave.
        basis: of the potentials, spline or sigmoid.
        knots: of each potential; one more if it is even. Few knots need few fields: on 2000 fields
            of lattice φ^4, 32x32, 24 knots have four times the excess loss of 12.
        placement: of the knots, quantile or linspace.
        reach: pixels at most so far apart are coupled.
        pixels: on which the potentials of coarse fields act: finer, those of the grid of one octave
            more, or own.
        moments: after score matching, move parameters until samples have the moments of the fields.
        smooth: potentials are as far from quadratic ones as fields that are left out in turn call
            for: few fields of long waves would make too much of what they show by chance.
        border: periodic; mirror: fields are continued by their mirror image, and samples cut;
            window: a strip along the border is filled so that opposite sides join; auto looks at
            the step across the border.
        transform: of single pixels, undone in samples: none; log for positive fields; asinh, of
            (x - a) / b, the mildest that makes pixels nearly normal, for heavy tails; auto takes it
            where the law of pixels comes much nearer to a normal one.
        even: whether x and -x are equally likely; None lets the fields decide. Fields at another
            level than 0 are never even: of a law that is symmetric about its mean, take the mean
            away first, and potentials have half as many parameters.
        steps: of the chain of each band.
        precondition: chains move in coordinates in which the mean Hessian of their band is 1, see
            `scorelet.sampling.whitening`; None: those of bands whose condition number is above 10,
            where the spectrum is steep within an octave.
        prewhiten: fields are amplified where their power is too weak for a model of octaves, see
            `scorelet.data.fields.prewhitening`, and samples damped by as much; None: where it falls
            by orders of magnitude within an octave, as after a beam or a smoothing kernel.
        enforce: of all energies of the family, take the best whose conditional laws are strongly
            log-concave everywhere, which their certificate then says; `loss_paid` of each band in
            the record is what it costs. Moments are not matched then, and by how much samples miss
            them is said.

    Example:
        >>> import scorelet as sl
        >>> from scorelet.data.fields.ensembles import ensemble
        >>> x = ensemble("lattice_ou").sample(100, 8, seed=0)[:, 0]
        >>> model = sl.FieldModel("haar", knots=4, reach=1, steps=10).fit(x)
        >>> model.sample(2, seed=1).shape
        torch.Size([2, 8, 8])
    """

    @checked
    def __init__(  # noqa: PLR0913 - as many as the command has options
        self,
        wavelet: str = "db4",
        *,
        bands: str = "octave",
        basis: str = "spline",
        knots: int = 12,
        placement: str = "quantile",
        reach: int = 4,
        pixels: str = "finer",
        moments: bool = True,
        smooth: bool = True,
        border: str = "auto",
        transform: str = "auto",
        even: bool | None = None,
        steps: int = STEPS,
        precondition: bool | None = None,
        prewhiten: bool | None = None,
        enforce: bool = False,
    ) -> None:
        if bands not in BANDS:
            raise InputError(f"bands={bands!r}: use {', '.join(BANDS)}.")
        if steps < 1:
            raise InputError(f"steps={steps}: a chain has at least one step.")
        family = Family(basis, knots, placement, reach, pixels, concave=enforce, smooth=smooth)
        check_choice(border, transform)
        self._choice = Choice(
            *(wavelet, bands, family, even, steps, moments, border, transform, precondition),
            prewhiten=prewhiten,
        )
        self.steps = steps
        self._model: Multiscale[ConditionalEnergy] | None = None

    @property
    def model(self) -> Multiscale[ConditionalEnergy]:
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
    def label(self) -> Label:
        """Name and unit of the fields, as their file says them."""
        return label_of(self.record["field"])

    @property
    def chains(self) -> list[dict[str, float]]:
        """Step and acceptance of the chain of each band, coarse to fine."""
        return [
            {"epsilon": s["epsilons"][-1], "acceptance": s["acceptance"]}
            for s in self.record["chains"]["schedules"]
        ]

    @checked
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

    def fit(
        self,
        x: Any,  # noqa: ANN401 - what users hold
        *,
        mask: Any = None,  # noqa: ANN401
        progress: Progress | None = None,
    ) -> "FieldModel":
        """Fit all bands, certify them, find the steps of their chains; return this model.

        Args:
            x: fields (n, h, w) or (n, 1, h, w), array or tensor; or a file, see `load_fields`;
                (h, w) is one field, which alone cannot be fitted. One of twenty, the last ones, at
                most 64, is held out for the certificate.
            mask: true where pixels are no data, see `scorelet.data.fields.masked.as_mask`; NaN, and
                masked pixels of NumPy's masked arrays, are none in any case.
            progress: is told how much is done.

        What is strange about the fields, and bands whose samples have other moments than they, is
        warned of (`FieldWarning`); all remarks are in `record["field"]`.

        Raises:
            InputError: fields that cannot be fitted.
        """
        of_file = isinstance(x, str | Path)
        label, said = (read_label(x), read_remarks(x)) if of_file else (Label(), [])
        self._model = fit_model(self._choice, as_source(x, mask), progress)
        found = self.record["field"]
        found |= {"name": label.name, "unit": label.unit, "remarks": [*said, *found["remarks"]]}
        return self

    @checked
    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        start: int = 0,
        size: tuple[int, int] | None = None,
        coarse: Any = None,  # noqa: ANN401 - as in fit
        progress: Progress | None = None,
        on_step: OnStep | None = None,
        check: bool = True,
    ) -> Fields:
        """Draw fields, (n, h, w), in the units and the dtype of the data.

        Sample i depends on (seed, i) and the model only.

        Args:
            n: how many.
            seed: any non-negative integer.
            start: number of the first one.
            size: (h, w); that of the data if None. Larger fields have independent values at
                distances beyond the size of the data, and need octave bands; smaller ones are cut
                out.
            coarse: fields (m, h / 2^j, w / 2^j) in the units of the data, as `coarsen` gives them:
                samples of p(x | coarse field), super-resolution; sample i has number i modulo m.
            progress: is told how many samples are done.
            on_step: is told how the chains go, see `scorelet.sampling.OnStep`.
            check: warn if chains stand still; of bands whose moments `fit` has not reached; if the
                samples, 50 or more, have other variance, powers or tails than the fields, see
                `unlike_fields`; and of coarse fields in another unit, or at another level.

        Raises:
            InputError: chains that diverge, no samples asked for, a size that cannot be drawn,
                coarse fields that are not of this model.
        """
        if n < 1 or seed < 0 or start < 0:
            raise InputError(
                f"Asked for {n} samples from number {start} and seed {seed}: give at least one "
                "sample, and numbers that are not negative."
            )
        if coarse is not None and size not in (None, self.size):
            raise InputError("Give a size or coarse fields, not both: they have a size.")
        sides, numbers = size or self.size, range(start, start + n)
        watch = ChainWatch(on_step)
        run = run_of(self.model, self.steps, watch if check else on_step)
        if coarse is None:
            drawn = draw(run, numbers, seed, sides, progress)
            said = unlike_fields(self.record["field"], drawn) if check else []
        else:
            below = as_fields(coarse)
            said = far_coarse(self.model, below) if check else []
            drawn = refine(run, below, numbers, seed, progress)
        still = standing(watch.bands(enlarged(run, sides))) if check else []
        missed = said_of_missed(self.record["bands"]) if check else []
        for text in [*still, *missed, *said]:
            warnings.warn(text, FieldWarning, stacklevel=3)  # `checked` is one of them
        return drawn

    @checked
    def coarsen(self, x: Any, octaves: int) -> Fields:  # noqa: ANN401 - as in fit
        """Return coarse fields (n, h / 2^j, w / 2^j) in the units of the data, for `sample`.

        Each pixel is a weighted mean of x about it, by the low-pass filter of the wavelet; for haar
        the mean of a block. Where pixels are transformed before the fit, it is a mean of what they
        are then, transformed back: with a logarithm, and the line through quantiles after it,
        nearly the geometric mean.

        Args:
            x: fields, as in `fit`.
            octaves: j, from 1 on.

        Raises:
            InputError: fields of another size, octaves that the model does not have.
        """
        return coarsen(self.model, as_fields(x), octaves)

    def certificate(
        self,
        x: Any = None,  # noqa: ANN401 - as in fit
        *,
        progress: Progress | None = None,
    ) -> Certificate:
        """Return how log-concave the conditional laws are.

        Args:
            x: fields to look at, as in `fit`; None gives what was computed when the model was
                fitted, at fields that were held out.
            progress: is told how many Hessians are done, one for each field and band.

        Raises:
            InputError: fields of another size.
        """
        field = self.record["field"]
        made = {
            "transform": field.get("transform", "none"),
            "prewhitened": bool(field.get("prewhitening")),
        }
        if x is None:
            return Certificate(**made | self.record["certificate"])
        excess = [band["excess"] for band in self.record["bands"]]
        return certify_model(
            self.model,
            standardised(field, as_fields(x)),
            fields="given",
            excess=excess,
            progress=progress,
            **made,
        )

    def energy(self, x: Any) -> PerSample:  # noqa: ANN401 - as in fit
        """Return -log p of fields up to a constant, (n), float64: the sum over all scales.

        Where a transform T of fields is fitted, -sum_u log T'(x(u)) is added, so that p is the
        density of x. Of fields that were cut out it is an estimate: the energy of their mirror
        image for each copy of a pixel, or, with border="window", of fields as if they were
        periodic. That of prewhitened fields with a transform is of the law before samples
        were filtered and the quantiles of their pixels matched. Gradients do not reach x: `score`
        returns them.

        Args:
            x: fields, as in `fit`, without gaps.

        Raises:
            InputError: fields of another size or with gaps, a model whose octaves have several
                bands, whose free energies are not fitted, or one of prewhitened fields whose border
                was filled.
        """
        return energies(self.model, as_fields(x))

    def score(self, x: Any) -> Fields:  # noqa: ANN401 - as in fit
        """Return the score of fields, the gradient of log p = -`energy`, (n, h, w), float64.

        Its unit is 1 over that of the data. Where quantiles of pixels were matched, the density
        has steps at the quantiles, which no gradient sees.

        Args:
            x: fields, as in `energy`.

        Raises:
            InputError: as `energy`.
        """
        return scores(self.model, as_fields(x))

    def potentials(self) -> list[dict[str, Any]]:
        """Return the potential of a pixel at each scale, coarse to fine.

        Returns: of each band size, t (mean of the pixels that one pixel of the scale stands for, in
            the units of the data, or of their transform if one was fitted), v(t) without a constant
            and a linear function, and its jackknife error.
        """
        return [{"size": band["size"], **band["potential"]} for band in self.record["bands"]]

    def plot(self) -> "Figure":
        """Return a figure of the potentials, with error bands, and of the curvatures, by scale."""
        label = label_of_potentials(self.record["field"])
        return model_figure(self.potentials(), self.certificate().bands, label=label)

    @checked
    def save(self, path: str | Path) -> None:
        """Write the model to a ``.safetensors`` file; `FieldModel.load` and `sl.load` read it."""
        save(self.model, path)

    @classmethod
    @checked
    def load(cls, path: str | Path, *, verb: str = "field sample") -> "FieldModel":
        """Return the model of a file, or a built-in one by name; errors name the `verb` that asks.

        Raises:
            InputError: a model of another kind.
            CheckpointError: a file that cannot be read.
        """
        model = load_as(Multiscale, path, verb=verb)
        if "field" not in model.record:
            raise InputError(f"{path} holds no model of fields: fit one with scorelet field fit.")
        from scorelet.tasks.field_model.record import check_record

        check_record(model, path)
        family, field = model.record["family"], model.record["field"]
        named = {key: family[key] for key in _CHOSEN if key in family}
        named |= {key: field[key] for key in ("border", "transform", "even") if key in field}
        named |= {"steps": model.record["chains"]["steps"], "enforce": family.get("concave", False)}
        named["prewhiten"] = bool(field.get("prewhitening"))
        try:
            loaded = cls(family["wavelet"], **named)
        except InputError as error:
            raise CheckpointError(f"The record in {path} is damaged: {error}") from error
        loaded._model = model
        return loaded
