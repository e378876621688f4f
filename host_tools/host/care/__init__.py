"""Alarms and cases: what people must look at, who is woken for it, and what became of it."""
