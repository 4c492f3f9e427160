"""Errors of the floor, sorted by who must act. The class docstring is the default message."""

from __future__ import annotations

from typing import ClassVar


class AssetError(Exception):
    """Something went wrong with an asset."""

    code: ClassVar[str] = "asset-error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class UnsupportedMedia(AssetError):
    """This kind of file is not one that the engine reads."""

    code = "unsupported-media"


class CorruptMedia(AssetError):
    """The file is damaged or cut short."""

    code = "corrupt-media"


class TooLarge(AssetError):
    """The file or the picture in it is larger than allowed."""

    code = "too-large"


class UnsafeSource(AssetError):
    """The address leads to a place that must not be read from."""

    code = "unsafe-source"


class FetchFailed(AssetError):
    """The source did not deliver; it may do so later."""

    code = "fetch-failed"
    retryable = True


class AssetMissing(AssetError):
    """There is no such asset in the store."""

    code = "asset-missing"


class StoreUnavailable(AssetError):
    """The asset store cannot be read or written just now."""

    code = "store-unavailable"
    retryable = True


class WeightsInvalid(AssetError):
    """A model's weight file is missing or is not the pinned one."""

    code = "weights-invalid"


class SigningKeyInvalid(AssetError):
    """The signing key or its certificate chain cannot be used."""

    code = "signing-key-invalid"


class SigningFailed(AssetError):
    """The provenance credential could not be written."""

    code = "signing-failed"
