"""What goes in and out of billing's interfaces."""
