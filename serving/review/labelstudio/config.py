"""The labeling configuration of each kind of media, from the one vocabulary of faults."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from content_engine.errors import InvalidBrief
from content_engine.faults import fault_kinds
from content_engine.types import Kind

CUT = "cut"
"""The label of the span that shall be cut out; no fault, the place of a correction."""

CORRECTIONS = {
    Kind.VIDEO: ("trim", "regenerate", "fall_back", "replace"),
    Kind.IMAGE: ("adjust", "regenerate", "replace"),
    Kind.TEXT: ("edit", "regenerate", "replace"),
}
"""What a reviewer may order there. The place of a trim is drawn, the rest stands in `details`."""


def labeling_config(kind: Kind) -> str:
    """The XML of a project for cases of that kind. Raises InvalidBrief for a kind without one.

    Source: Label Studio's tag reference (Video, TimelineLabels, VideoRectangle, Image with
    valueList, Text); `frameRate` is always given: its default of 24 shifts every frame.
    """
    if kind not in _BODIES:
        raise InvalidBrief(f"there is no exchange for {kind.value} cases; known: {_known()}")
    faults = _labels(fault_kinds(kind))
    # The product's photos and the judge's reasons stand beside the candidate.
    head = f'  <Header value="$title"/>\n  <Text name="reasons" value="$reasons"/>\n{_PHOTOS}'
    body = _BODIES[kind].format(faults=faults, cut=_label(CUT, "#111111"))
    return f"<View>\n{head}{body}{_answers(kind)}</View>\n"


_PHOTOS = '  <Image name="photos" valueList="$photos"/>\n'

_BODIES = {
    Kind.VIDEO: """\
  <Video name="media" value="$video" frameRate="$fps" timelineHeight="160"/>
  <TimelineLabels name="seg" toName="media">{faults}{cut}</TimelineLabels>
  <VideoRectangle name="box" toName="media"/>
  <Labels name="kind" toName="media">{faults}</Labels>
""",
    Kind.IMAGE: """\
  <Image name="media" valueList="$images"/>
  <RectangleLabels name="box" toName="media">{faults}{cut}</RectangleLabels>
""",
    Kind.TEXT: """\
  <Text name="media" value="$text"/>
  <Labels name="kind" toName="media">{faults}</Labels>
""",
}


def _answers(kind: Kind) -> str:
    verdict = _choices("verdict", ("pass", "fix", "reject"))
    correction = _choices("correction", CORRECTIONS[kind])
    areas = "".join(f'  <TextArea name="{name}" toName="media"/>\n' for name in _AREAS)
    return verdict + correction + areas


_AREAS = ("details", "faults", "comment")
"""`details`: a correction's other parameters as JSON. `faults`: kinds that have no place, one a
line."""


def _choices(name: str, values: Iterable[str]) -> str:
    listed = "".join(f'<Choice value="{value}"/>' for value in values)
    return f'  <Choices name="{name}" toName="media">{listed}</Choices>\n'


def _labels(kinds: Iterable[str]) -> str:
    return "".join(_label(kind, "") for kind in kinds)


def _label(value: str, colour: str) -> str:
    background = f" background={quoteattr(colour)}" if colour else ""
    return f"<Label value={quoteattr(value)}{background}/>"


def _known() -> str:
    return ", ".join(sorted(kind.value for kind in _BODIES))
