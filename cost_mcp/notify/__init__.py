"""What is sent out: one alert to one address. Nothing of an address reaches a log, an error or a result."""
