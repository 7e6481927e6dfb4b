"""Service and performance: papers reach the party, a fine is paid or enforced, and the appeal periods run."""
