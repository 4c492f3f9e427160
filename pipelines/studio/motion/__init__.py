"""Designed motion: a product's own photos and facts as a short clip. Next: `composition.py`."""
