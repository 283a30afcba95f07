"""The IMAP door: the mailboxes of the API, with every mail's bytes. pymap speaks the protocol."""
