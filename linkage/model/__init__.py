"""Words and tables that every part of linkage shares."""
