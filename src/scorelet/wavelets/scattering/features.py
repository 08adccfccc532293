"""Scattering coefficients as features for scikit-learn."""

import warnings
from typing import Any, no_type_check

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from scorelet.core.errors import InputError, ResultWarning
from scorelet.core.numbers import is_whole
from scorelet.core.words import colours_last
from scorelet.wavelets.morlet.bank import check_scales
from scorelet.wavelets.scattering.transform import Scattering2d

_BATCH = 64  # pictures at a time, so that memory does not grow with their number


@no_type_check  # scikit-learn hands wrong things over on purpose, to see what is said
class ScatteringFeatures(TransformerMixin, BaseEstimator):
    """Rows of pixels → rows of scattering coefficients, for pipelines of scikit-learn.

    Args:
        J: number of octaves; 2^J must be at most the picture's smaller side.
        L: number of angles.
        order: of the longest paths, 1 or 2 (3 where needed).
        image_shape: (height, width) or (channel, height, width) of the picture in a row; None
            takes a row for a 1 x n picture, on which J can only be 0: features are blurred pixels,
            which a warning says.
        pooling: "none" keeps every position, "mean" averages over space.

    Shape:
        (pictures, pixels) → (pictures, features); column names from `get_feature_names_out`, as
        ``c0_S2_j0t3_j1t5_y0_x2`` (channel, path, position).

    Example:
        >>> from sklearn.linear_model import RidgeClassifier
        >>> from scorelet.wavelets.scattering.features import ScatteringFeatures
        >>> from sklearn.pipeline import make_pipeline
        >>> model = make_pipeline(ScatteringFeatures(J=2, image_shape=(8, 8)), RidgeClassifier())
    """

    def __init__(
        self,
        J: int = 2,
        L: int = 8,
        *,
        order: int = 2,
        image_shape: tuple[int, ...] | None = None,
        pooling: str = "none",
    ) -> None:
        self.J = J
        self.L = L
        self.order = order
        self.image_shape = image_shape
        self.pooling = pooling

    def fit(self, X: ArrayLike, y: object = None) -> "ScatteringFeatures":
        """Learn nothing but the shapes."""
        rows = validate_data(self, X, dtype=[np.float64, np.float32])
        shape = self._shape(rows.shape[1])
        check_scales(self.J, self.L)
        transform = Scattering2d(self._scales(shape), self.L, order=self.order)
        if self.pooling not in ("none", "mean"):
            raise InputError(f"pooling is {self.pooling!r}: it must be 'none' or 'mean'.")
        self.shape_ = shape
        self.scattering_ = transform
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Return the features, in the dtype of X."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        pictures = torch.from_numpy(np.require(rows, requirements=["C", "W"])).reshape(
            -1, *self.shape_
        )
        with torch.inference_mode():
            batches = [self._features(part) for part in pictures.split(_BATCH)]
        return torch.cat(batches).numpy()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:  # noqa: ANN401
        """Return the names of the columns."""
        check_is_fitted(self)
        channels, height, width = self.shape_
        rows, columns = self.scattering_(torch.zeros(height, width)).shape[1:]
        places = [""] if self.pooling == "mean" else _places(rows, columns)
        return np.array(
            [
                f"c{channel}_{path.name}{place}"
                for channel in range(channels)
                for path in self.scattering_.paths
                for place in places
            ],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _features(self, pictures: torch.Tensor) -> torch.Tensor:
        coefficients = self.scattering_(pictures)
        if self.pooling == "mean":
            coefficients = coefficients.mean((-2, -1))
        return coefficients.flatten(1)

    def _scales(self, shape: tuple[int, int, int]) -> int:
        """Return J, or what a picture without a given shape allows of it."""
        largest = min(shape[1:]).bit_length() - 1
        if largest >= self.J:
            return self.J
        if self.image_shape is not None:
            raise InputError(
                f"J is {self.J}, but the pictures have {shape[1]}x{shape[2]} pixels: both sides "
                f"must be at least 2^J = {2**self.J}; {_colours(shape)}take J at most {largest}."
            )
        warnings.warn(
            f"Rows of {shape[2]} values are taken for pictures of 1x{shape[2]} pixels, on which J "
            f"is {largest}, not {self.J}: give their image_shape.",
            ResultWarning,
            stacklevel=3,
        )
        return largest

    def _shape(self, pixels: int) -> tuple[int, int, int]:
        """Return (channel, height, width) of the pictures."""
        given = (1, pixels) if self.image_shape is None else tuple(np.atleast_1d(self.image_shape))
        whole = all(is_whole(length, least=1) for length in given)
        shape = (1, *given) if len(given) == 2 else given
        if len(shape) != 3 or not whole or np.prod(shape) != pixels:
            raise InputError(
                f"A row has {pixels} values, but image_shape is {self.image_shape!r}: give "
                "(height, width) or (channel, height, width) whose product is the number of values."
            )
        return int(shape[0]), int(shape[1]), int(shape[2])


def _colours(shape: tuple[int, int, int]) -> str:
    """Return what is said first where the last number of a shape looks like that of colours."""
    height, width, channels = shape
    if height == 1 or not colours_last((width, channels)):  # of two numbers the first is 1
        return ""
    return (
        f"if the last axis is of colours, bring it in front, x.reshape(-1, {height}, {width}, "
        f"{channels}).transpose(0, 3, 1, 2).reshape(len(x), -1), and give image_shape=({channels}, "
        f"{height}, {width}); otherwise "
    )


def _places(rows: int, columns: int) -> list[str]:
    return [f"_y{row}_x{column}" for row in range(rows) for column in range(columns)]
