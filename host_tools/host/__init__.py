"""The server's half: what is known of sites, cabinets, residents,
tickets and parcels, and the link to the boards.
"""
