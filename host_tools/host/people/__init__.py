"""The persons whom parcels are for, and where they are reached."""
