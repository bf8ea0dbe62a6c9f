"""What runs in the interpreters of the frameworks, where nothing of the project is installed."""
