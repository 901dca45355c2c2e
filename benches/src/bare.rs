//! Programs that do only the unavoidable, run as processes of their own for their CPU time.
//!
//! They are yardsticks, not servers: one connection at a time, no HTTP.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Subcommand;
use rustix::fs::sendfile;
use rustix::net::{RecvFlags, recv};
use seawall_testkit::Process;
use sha2::{Digest as _, Sha256};

/// What to do; each prints its address first.
#[derive(Debug, Subcommand)]
pub enum Bare {
    /// Sends a file to each connection with sendfile(2).
    #[command(hide = true)]
    Sendfile {
        /// The file.
        file: PathBuf,
    },
    /// Receives, hashes and writes what each connection sends, in one thread.
    #[command(hide = true)]
    Receive {
        /// The file to write, anew each time.
        file: PathBuf,
        /// Ends with fsync.
        #[arg(long)]
        sync: bool,
    },
}

impl Bare {
    /// Serves until killed.
    pub fn run(self) -> Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        println!("http://{} ", listener.local_addr()?);
        for socket in listener.incoming() {
            let socket = socket?;
            match &self {
                Self::Sendfile { file } => send(&socket, file)?,
                Self::Receive { file, sync } => receive(socket, file, *sync)?,
            }
        }
        Ok(())
    }

    /// Starts this program again with `arguments`, and gives its address.
    pub fn start(arguments: &[&str], log: &Path) -> Result<(Process, SocketAddr)> {
        let own = std::env::current_exe().context("find this program")?;
        let mut process = Process::start("bare", own, log, |command| {
            command.args(arguments);
        });
        let address = process.wait_ready(Duration::from_secs(5), |running| {
            let output = running.output();
            output.trim().strip_prefix("http://")?.parse().ok()
        });
        Ok((process, address))
    }
}

fn send(socket: &TcpStream, path: &Path) -> Result<()> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len())?;
    let mut sent = 0;
    while sent < length {
        match sendfile(socket, &file, None, length - sent)? {
            0 => break,
            more => sent += more,
        }
    }
    Ok(())
}

fn receive(mut socket: TcpStream, path: &Path, sync: bool) -> Result<()> {
    let mut file = File::create(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let length = socket.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        hash.update(&buffer[..length]);
        file.write_all(&buffer[..length])?;
    }
    if sync {
        file.sync_all()?;
    }
    // The sender waits for this byte, so that its clock covers the whole.
    socket.write_all(&hash.finalize()[..1])?;
    Ok(())
}

/// Takes what a connection sends and throws it away.
pub fn drain(address: SocketAddr) -> Result<u64> {
    let socket = TcpStream::connect(address)?;
    let mut scratch = vec![0; 256 * 1024];
    let mut total = 0;
    loop {
        let (_, received) = recv(&socket, &mut scratch[..], RecvFlags::TRUNC)?;
        if received == 0 {
            return Ok(total);
        }
        total += received as u64;
    }
}

/// Durable small files per second: eight at a time are written, synced each, renamed, and their folder synced once.
pub fn grouped_syncs(folder: &Path, content: &[u8], patience: Duration) -> Result<f64> {
    std::fs::create_dir_all(folder)?;
    let directory = File::open(folder)?;
    let begun = Instant::now();
    let mut files = 0_u32;
    while begun.elapsed() < patience {
        let names: Vec<PathBuf> = (files..files + 8)
            .map(|number| folder.join(number.to_string()))
            .collect();
        let mut open = Vec::new();
        for name in &names {
            let path = name.with_extension("tmp");
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)?;
            file.write_all(content)?;
            open.push((file, path));
        }
        for ((file, path), name) in open.iter().zip(&names) {
            file.sync_data()?;
            std::fs::rename(path, name)?;
        }
        directory.sync_all()?;
        files += 8;
    }
    Ok(f64::from(files) / begun.elapsed().as_secs_f64())
}
