"""Transforms say their options when they are printed."""

import pytest

from scorelet.wavelets import (
    MorletTransform2d,
    Normalization,
    OrthogonalWavelet,
    PacketPlan,
    Scattering2d,
    ScatteringCovariance,
    WaveletPacket,
)


@pytest.mark.parametrize(
    ("transform", "options"),
    [
        (MorletTransform2d(6, kind="half"), "L=6, kind='half', boundary='reflect'"),
        (ScatteringCovariance(J=3, L=2), "J=3, L=2"),
        (Normalization("mean", levels=4), "convention='mean', levels=4, channels=1, bands=3"),
        (Scattering2d(2, L=4), "J=2, L=4"),
        (OrthogonalWavelet("db2", levels=5), "'db2', levels=5"),
        (WaveletPacket("db2", PacketPlan.uniform(2)), "'db2', "),
    ],
)
def test_a_text_says_the_options(transform, options):
    assert f"{type(transform).__name__}({options}" in repr(transform)
