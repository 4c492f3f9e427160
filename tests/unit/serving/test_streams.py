"""Forms that are read while they come, whatever the pieces they come in."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from serving.api.streams import StreamedForm

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="briefs"\r\n\r\n[]\r\n'
    b'--b\r\nContent-Disposition: form-data; name="feed"; filename="f.csv"\r\n\r\nid\r\n\r\n--b--\r\n'
)


@pytest.mark.parametrize("size", [1, 7, len(FORM)])
def test_a_form_is_read_from_pieces_of_any_size(size: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(FORM), size):
            yield FORM[start : start + size]

    async def read() -> tuple[dict[str, str], str, bytes]:
        form = StreamedForm("multipart/form-data; boundary=b", pieces(), file="feed")
        fields, found = await form.fields(), b""
        while piece := await form.next_piece():
            found += piece
        return fields, form.filename, found

    assert asyncio.run(read()) == ({"briefs": "[]"}, "f.csv", b"id\r\n")
