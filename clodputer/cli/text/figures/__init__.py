"""Figures in words: costs, budgets, what past runs teach, and what is advised."""
