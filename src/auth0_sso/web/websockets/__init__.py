"""WebSockets without a framework: one whose access token may expire, and how one is refused."""
