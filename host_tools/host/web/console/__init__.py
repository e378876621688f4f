"""The console: what needs a person, what is alive, each site, parcels and residents.

A view is a file here with its route and a template of the same name under `look/templates/console/`.
"""
