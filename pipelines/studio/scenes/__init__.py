"""The parts of a rendered scene: camera, light, surfaces, shadow, reflection, lens."""
