"""The sections of the report: what is seen, in words for who has not read the paper."""

from collections.abc import Mapping, Sequence

from scorelet.plots import curves_figure, png
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.recipes.claims import Measured
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.rainbow import published
from scorelet.recipes.subjects.rainbow.measures import BASES, MARGINALS, Rows

Tables = Mapping[str, Rows]
_COSINES = ("test", "as they are")


def kernel_section(rows: Rows) -> Section:
    """Show how kernels of random features converge."""
    text = (
        "A layer of d random neurons compares two pictures by the inner product of its outputs. "
        "As d grows this tends to a number that is known in closed form; the squared error falls "
        "as 1/d, so error times width is constant. That is why two wide networks whose weights "
        "have one law see the same, whatever their weights are."
    )
    cut = [
        (f"{row['width']:,}", figure(row["error"]), figure(row["error"] * row["width"]))
        for row in rows
    ]
    table = Table(["features d", "relative squared error", "times d"], cut)
    return Section("One layer: random features", [Text(text), table])


def tutorial_section(tables: Tables, measured: Mapping[str, Measured]) -> Section:
    """Show the tutorial's networks beside what its authors found."""
    text = (
        "Two small networks learn gray pictures for five epochs. Then each is drawn anew, without "
        "training: only the covariance of each layer's weights is kept, new neurons are drawn "
        "from a Gaussian of that covariance, layer by layer, and rotated to what the layers "
        "before, which are new as well, give out."
    )
    head = ["network", "weights", "accuracy here (%)", "published: authors, site (%)"]
    rows = [
        (
            row["network"],
            key,
            figure(row[key], measured[f"{row['network']} {key}"].error),
            ", ".join(published.TUTORIAL.get((row["network"], key), ("–",))),
        )
        for row in tables["tutorial"]
        for key in row
        if key != "network"
    ]
    widths = Table(
        ["width of the perceptron", "trained (%)", "sampled (%)", "cosine, layer 1", "layer 2"],
        [
            (
                f"{row['width']:g}",
                *(figure(v) for v in (row["trained"], row["sampled"], *row["cosines"])),
            )
            for row in tables["tutorial_widths"]
        ],
    )
    pairs = ", ".join(figure(measured[f"perceptron cosine {k}"].value) for k in (1, 2))
    cosines = Text(
        f"Cosines of the signals of two trained perceptrons, after a rotation, layers 1 and 2: "
        f"{pairs}; published 0.923, 0.879 (authors) and 0.924, 0.877 (site)."
    )
    note = Text(
        "Below: cosines of the signals of a drawn perceptron with those of the trained one."
    )
    table = Table(head, rows, frozenset({0, 1, 3}))
    return Section("Small networks, drawn anew", [Text(text), table, cosines, note, widths])


def widths_section(tables: Tables) -> Section:
    """Show how the error of an alignment falls with the width, layer by layer."""
    text = (
        "Two networks that began with other random numbers have other neurons. But what a layer "
        "reads in one can be turned, by one rotation for all pictures, into what it reads in the "
        "other. The error is 2 (1 - cos), the squared distance of signals of norm 1, on pictures "
        "to which the rotation was not fitted: 0 for equal signals, 2 for unrelated ones."
    )
    parts: list[Part] = [Text(text)]
    for key, title in (
        ("scattering_widths", "Scatterings"),
        ("untrained_widths", "Scatterings before their training"),
        ("residual_widths", "ResNets"),
    ):
        if rows := tables.get(key):
            parts += _by_width(title, rows, "layers", "error 2 (1 - cos)")
    if len(parts) > 1:
        parts.append(Text(published.WIDTHS, "note"))
    return Section("Signals agree up to a rotation", parts)


def covariances_section(rows: Rows) -> Section:
    """Show how covariances of weights come nearer to those of the widest network."""
    text = (
        "Once signals are turned, weights can be compared: what a neuron of one network would "
        "weigh in the other. Their covariance in a network says which directions it has learned, "
        "the better the more neurons it has. The error is that to the covariance in the widest "
        "network: the largest difference along any direction, over the largest covariance there."
    )
    parts = _by_width("Scatterings", rows, "covariances", "relative error of the covariance")
    note = Text(published.COVARIANCES, "note")
    return Section("Covariances of weights agree", [Text(text), *parts, note])


def _by_width(title: str, rows: Rows, key: str, label: str) -> list[Part]:
    widths = [row["width"] for row in rows]
    names = [layer["layer"] for layer in rows[0][key]]
    curves = {
        name: ([row[key][k]["error"] for row in rows], [0.0] * len(rows))
        for k, name in enumerate(names)
    }
    drawn = curves_figure(widths, curves, labels=("width", label), log=True)
    head = "read by" if key == "layers" else "matrix"
    table = Table(
        [head, *(f"width {width:g}" for width in widths)],
        [(name, *(figure(v) for v in curves[name][0])) for name in names],
    )
    return [Picture(png(drawn), f"{title}: error by width.", title), table]


def network_told(hidden: int, accuracy: float) -> str:
    """Say which scattering figures are of."""
    return (
        f"These are figures of a scattering of {hidden} hidden layers, which is right about "
        f"{accuracy:.1f} % of the test pictures. "
    )


def seeds_told(hidden: int, accuracy: float) -> str:
    """Say which scatterings figures are of."""
    return (
        f"Scatterings of {hidden} hidden layers that differ in their seed; the first is right "
        f"about {accuracy:.1f} % of the test pictures. "
    )


def movement_section(rows: Rows, network: str) -> Section:
    """Show how training stretches weights."""
    text = (
        "The weights of a layer are seen along the eigenvectors of their final covariance, the "
        "largest first. Along each, training multiplies the weights of all neurons by about the "
        "same number (amplification) and hardly changes which neurons have much of it (the cosine "
        "with the start stays high): it stretches the random weights along few directions."
    )
    parts: list[Part] = [Text(network + text)]
    for key, label in (("amplification", "amplification"), ("cosine", "cosine with the start")):
        shown = {row["layer"]: row[key] for row in rows}
        length = max(map(len, shown.values()))
        nan = float("nan")
        curves = {
            name: (values + [nan] * (length - len(values)), [0.0] * length)
            for name, values in shown.items()
        }
        drawn = curves_figure(range(1, length + 1), curves, labels=("rank", label))
        parts.append(Picture(png(drawn), f"{label} by rank."))
    ranks = (1, 10, 30, 100)
    cut = [
        (row["layer"], key, *(figure(_place(row[key], rank)) for rank in ranks))
        for row in rows
        for key in ("amplification", "cosine")
    ]
    head = ["layer", "", *(f"rank {rank}" for rank in ranks)]
    parts += [Table(head, cut, frozenset({0, 1})), Text(published.DYNAMICS, "note")]
    return Section("Training stretches weights", parts)


def _place(values: Sequence[float], rank: int) -> float | None:
    return values[rank - 1] if rank <= len(values) else None


def ranks_section(tables: Tables, network: str, other: str) -> Section:
    """Show what is left of the accuracy when few directions of a layer are kept.

    `network` and `other` say which; the latter has a curve of its second matrix by rank.
    """
    text = (
        "One layer at a time is projected on a few of the directions that its neurons read: the "
        "leading eigenvectors of its weights, the principal components of the signals, or random "
        "directions."
    )
    rows = []
    for row in tables["low_rank"]:
        known = published.clipped(row["layer"], row["share"])
        rows.append(
            (
                row["layer"],
                f"{row['rank']} of {row['inputs']}",
                *(figure(row["hits"][kind]) for kind in BASES),
                *known,
            )
        )
    head = ["layer", "kept", *(f"{kind} (%)" for kind in BASES)]
    head += ["published: kept", *(f"{kind} (%)" for kind in BASES)]
    parts: list[Part] = [
        Text(network + text),
        Table(head, rows, frozenset({0, 1})),
        Text(published.CLIPPED, "note"),
    ]
    if curve := tables["by_rank"]:
        ranks = [row["rank"] for row in curve]
        here = [row["accuracy"] for row in curve]
        known = dict(published.BY_RANK)
        curves = {
            "here": (here, [0.0] * len(ranks)),
            "published, width 1": ([known[r] for r in ranks], [0.0] * len(ranks)),
        }
        labels = ("eigenvectors kept of the second matrix", "accuracy (%)")
        drawn = curves_figure(ranks, curves, labels=labels, log=True)
        pooled = dict(published.BY_RANK_50)
        table = Table(
            ["kept", "here (%)", "published (%)", "published, directions of 50 networks (%)"],
            [
                (str(r), *(figure(value) for value in (a, known[r], pooled[r])))
                for r, a in zip(ranks, here, strict=True)
            ],
        )
        told = Text(other + "The second matrix by the number of directions that are kept.")
        parts += [told, Picture(png(drawn), "Accuracy by rank."), table]
    return Section("Few directions are enough", parts)


def seeds_section(tables: Tables, networks: str) -> Section:
    """Show whether seeds learn the same directions, and whether weights are Gaussian."""
    signals = Table(
        ["read by", "aligned", "as they are", "untrained, aligned", "untrained, as they are"],
        [
            (row["layer"], *(figure(x[key]) for x in (row, start) for key in _COSINES))
            for row, start in zip(tables["signals"], tables["signals, untrained"], strict=True)
        ],
    )
    eigenvectors = Table(
        ["layer", "aligned", "as they are"],
        [
            (row["layer"], figure(row["aligned"]), figure(row["as they are"]))
            for row in tables["eigenvectors"]
        ],
    )
    ranks = [str(rank + 1) for rank in MARGINALS]
    head = ["layer", "directions learned", "outside (%)", "whitened (%)"]
    head += [f"p, rank {rank}" for rank in ranks]
    gaussian = Table(
        head,
        [
            (
                row["layer"],
                str(row["learned"]),
                figure(100 * row["before"], 100 * row["before_error"]),
                figure(100 * row["after"], 100 * row["after_error"]),
                *(figure(row["p_values"].get(rank)) for rank in ranks),
            )
            for row in tables["gaussianity"]
        ],
    )
    return Section(
        "What seeds have in common",
        [
            Text(networks + "Cosines of the signals of two seeds, on test pictures."),
            signals,
            Text("Cosines of the leading eigenvectors of their weights, mean of equal ranks."),
            eigenvectors,
            Text(
                "Eigenvalues of random weights fill an interval; those outside were learned. If "
                "weights are Gaussian with the covariance that the other networks have, dividing "
                "by its root makes them random again. p is that of a Kolmogorov-Smirnov test of "
                "the weights of all networks along one eigenvector: small where they are not "
                "Gaussian."
            ),
            gaussian,
            Text(published.GAUSSIAN, "note"),
        ],
    )


def drawn_section(rows: Rows) -> Section:
    """Show the accuracy of trained and of drawn scatterings by width."""
    keys = ("trained", "sampled", "sampled, refitted", "white", "white, refitted")
    head = ["width", *(f"{key} (%)" for key in keys), "published: trained, sampled, refitted"]
    cut = [
        (
            f"{row['width']:g}",
            *(figure(row.get(key)) for key in keys),
            published.RESAMPLED.get(row["width"], "–"),
        )
        for row in rows
    ]
    text = (
        "Each scattering is drawn anew from the covariances of its weights, as above. Then its "
        "last layer is fitted to the labels again, by logistic regression. White weights know "
        "nothing but their size: what is above them was learned, and lies in covariances."
    )
    return Section(
        "Scatterings, drawn anew",
        [Text(text), Table(head, cut, frozenset({0, 6})), Text(published.DRAWN, "note")],
    )
