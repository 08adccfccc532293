"""What the paper and a reproduction of it print, for tables beside ours."""

SLOPES = {1.0: 0.46, 2.0: 0.61, 3.0: 0.75, 5.0: 0.83}
"""Figure 4, by α: at 80 x 80 pixels, of 10^5 images drawn by algorithm 2."""

DISC_FACTORS = (1.177, 1.067, 1.004, 0.999, 0.945, 0.674, 0.552, 0.39, 0.304, 0.278)
"""Figure 5: the first eigenvalues at a disc of 80 x 80 pixels with noise 0.04."""

PICTURE_FACTORS = {
    6: 1.244,
    18: 1.115,
    30: 1.046,
    42: 1.008,
    54: 0.973,
    66: 0.93,
    78: 0.896,
    90: 0.857,
    126: 0.758,
    162: 0.663,
    198: 0.59,
    246: 0.51,
}
"""Eigenvalues by rank, from 1, at a face of 80 x 80 pixels with noise 0.15."""

INPUTS = (0.0, 12.0)
"""Input PSNR of the next figures, in dB, that our curves reach."""
CURVES = {
    10: ((38.1, 49.0), (13.5, 14.1)),
    100: ((36.5, 47.4), (15.1, 16.1)),
    1000: ((29.0, 41.1), (16.3, 17.4)),
    10_000: ((19.5, 27.1), (17.9, 20.7)),
}
"""Output PSNR of training and of held-out faces of 40 x 40 pixels by the number of faces: a
reproduction by others with 7,659,264 weights and 10^8 pictures seen (Topeza 2025,
github.com/Sylvain-Topeza/inria-internship), read from its figure to 0.3 dB."""
