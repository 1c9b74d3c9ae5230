"""Edges: what a person is notified of when it begins, from the events of the log and the holds there are.

A run is no news: that a task fails which was in order is, and that it is in order again. So what was told is remembered, and
everything else follows from the log's events. Nothing here reads a clock or a file.

A new kind of event has its handler in the table `HANDLERS` of the file of its subject: `runs`, `limits` or `requests`.
"""
