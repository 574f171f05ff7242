"""Errors as problem details (RFC 9457): statuses and the JSON object."""
