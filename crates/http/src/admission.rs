//! Caps on open connections, in all and per address. A connection holds an [`Admission`] as long as it is open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// The counters behind the caps.
#[derive(Debug)]
pub(crate) struct Gate {
    max: usize,
    max_per_address: usize,
    exempt: Vec<IpNet>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    addresses: HashMap<IpAddr, usize>,
}

/// One open connection; frees its place when dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    /// A gate with no connection; addresses in `exempt` have no cap of their own.
    pub(crate) fn new(max: usize, max_per_address: usize, exempt: Vec<IpNet>) -> Arc<Gate> {
        Arc::new(Gate {
            max,
            max_per_address,
            exempt,
            counts: Mutex::default(),
        })
    }

    /// A place for a connection from `address`, if there is one.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Admission> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= self.max {
            return None;
        }
        let exempt = self.exempt.iter().any(|network| network.contains(&address));
        let of_address = counts.addresses.entry(address).or_insert(0);
        if *of_address >= self.max_per_address && !exempt {
            return None;
        }
        *of_address += 1;
        counts.all += 1;
        Some(Admission {
            gate: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = self
            .gate
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        if let Some(of_address) = counts.addresses.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                counts.addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let (a, b): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let gate = Gate::new(3, 2, Vec::new());
        let first = gate.admit(a).unwrap();
        let _second = gate.admit(a).unwrap();
        assert!(gate.admit(a).is_none(), "two of one address");
        let _third = gate.admit(b).unwrap();
        assert!(gate.admit(b).is_none(), "three in all");
        drop(first);
        assert!(gate.admit(a).is_some());
    }

    #[test]
    fn a_trusted_proxy_has_no_cap_of_its_own() {
        let proxy: IpAddr = [10, 0, 0, 1].into();
        let gate = Gate::new(3, 1, vec!["10.0.0.0/8".parse().unwrap()]);
        let held: Vec<_> = (0..3).filter_map(|_| gate.admit(proxy)).collect();
        assert_eq!(held.len(), 3);
    }
}
