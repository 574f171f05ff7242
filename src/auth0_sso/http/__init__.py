"""HTTP as a client: requests with a timeout and a limit on the bytes of their responses."""
