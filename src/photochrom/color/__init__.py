"""What a colour is: NumPy alone."""
