"""The HTML pages of the tenant."""
