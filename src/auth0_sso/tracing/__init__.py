"""Traces (OpenTelemetry): spans of this package's own work, and what the service exports them with.

`current` needs no other package; the rest needs opentelemetry, which is optional. docs/decisions/0041 says why.
"""

from typing import Final

FLUSH_TIMEOUT: Final = 2.0
"""Seconds that a shutdown waits for the last spans to be sent."""
