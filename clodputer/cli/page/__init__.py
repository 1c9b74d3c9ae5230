"""The report as one HTML page: SVG drawn by pure functions, a template, and text from outside made harmless."""
