"""The screen of the dashboard: what is on it, how it is drawn, and which command a key stands for."""
