"""How ``zoo`` ends; the numbers are part of its interface and do not change."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell gets to see.

    Attributes:
        OK: everything asked for was done.
        FINDINGS: done, and there is something wrong with what was looked at.
        ERROR: it could not be done; a message says why. Also wrong usage.
        SOME_FAILED: done for some inputs; the others have an error in their place.
        INTERRUPTED: Ctrl-C.
        BROKEN_PIPE: whoever read the output stopped reading, as ``head`` does.
    """

    OK = 0
    FINDINGS = 1
    ERROR = 2
    SOME_FAILED = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141
