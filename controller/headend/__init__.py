"""Everything that passes between the controller and the meters."""
