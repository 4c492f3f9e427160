"""Faults of whole frames: of time, cuts, light and sharpness."""
