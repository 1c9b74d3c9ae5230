"""What a run may do, decided purely: which changes of a task widen it, what a trial found, and which calls were denied."""
