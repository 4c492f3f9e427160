"""Measured numbers beside what is promised: speed, and what the judges find."""
