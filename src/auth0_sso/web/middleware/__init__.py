"""The ASGI layer around an app: the context of each request, responses to errors, and the options of `harden`."""
