"""Tickets, parcels and receipts, and what staff do for a parcel that waits."""
