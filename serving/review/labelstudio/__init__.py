"""The exchange with Label Studio. Next: `task.py` (a case as a task), then `answer.py`, `carry.py`.

Frames are 1-based there and 0-based here, boxes in percent there and in 0..1 here.
"""
