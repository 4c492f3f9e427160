"""What lies on the picture: captions and what they claim, foreign marks, bars."""
