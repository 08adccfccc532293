"""Which noise a page has: white, that of a camera, or of photons.

- `choice`: by what is asked for or measured; `agreement`: in doubt, by what two models take out.
- `grain_level`: how strong that of a camera is; `quiet`: the places that tell it.
- `photons`: their law and number.
"""
