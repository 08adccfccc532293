"""The certificate of a model of fields: what was computed, in numbers and in a sentence."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from scorelet.core.progress import Progress
from scorelet.models.certificates import certify
from scorelet.models.field_energy import ConditionalEnergy, descend
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import chained

MOST_FIELDS = 32
_FEW = 5  # fields, below which it is said that they say little
_OF_TRANSFORMED = (
    "These are the laws of {}, and those of the fields themselves need not be log-concave."
)
_OF_AMPLIFIED = (
    "Prewhitening has amplified {} where power is weak, and these are the laws of bands of what "
    "came out, given coarser ones. The filter is linear and has an inverse, so that the divergence "
    "of whole fields is the same before it; but it mixes bands, and conditional laws of bands "
    "before it need not be log-concave."
)


@dataclass(frozen=True)
class Certificate:
    """How log-concave the conditional laws of a model are.

    Args:
        bands: of each band, coarse to fine, see `BandCertificate.as_dict`; `kl_bound`, in nats, is
            what the finite number of fields may cost, where the uniform bound is positive: it is
            that of the parameters of score matching, before moments and quantiles were matched.
        fields: at which fields: "held out", "fitted" or "given".
        transform: of pixels, before the fields were fitted: the laws are those of transformed
            fields, and laws of the fields themselves need not be log-concave.
        prewhitened: whether frequencies of little power were amplified before the fit: the laws are
            those of bands of the amplified fields.
    """

    bands: list[dict[str, Any]]
    fields: str
    transform: str = "none"
    prewhitened: bool = False

    @property
    def holds_uniformly(self) -> bool:
        """Whether every conditional law is strongly log-concave at all fields."""
        return all(band["holds_uniformly"] for band in self.bands)

    @property
    def holds_at_fields(self) -> bool:
        """Whether every Hessian is positive at every field that was looked at."""
        return all(band["holds_at_fields"] for band in self.bands)

    @property
    def verdict(self) -> str:
        """What holds, "certified" only where the uniform bound is positive; and of which laws."""
        said = [self._of_bands]
        if self.transform != "none":
            said.append(_OF_TRANSFORMED.format(_name_of(self.transform)))
        if self.prewhitened:
            said.append(_OF_AMPLIFIED.format(_name_of(self.transform)))
        return " ".join(said)

    @property
    def _of_bands(self) -> str:
        count = self.bands[0]["fields"]
        if self.holds_uniformly:
            return "Certified: every conditional law is strongly log-concave, at all fields."
        failed = [name for name, band in self._named if not band["holds_at_fields"]]
        if failed:
            return (
                f"Not certified: Hessians have negative eigenvalues {self._somewhere(count)}, in "
                f"bands of {', '.join(failed)}."
            )
        where = f"all {count} {self.fields} fields" if count > 1 else f"the one {self.fields} field"
        few = "" if count >= _FEW else " So few fields are weak evidence."
        return f"Not certified for all fields, but log-concave at {where} in every band.{few}"

    def _somewhere(self, count: int) -> str:
        if count > 1:
            return f"at some of the {count} {self.fields} fields"
        return f"at the one {self.fields} field"

    @property
    def _named(self) -> list[tuple[str, dict[str, Any]]]:
        """Bands after their names: pixels, and which part of an octave that is split."""
        sizes = ["x".join(str(n) for n in band["size"]) + " pixels" for band in self.bands]
        named = []
        for k, (size, band) in enumerate(zip(sizes, self.bands, strict=True)):
            part = f" (part {sizes[: k + 1].count(size)} of {sizes.count(size)})"
            named.append((size + part if sizes.count(size) > 1 else size, band))
        return named

    @property
    def precision(self) -> str:
        """One sentence: how well the eigenvalues at fields are known."""
        name, worst = max(self._named, key=lambda named: named[1].get("residual_max", 0.0))
        if "residual_max" not in worst:  # a model fitted before residuals were kept
            return (
                "Each least eigenvalue at a field has been lowered by the residual of its vector."
            )
        return (
            "Each least eigenvalue at a field has been lowered by the residual of its vector, "
            f"at most {worst['residual_max']:.2g} ({name}), but not below the uniform "
            "bound: one lies within it, always. "
            "That none lies lower rests on the random start of the iteration."
        )

    @property
    def limits(self) -> list[str]:
        """What the numbers do not say, a sentence each."""
        said = [self.precision]
        only = [
            name for name, b in self._named if b["holds_at_fields"] and not b["holds_uniformly"]
        ]
        if only:
            said.append(
                f"In bands of {', '.join(only)} curvatures are positive at the fields that were "
                "looked at; at other fields nothing is known."
            )
        failed = [name for name, band in self._named if not band["holds_at_fields"]]
        if failed:
            said.append(
                f"In bands of {', '.join(failed)} nothing bounds the time of a chain or the error "
                "of the fit. That samples agree with the data is an observation there, not a "
                "consequence; narrower bands (--bands half, quarter, auto) are more convex."
            )
        said.append(
            "Bounds are about this model, and about chance in its fit: that the true law is of its "
            "form is not certified by anything; statistics of samples beside those of the data "
            "test it."
        )
        return said

    def as_dict(self) -> dict[str, Any]:
        """Return the certificate as JSON can say it."""
        return {
            "verdict": self.verdict,
            "precision": self.precision,
            "fields": self.fields,
            "transform": self.transform,
            "prewhitened": self.prewhitened,
            "holds_uniformly": self.holds_uniformly,
            "holds_at_fields": self.holds_at_fields,
            "bands": self.bands,
        }


def certify_model(
    model: Multiscale[ConditionalEnergy],
    x: Tensor,
    *,
    fields: str,
    excess: list[float],
    transform: str = "none",
    prewhitened: bool = False,
    progress: Progress | None = None,
) -> Certificate:
    """Return the certificate of all bands that chains sample.

    Args:
        model: its factors.
        x: standardised fields, (n, 1, h, w).
        fields: what they are, for the sentence.
        excess: expected excess of the loss of each band, coarse to fine.
        transform: of pixels, none, log or asinh.
        prewhitened: whether fields were amplified.
        progress: is told how many Hessians are done, one for each field and band.
    """
    factors = chained(model)
    fields_of = descend([factor.band for factor in factors], x)
    done = 0

    def looked(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, len(factors) * len(x))

    pairs = zip(reversed(factors), fields_of, strict=True)
    found = [certify(factor, y, on_fields=looked).as_dict() for factor, y in pairs][::-1]
    for entry, lost in zip(found, excess, strict=True):
        alpha = entry["alpha_uniform"]
        entry["kl_bound"] = lost / alpha if alpha > 0 else None
    return Certificate(found, fields, transform, prewhitened)


def _name_of(transform: str) -> str:
    """Return what was fitted: fields, or their transform."""
    names = {"none": "the fields", "log": "the logarithm of the fields"}
    return names.get(transform, f"{transform} of the fields")
