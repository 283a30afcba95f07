"""What workers read in mailboxes: paced calls, searches, and the policy of scans."""
