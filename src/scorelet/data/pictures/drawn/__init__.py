"""Pictures that a program draws."""

from scorelet.data.pictures.drawn.pages import draw_page

__all__ = ["draw_page"]
