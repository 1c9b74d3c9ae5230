"""What brings requests in, decided purely: events and their routes, plugins, tools, and changes of watched folders."""
