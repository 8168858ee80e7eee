"""Field work on a meter board: build, flash, install, provision, test, calibrate, read its log."""
