"""The ways in which a page is denoised: `white`, `camera`, `photons`.

- `channels`, `parts`: white noise that is unlike in them.
- `direction`, `evenness`: what the model of cameras takes out and is no noise of theirs.
"""
