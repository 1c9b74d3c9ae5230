"""Figures, for people: costs and budgets, how runs went, what they are expected to take, and what they teach."""
