"""The ways in which a page is denoised: `white`, `camera`, `photons`.

- `toned`: pages whose channels are one picture, which goes the way of a gray one.
- `channels`, `parts`: white noise that is unlike in them.
- `direction`, `evenness`: what the model of cameras takes out and is no noise of theirs.
"""
