"""The generated parts of docs/, each with a check."""
