"""Errors as problem details (RFC 9457): statuses, the JSON object, and the response to an error."""
