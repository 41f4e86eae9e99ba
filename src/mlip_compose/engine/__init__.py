"""Where units of work are done: in this process, in processes here, on a cluster."""
