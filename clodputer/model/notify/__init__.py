"""What a person is notified of, decided purely: edges, channels, and letters until they are delivered."""
