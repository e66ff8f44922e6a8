"""Many images through one model: what to read, reading ahead, results that belong to their file, where they go."""
