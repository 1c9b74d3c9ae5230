"""How an answer looks in a terminal: colour, width, tables, and what is redrawn in place."""
