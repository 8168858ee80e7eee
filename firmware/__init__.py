"""The application that runs on a meter board."""
