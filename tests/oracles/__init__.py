"""Programs that know the right answer, and scripts that write their answers down for the tests."""
