"""What was changed, what was mixed and what was left alone, joined into one deliverable."""

from dubkit.conform.fcp7 import write_fcp7
from dubkit.conform.fcpxml import write_fcpxml
from dubkit.conform.master import Writer, conform_master
from dubkit.conform.timeline import check_timeline_library, write_edl, write_otio, write_resolve_otio, writes_edl

__all__ = [
    "Writer",
    "check_timeline_library",
    "conform_master",
    "write_edl",
    "write_fcp7",
    "write_fcpxml",
    "write_otio",
    "write_resolve_otio",
    "writes_edl",
]
