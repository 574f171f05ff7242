"""Access tokens that are refused before they expire: those of sessions that ended and of users who lost access."""
