"""What a network is shown of a page: in any unit, without what carries no noise.

- `view`: the five rules, with `cut_off` for noise that ends at black or white, and `pedestal`.
- `kept`: gaps (`nodata`), areas of one colour (`painted`), burnt-out ones (`saturation`).
- `window`: the central part, in which noise is judged.
"""
