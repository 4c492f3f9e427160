"""Optional instruments: networks that look again, off until an operator gives their weights.

Read `seam` first (what they see, what they may say), then `second_look` (a vision-language model
at the evidence) and `similar` (features of product photo and output).
"""
