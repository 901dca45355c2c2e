//! A network namespace: a loopback of its own, where well-known ports are free.

use std::ffi::OsStr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A namespace with nothing but loopback; deleted when dropped. Needs root and iproute2.
#[derive(Debug)]
pub struct Network {
    name: String,
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
        };
        network.ip(&["netns", "add", &network.name]);
        network.ip(&["-n", &network.name, "link", "set", "lo", "up"]);
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

    fn ip(&self, arguments: &[&str]) {
        let status = Command::new("ip").args(arguments).status().expect("run ip");
        assert!(
            status.success(),
            "ip {} for {}: needs root",
            arguments.join(" "),
            self.name
        );
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = Command::new("ip")
            .args(["netns", "delete", &self.name])
            .status();
    }
}
