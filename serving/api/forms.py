"""Forms read into memory: what a shopper sends must not touch a disk, not even a temporary file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from content_engine.errors import InvalidBrief

_FILES_MOST = 16
_FIELDS_MOST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form's files and fields by name; each name stands once."""

    files: Mapping[str, bytes]
    fields: Mapping[str, str]


class _MemoryParser(MultiPartParser):
    """Starlette's parser, which would spool every file over 1 MB to a temporary file."""

    spool_max_size = 2**62

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers, stream, max_files=_FILES_MOST, max_fields=_FIELDS_MOST)


def is_form(request: Request) -> bool:
    """True when the body is a multipart form."""
    return request.headers.get("content-type", "").startswith("multipart/form-data")


async def read_form(request: Request) -> Form:
    """The form, all of it in memory; the border has limited the body. Raises InvalidBrief."""
    parts = await read_parts(request)
    names = [name for name, _ in parts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidBrief(f"the form has two parts named {twice[0]!r}")
    return Form(
        files={name: part for name, part in parts if isinstance(part, bytes)},
        fields={name: part for name, part in parts if isinstance(part, str)},
    )


async def read_parts(request: Request) -> Sequence[tuple[str, bytes | str]]:
    """The form's parts in their order, a name as often as it stands there. Raises InvalidBrief."""
    if not is_form(request):
        raise InvalidBrief("send a multipart form")
    try:
        parsed = await _MemoryParser(request.headers, request.stream()).parse()
    except MultiPartException as error:
        raise InvalidBrief(f"the form cannot be read: {error.message}") from error
    try:
        return [
            (name, await item.read() if isinstance(item, UploadFile) else item)
            for name, item in parsed.multi_items()
        ]
    finally:
        await parsed.close()


async def read_file(request: Request) -> bytes:
    """The bytes of the body, or of the form's part `file`. Raises InvalidBrief."""
    if not is_form(request):
        return await request.body()
    form = await read_form(request)
    if "file" not in form.files:
        raise InvalidBrief("the form has no part `file` with the bytes")
    return form.files["file"]
