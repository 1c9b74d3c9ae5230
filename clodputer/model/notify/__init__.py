"""What a person is told, decided purely: edges, channels, and letters until they are delivered."""
