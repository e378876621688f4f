"""Storage: the database, its key, and what it holds of sites and cabinets."""
