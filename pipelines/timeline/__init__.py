"""Timeline edits of a clip: cut and join, or replace. Next: `editor.py`, then `join.py`."""

from pipelines.timeline.editor import TimelineEditor

__all__ = ["TimelineEditor"]
