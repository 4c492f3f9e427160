"""A library that breaks leaves its metric unscored: its errors, named one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from content_engine.errors import ScorerFailed

OPENCV_ERRORS: tuple[type[Exception], ...] = (cv2.error,)
"""What OpenCV raises."""

TORCH_ERRORS: tuple[type[Exception], ...] = (RuntimeError,)
"""What torch raises: it has no class of its own for a layer that does not fit its input."""


@contextmanager
def measuring(what: str, *, breaks_with: tuple[type[Exception], ...]) -> Iterator[None]:
    """Runs the block; the named errors come out as ScorerFailed, which says what broke and how."""
    try:
        yield
    except breaks_with as error:
        how = f"{type(error).__name__}: {error}"
        raise ScorerFailed(f"{what} broke ({how}); a person must look at the picture") from error


def onnx_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: its classes share no base but Exception."""
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        EPFail,
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NoSuchFile,
        NotImplemented,
        RuntimeException,
    )

    return (
        EPFail,
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NoSuchFile,
        NotImplemented,
        RuntimeException,
    )


def reader_errors() -> tuple[type[Exception], ...]:
    """What RapidOCR raises, on top of onnxruntime and OpenCV."""
    from rapidocr.ch_ppocr_det.utils import ResizeImgError as DetectorResizeError
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError
    from rapidocr.main import RapidOCRError
    from rapidocr.utils.load_image import LoadImageError
    from rapidocr.utils.process_img import ResizeImgError

    own = (RapidOCRError, ONNXRuntimeError, LoadImageError, ResizeImgError, DetectorResizeError)
    return (*own, *onnx_errors(), *OPENCV_ERRORS)
