"""Looking at a sequence in the light of another one."""
