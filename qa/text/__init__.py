"""The text judge: every number, unit, material, colour, claim and name in copy maps to a fact."""

from qa.text.judge import METRICS, TextJudge

__all__ = ["METRICS", "TextJudge"]
