"""Looks inside two files whose bytes differ: what differs, and does it count?

One module a kind of file. Each is handed opened, size-capped files, opens no path of its
own and never unpickles.
"""

from repro_tui.compare.artifacts.dispatch import look_inside
from repro_tui.compare.artifacts.file import Inside, OpenFile

__all__ = ["Inside", "OpenFile", "look_inside"]
