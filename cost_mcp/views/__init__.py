"""What is shown, rendered once for every face."""
