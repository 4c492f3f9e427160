"""Diffusion models behind the step loop: one readable file a family, one call shape for all."""
