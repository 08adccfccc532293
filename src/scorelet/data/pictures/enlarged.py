"""What a file says about a picture, for one that was enlarged."""

from dataclasses import replace

from scorelet.data.pictures.formats.geotiff import finer
from scorelet.data.pictures.types import PictureMetadata


def enlarged(metadata: PictureMetadata, factor: int) -> PictureMetadata:
    """Return the metadata of a picture each of whose pixels has become factor x factor."""
    tiff = metadata.tiff
    return replace(
        metadata, tiff=None if tiff is None else replace(tiff, tags=finer(tiff.tags, factor))
    )
