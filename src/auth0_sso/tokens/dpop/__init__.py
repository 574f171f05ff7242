"""RFC 9449: proofs that the sender of an access token has the private key it is bound to."""
