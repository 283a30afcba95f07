"""Reading mailboxes: paced calls, searches, adoptions, and the policy of scans."""
