"""The audit trail: who was refused, and which administrator did what to whom."""
