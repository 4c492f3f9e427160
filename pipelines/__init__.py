"""Makers: from a brief to recipes, from a recipe to a candidate."""
