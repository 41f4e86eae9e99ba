"""What every figure shares: style, drawings of structures, places of names."""
