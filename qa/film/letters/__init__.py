"""Whether letters in the picture stay what they say (`lost`) and how they look (`writing`)."""
