"""What may be used once: the replay cache of DPoP proofs (RFC 9449 section 11.1), in memory or in a shared store."""
