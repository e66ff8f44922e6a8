"""Figures sent to a server."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping

import numpy as np
import requests

from zoo.callbacks.callback import Callback, Logs

TIMEOUT = 10.0                                              # seconds, so that a silent server cannot hold up training


class RemoteMonitor(Callback):
    """Sends the figures of each epoch to a server, by HTTP POST.

    Args:
        root: address of the server.
        path: what follows.
        field: of the form, in which the figures are sent as JSON.
        headers: of the request.
        send_as_json: whether JSON is the content of the request, instead of a field of a form.
    """

    def __init__(self, root: str = "http://localhost:9000", path: str = "/publish/epoch/end/", field: str = "data",
                 headers: Mapping[str, str] | None = None, send_as_json: bool = False):
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Sends them; a failure is a warning."""
        data = {"epoch": epoch, **{name: np.asarray(value).tolist() for name, value in (logs or {}).items()}}
        content = {"json": data} if self.send_as_json else {"data": {self.field: json.dumps(data)}}
        try:
            requests.post(self.root + self.path, headers=self.headers, timeout=TIMEOUT, **content).close()
        except requests.RequestException as error:
            warnings.warn(f"RemoteMonitor: {self.root} could not be reached: {error}", stacklevel=2)
