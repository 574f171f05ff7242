"""What the guards of a running app work with, built from the settings or given to protect."""
