"""The print spool: jobs in the journal, one at a time per printer, the original at most once."""
