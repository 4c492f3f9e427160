"""Judges: scores with localised evidence, and the gate that decides."""
