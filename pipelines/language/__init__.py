"""The grounded realiser: copy composed from facts by per-locale grammar."""
