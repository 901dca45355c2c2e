//! A network namespace: a loopback of its own, where well-known ports are free; and a cable into it
//! that can be cut.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A namespace with nothing but loopback; deleted when dropped. Needs root and iproute2.
#[derive(Debug)]
pub struct Network {
    name: String,
    number: u32,
    /// `--net=/run/netns/…`
    option: String,
}

impl Network {
    /// Makes a namespace.
    pub fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("seawall-{}-{number}", std::process::id());
        let network = Self {
            option: format!("--net=/run/netns/{name}"),
            name,
            number,
        };
        ip(&["netns", "add", &network.name]);
        ip(&["-n", &network.name, "link", "set", "lo", "up"]);
        network
    }

    /// What to put before a command line so that it runs in here. Not `ip netns exec`, which
    /// mounts /sys anew, without the control groups that a Docker engine looks for.
    pub fn wrapper(&self) -> [&str; 3] {
        ["nsenter", &self.option, "--"]
    }

    /// A command that runs in here.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args([&self.option, "--"]).arg(program);
        command
    }

    /// Connects it with where the test runs.
    pub fn connect(&self) -> Cable {
        let (process, number) = (std::process::id(), self.number);
        let (here, there) = (
            format!("sw{process}h{number}"),
            format!("sw{process}n{number}"),
        );
        let [third, fourth] = [process / 64 % 256, process % 64 * 4];
        let address = |end: u32| format!("10.{}.{third}.{}", 100 + number % 100, fourth + end);
        let (ours, theirs) = (address(1), address(2));
        let (ours_of, theirs_of) = (format!("{ours}/30"), format!("{theirs}/30"));
        ip(&[
            "link", "add", &here, "type", "veth", "peer", "name", &there, "netns", &self.name,
        ]);
        ip(&["addr", "add", &ours_of, "dev", &here]);
        ip(&["link", "set", &here, "up"]);
        ip(&["-n", &self.name, "addr", "add", &theirs_of, "dev", &there]);
        ip(&["-n", &self.name, "link", "set", &there, "up"]);
        Cable {
            device: here,
            here: ours.parse().expect("an address"),
        }
    }
}

/// A cable between where the test runs and a namespace; gone with the namespace.
#[derive(Debug)]
pub struct Cable {
    device: String,
    here: Ipv4Addr,
}

impl Cable {
    /// The address by which the namespace reaches the test.
    pub fn here(&self) -> Ipv4Addr {
        self.here
    }

    /// Nothing passes any more, and nobody is told.
    pub fn cut(&self) {
        ip(&["link", "set", &self.device, "down"]);
    }

    /// It is whole again.
    pub fn mend(&self) {
        ip(&["link", "set", &self.device, "up"]);
    }
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status().expect("run ip");
    assert!(status.success(), "ip {}: needs root", arguments.join(" "));
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = Command::new("ip")
            .args(["netns", "delete", &self.name])
            .status();
    }
}
