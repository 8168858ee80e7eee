"""Value-added services of a plant: purified water, and appliances by instalments (MG-15)."""
