"""The checks of a request, without a framework: for guards of FastAPI, and for `Auth0Guard` in front of any app."""
