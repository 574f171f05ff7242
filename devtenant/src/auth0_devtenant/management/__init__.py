"""The Management API v2: `endpoints` has the table of its routes, the other modules one subject each."""
