"""Kills the engine's processes at random moments and looks whether anything was lost or doubled."""
