"""The trunks, one file each."""
