"""What a file says about a picture, for one that was enlarged."""

from dataclasses import replace

from scorelet.data.pictures.formats.geotiff import finer
from scorelet.data.pictures.formats.orientation import with_size
from scorelet.data.pictures.types import Picture, PictureMetadata


def enlarged(picture: Picture, factor: int) -> PictureMetadata:
    """Return the metadata of a picture each of whose pixels becomes factor x factor."""
    if factor == 1:
        return picture.metadata
    height, width = picture.pixels.shape[:2]
    sized = with_size(picture.metadata, (factor * width, factor * height))
    tiff = sized.tiff
    return replace(
        sized, tiff=None if tiff is None else replace(tiff, tags=finer(tiff.tags, factor))
    )
