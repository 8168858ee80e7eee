"""What a meter board decides: no input or output here; time and randomness are arguments."""
