"""The command line. One module a group of commands; each speaks to the daemon, or to the journal when it is down."""
