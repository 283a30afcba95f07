"""What an operator asks and does, without click or rich: for the command line and the console."""
