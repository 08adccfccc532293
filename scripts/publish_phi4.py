"""Make the built-in model `phi4`: critical lattice φ⁴, 64 x 64, fitted to fields drawn here.

python scripts/publish_phi4.py

Writes src/scorelet/zoo/weights/phi4.safetensors, phi4.json beside it (the model card) and
docs/results/phi4_model.json: samples beside fields of the law that were not fitted.
"""

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from scorelet.analysis.field_statistics.agreement import (
    binder_difference,
    even_total_variation,
    scale_ratios,
    spectrum_ratios,
)
from scorelet.core.files import write_text
from scorelet.sampling import Phi4
from scorelet.tasks.field_model import FieldModel
from scorelet.tasks.info import machine, package_versions
from scorelet.tasks.journal import digest

NAME, SIDE = "phi4", 64
FIT_SEED, OTHER_SEED, SAMPLE_SEED = 1, 2, 3
ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / f"src/scorelet/zoo/weights/{NAME}.safetensors"
CARD = WEIGHTS.with_suffix(".json")
RESULTS = ROOT / "docs/results/phi4_model.json"


def main(fields: int, samples: int) -> None:
    """Fit so many fields; compare so many samples with as many times five other fields."""
    law = Phi4()
    start, used = time.perf_counter(), time.process_time()
    model = FieldModel().fit(law.sample(fields, SIDE, FIT_SEED)[:, 0])
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    model.record["field"]["name"] = "φ"
    model.save(WEIGHTS)
    print(f"{fields} fields fitted in {seconds:.0f} s", flush=True)
    document = {
        "model": NAME,
        "sha256": digest(WEIGHTS),
        "command": f"python scripts/{Path(__file__).name}",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": package_versions(),
        "fields": fields,
        "fit_seconds": round(seconds, 1),
        "fit_cpu_seconds": round(cpu, 1),
        **compared(model, law, samples),
    }
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")
    write_text(CARD, json.dumps(card(model, document), indent=2, ensure_ascii=False) + "\n")


def compared(model: FieldModel, law: Phi4, samples: int) -> dict[str, Any]:
    """Return how near samples are to fields of the law."""
    x = law.sample(5 * samples, SIDE, OTHER_SEED)[:, 0].double()
    y = model.sample(samples, seed=SAMPLE_SEED).double()
    spectrum, scales = spectrum_ratios(x, y), scale_ratios(x, y)
    difference, error = binder_difference(x, y)
    return {
        "samples": samples,
        "total_variation": round(even_total_variation(x, y), 4),
        "total_variation_by_chance": round(even_total_variation(x[samples:], x[:samples]), 4),
        "binder_difference": round(difference, 4),
        "binder_error": round(error, 4),
        "spectrum": rows(spectrum.places, spectrum.values, spectrum.errors, "k"),
        "scales": rows(scales.places, scales.values, scales.errors, "pixels"),
    }


def rows(
    places: list[float], values: list[float], errors: list[float], name: str
) -> list[dict[str, float]]:
    """Return ratios as rows of a table."""
    return [
        {name: round(place, 2), "ratio": round(value, 4), "error": round(error, 4)}
        for place, value, error in zip(places, values, errors, strict=True)
    ]


def card(model: FieldModel, document: dict[str, Any]) -> dict[str, Any]:
    """Return the model card: what it is, where it comes from, what it can do."""
    inner = [row for row in document["spectrum"] if row["k"] >= 2]
    ratios = [row["ratio"] for row in inner]
    return {
        "name": NAME,
        "summary": f"energies of critical lattice φ⁴, {SIDE} x {SIDE}, one for each scale; "
        "scorelet field sample phi4",
        "law": Phi4().describe(),
        "parameters": sum(band["parameters"] for band in model.record["bands"]),
        "bytes": WEIGHTS.stat().st_size,
        "sha256": document["sha256"],
        "data": {
            "train": f"{document['fields']} fields of scorelet.sampling.Phi4(), seed {FIT_SEED}, "
            f"of which {model.record['field']['held_out']} are held out for the certificate",
            "test": f"{5 * document['samples']} fields, seed {OTHER_SEED}",
            "terms": "drawn by this package; nobody else has rights in them",
        },
        "command": document["command"],
        "machine": f"{document['machine']}, shared with other work; "
        f"{document['fit_cpu_seconds']:.0f} s of the processor for data and fit",
        "certificate": model.certificate().verdict,
        "samples": {
            "number": f"{document['samples']}",
            "radial spectrum over that of the law, k >= 2": f"{min(ratios):.3f} to "
            f"{max(ratios):.3f}, standard errors {max(row['error'] for row in inner):.3f} at most",
            "total variation of marginals": f"{document['total_variation']:.4f} (as many fields of "
            f"the law: {document['total_variation_by_chance']:.4f})",
            "Binder ratio, difference": f"{document['binder_difference']:.3f} ± "
            f"{document['binder_error']:.3f}",
        },
        "limits": "One law at one size. Samples of larger sizes are right only where fields are "
        "uncorrelated beyond 64 pixels, which they are not at the critical point.",
        "references": [
            "Guth, Lempereur, Bruna, Mallat, Conditionally Strongly Log-Concave Generative Models, "
            "ICML 2023, arXiv 2306.00181",
            "Marchand, Ozawa, Biroli, Mallat, Wavelet Conditional Renormalization Group, 2022, "
            "arXiv 2207.04941",
        ],
        "licence": "see LICENSE-models; its data are nobody's",
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fields", type=int, default=2000, help="that are fitted (2000)")
    parser.add_argument("--samples", type=int, default=200, help="that are measured (200)")
    options = parser.parse_args()
    main(options.fields, options.samples)
