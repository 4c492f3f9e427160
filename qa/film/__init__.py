"""The video judge's instruments: one file each, every one blind to how the clip was made."""
