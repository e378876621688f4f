"""What both ends have agreed on: the kinds of records, the numbers of commands,
codes, tickets, and the keys that they hang on.
"""
