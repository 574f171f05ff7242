"""JSON objects, as the Management API shows them."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
