"""How patient a download is."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class DownloadSettings:
    """How patient a download is.

    Args:
        connect_timeout: seconds until the connection must stand.
        read_timeout: seconds for which the server may then be silent.
        retries: further tries after the first.
        backoff: seconds before the first retry; doubled for each further one, and shortened by up to a half at
            random, lest many clients come back at once.
        longest_pause: seconds; bounds the doubling and the server's Retry-After.
        block: bytes read at a time.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    retries: int = 4
    backoff: float = 0.5
    longest_pause: float = 60.0
    block: int = 1 << 16

    def pause(self, retry: int, asked: float) -> float:
        """Seconds to wait before retry number `retry`, counted from 0, when the server asked for `asked` seconds."""
        return min(max(asked, self.backoff * 2**retry * random.uniform(0.5, 1.0)), self.longest_pause)
