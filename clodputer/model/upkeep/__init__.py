"""What is kept up beside the runs, decided purely: metrics, retention, the report that is kept fresh, and chains of seals."""
