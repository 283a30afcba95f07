"""The commands of `pec`, one file each."""
