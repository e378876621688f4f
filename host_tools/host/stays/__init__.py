"""How long parcels wait: what a site allows, a clock that runs only while they could be collected,
and what is due by it.
"""
