"""A pinned TensorFlow Lite network, opened at its first use."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from assets.weights import locate


class Network:
    """The network `name` of `models.toml` on one CPU thread. Deterministic; not thread-safe."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._interpreter: Any = None
        self._input = 0
        self._outputs: tuple[int, ...] = ()

    def run(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """The outputs for one (1, H, W, 3) float32 batch, in the file's order, float32.

        Raises WeightsInvalid when the pinned file is not there.
        """
        interpreter = self._interpreter or self._opened()
        interpreter.set_tensor(self._input, np.ascontiguousarray(batch, np.float32))
        interpreter.invoke()
        return tuple(interpreter.get_tensor(index) for index in self._outputs)

    def _opened(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        path = locate(self._name)
        interpreter = Interpreter(model_path=os.fspath(path), num_threads=1)
        interpreter.allocate_tensors()
        self._input = interpreter.get_input_details()[0]["index"]
        self._outputs = tuple(item["index"] for item in interpreter.get_output_details())
        self._interpreter = interpreter
        return interpreter
