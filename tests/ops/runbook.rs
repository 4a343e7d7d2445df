//! Every alert has its section in the runbook.
