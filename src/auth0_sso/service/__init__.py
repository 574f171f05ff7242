"""The service built on the library: its routes, documentation, logs, command line and server."""
