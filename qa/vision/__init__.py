"""The image judge's instruments: one file each, every one blind to how the picture was made."""
