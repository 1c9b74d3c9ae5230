"""What is remembered of triggers between two looks: slot times, items, deliveries, routes, plugins and tools."""
