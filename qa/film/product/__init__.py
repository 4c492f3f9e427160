"""Whether the product stays itself: drawing, proportions and colours (`likeness`), `outline`."""
