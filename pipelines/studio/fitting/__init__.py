"""Clothes on a person: the body, the garment, the fit, the picture."""
