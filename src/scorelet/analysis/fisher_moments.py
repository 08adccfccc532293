"""Means and covariances of classes, taken in batch by batch.

Symbols: x features (n, D), K classes, n_c samples of class c and N of all, μ_c mean and Σ_c
covariance of class c, μ = Ave_c μ_c. Averages over classes are uniform, whatever their numbers:

    Σ_W = Ave_c Σ_c,    Σ_B = Ave_c (μ_c - μ)(μ_c - μ)^T.

Each class may be parted into halves: then Σ_c is taken about the means of its halves, which leaves
the means of the two halves independent of one another and of Σ_W.

References: Zarka, Guth, Mallat, ICLR 2021, arXiv 2012.10424, section 2; Chan, Golub, LeVeque, The
American Statistician 37, 1983 (means and scatter of merged samples).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Labels
from scorelet.core.words import counted

Features = Float[Tensor, "batch dimension"]


class ClassMoments:
    """Moments of the classes, in float64, without a second pass over the features.

    Args:
        counts: how many samples of each class will come, each more than `parts`. They are known
            from the labels, before any feature is computed.
        dimension: D.
        parts: 1; or 2: samples of a class go to its halves in turn.
        diagonal: keep variances only, so that D may be millions.

    Raises:
        InputError: fewer than two classes, or a class with too few samples.

    Example:
        >>> import torch
        >>> from scorelet.analysis.fisher_moments import ClassMoments
        >>> moments = ClassMoments([2, 2], 1)
        >>> moments.update(torch.tensor([[0.0], [2.0], [5.0], [7.0]]), torch.tensor([0, 0, 1, 1]))
        >>> moments.means().tolist(), round(moments.within.item(), 9)
        ([[1.0], [6.0]], 2.0)
    """

    def __init__(
        self, counts: Sequence[int], dimension: int, *, parts: int = 1, diagonal: bool = False
    ) -> None:
        check_counts(counts, parts)
        self.counts, self.dimension = tuple(int(n) for n in counts), dimension
        self.parts, self.diagonal = parts, diagonal
        classes = len(self.counts)
        # of each class in Σ_W, so that it has no bias
        weights = [1 / (classes * (n - parts)) for n in self.counts]
        self._weights = torch.tensor(weights, dtype=torch.float64)
        self._seen = torch.zeros(parts * classes, dtype=torch.float64)
        self._means = torch.zeros(parts * classes, dimension, dtype=torch.float64)
        shape = (dimension,) if diagonal else (dimension, dimension)
        self._within = torch.zeros(shape, dtype=torch.float64)

    @property
    def classes(self) -> int:
        """Their number K."""
        return len(self.counts)

    @property
    def freedom(self) -> tuple[int, ...]:
        """Degrees of freedom of each Σ_c: n_c less the number of means that were estimated."""
        return tuple(n - self.parts for n in self.counts)

    def update(self, features: Features, labels: Labels) -> None:
        """Take in a batch; its features may be on any device and in any precision.

        Raises:
            InputError: another dimension, values that are not finite, or more samples of a class
                than were announced.
        """
        x, labels = features.double(), labels.to(features.device)
        self._check(x, labels)
        self._to(x.device)
        group = self._groups(labels)
        size = torch.bincount(group, minlength=len(self._seen)).to(x)
        sums = torch.zeros_like(self._means).index_add_(0, group, x)
        centres = sums / size.clamp_min(1)[:, None]
        self._add(x - centres[group], self._weights[labels])
        total = (self._seen + size).clamp_min(1)
        shift = (centres - self._means) * (size > 0)[:, None]
        weight = self._weights.repeat(self.parts) * self._seen * size / total
        self._add(shift, weight)
        self._means += shift * (size / total)[:, None]
        self._seen += size

    @property
    def within(self) -> Tensor:
        """Σ_W without bias, (D, D); its diagonal (D,) where only that is kept."""
        self._refuse_unfinished()
        return self._within

    def means(self, part: int | None = None) -> Tensor:
        """Return μ_c of all samples, or of one part of them, (K, D)."""
        self._refuse_unfinished()
        means = self._means.reshape(self.parts, self.classes, -1)
        if part is not None:
            return means[part]
        shares = self._seen.reshape(self.parts, self.classes, 1)
        return (shares * means).sum(0) / shares.sum(0)

    def deviations(self, part: int | None = None) -> Tensor:
        """Return μ_c - μ, (K, D)."""
        means = self.means(part)
        return means - means.mean(0)

    def _groups(self, labels: Tensor) -> Tensor:
        """Return part · K + class of each sample."""
        if self.parts == 1:
            return labels
        ones = torch.nn.functional.one_hot(labels, self.classes)
        before = ones.cumsum(0) - ones + self._seen.reshape(self.parts, -1).sum(0).long()
        number = before.gather(1, labels[:, None])[:, 0]
        return number % self.parts * self.classes + labels

    def _add(self, rows: Tensor, weights: Tensor) -> None:
        scaled = rows * weights.sqrt()[:, None]
        if self.diagonal:
            self._within += scaled.square().sum(0)
        else:
            self._within.addmm_(scaled.mT, scaled)

    def _to(self, device: torch.device) -> None:
        if self._means.device != device:
            for name in ("_weights", "_seen", "_means", "_within"):
                setattr(self, name, getattr(self, name).to(device))

    def _check(self, x: Tensor, labels: Tensor) -> None:
        if x.shape[1] != self.dimension:
            raise InputError(
                f"Features have {x.shape[1]} values for each sample: expected {self.dimension}, "
                "as before."
            )
        if not bool(x.isfinite().all()):
            raise InputError(
                "Features are NaN or infinite, so classes have no means: look for the layer that "
                "makes them first."
            )
        new = torch.bincount(labels, minlength=self.classes)
        room = torch.tensor(self.counts, device=x.device)
        room -= self._seen.to(x.device).reshape(self.parts, -1).sum(0).long()
        if len(new) > self.classes or bool((new > room).any()):
            raise InputError(
                "The data hold more samples than their labels announced: they must be the same in "
                "every pass."
            )

    def _refuse_unfinished(self) -> None:
        seen, expected = int(self._seen.sum()), sum(self.counts)
        if seen != expected:
            raise InputError(
                f"Only {seen} of {expected} samples have come: moments are known when all have."
            )


def check_counts(counts: Sequence[int], parts: int, names: Sequence[str] = ()) -> None:
    """Refuse numbers of samples from which no covariances can be estimated.

    Args:
        counts: of each class.
        parts: into which the samples of each class are dealt.
        names: of the classes, where they are known.
    """
    if len(counts) < 2:
        raise InputError(f"The data have {len(counts)} class: separation needs at least two.")
    poor = [c for c, n in enumerate(counts) if n <= parts]
    if poor:
        first = poor[0]
        name = names[first] if first < len(names) else first
        raise InputError(
            f"Class {name} has {counted(counts[first], 'sample')}: at least {parts + 1} of each "
            "class are needed; give more pictures (a limit counts those of all classes), or leave "
            "the class out."
        )
