"""An operator's questions and actions, for the command line and the console. It knows neither click nor rich."""
