"""CPU renderers that keep the product's own pixels: cut-out, packshot, scene."""
