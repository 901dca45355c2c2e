//! Faults of the local storage: full disks, failing syncs, crashes.
