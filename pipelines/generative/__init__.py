"""Generative recipes: planned from briefs without a device, made through a device's step loop."""
