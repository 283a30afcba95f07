"""Failovers under load, with real servers and Sentinels: what is lost, sent twice, and how long sends stop."""
