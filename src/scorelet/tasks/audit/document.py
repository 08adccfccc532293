"""What an audit found, for JSON and as a report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.analysis.memorization import Shown
from scorelet.core.brief import Brief
from scorelet.tasks.array_files import save_page
from scorelet.tasks.audit.report import report


@dataclass(frozen=True, repr=False)
class Audit(Brief):
    """Evidence on memorisation.

    Attributes:
        document: for JSON: conclusion (a sentence), data, pictures, left_out (of these, as copies
            of others or of training pictures), height, width, channels, held_out (how many),
            training_pictures (of each of two given models; as many as are held out are measured),
            models (their names; None of twins), sigmas, seed, network and folder of the trainings
            (None of two given models), seconds (of trainings), warnings (sentences without a full
            stop), and rows, one for each size or one for two given models: size, sentence,
            parameters (of twins), verdict, open (signs that are), psnr_held_out, psnr_train, gap,
            gap_error (dB), lead (over what is easy, at the middle level, dB), fit_levels (where a
            linear filter is no better), variance (sigma, value and error by level), quartiles of
            cosines: pair, nearest, nearest_of_held_out; pair_cosines, nearest_cosines; diverged
            (why no samples could be drawn, or None); others_gap, others_gap_error (the gap of the
            other model on the same pictures, which it has not seen), filter_gap (that of a linear
            filter of others of the same set; of two given models), held_out_are (harder, easier or
            other than training pictures by these, or None), counted_gap, counted_gap_error (the
            gap; where held-out pictures are of another kind that to training pictures of the other
            model, None: nobody knows),
            by_gap (what that says), by_samples (what samples say); each: gap, gap_error,
            others_gap, others_gap_error, filter_gap, held_out_are, counted_gap, counted_gap_error,
            by_gap,
            lead, undertrained (whether that is too little), measured (training pictures), known
            (those by heart; None: cannot be counted), known_of_other (training pictures of the
            other model), nearest, nearest_cosines, others_cosines (with the nearest training
            picture of the other model), copies (samples with a cosine above copies_from) and
            copies_of_other (of training pictures of the other model) of the first model and of the
            second.
        shown: pictures for the report, by row.
    """

    document: dict[str, Any]
    shown: Mapping[int, Shown]

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a report with figures, NAME.html.

        Raises:
            InputError: another suffix, or a file that exists already.
        """
        save_page(path, lambda: report(self.document, self.shown), overwrite=overwrite)
