"""The connection to the controller; metering and protection never wait for it."""
