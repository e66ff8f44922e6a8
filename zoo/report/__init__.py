"""What people read: plain-text tables."""
