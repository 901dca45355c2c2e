//! The loader: HTTP/1.1 on a plain socket, as cheap as can be, so that what is measured is the server.
//!
//! Bodies that nobody looks at are thrown away in the kernel (`MSG_TRUNC`).

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::net::{RecvFlags, recv};

/// A kept-alive connection.
pub struct Connection {
    socket: TcpStream,
    /// Read and not yet used.
    ahead: Vec<u8>,
    scratch: Vec<u8>,
    address: SocketAddr,
}

/// The head of an answer.
#[derive(Debug)]
pub struct Head {
    /// The status code.
    pub status: u16,
    text: String,
}

impl Head {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect(address).context("connect")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_mins(5)))?;
        Ok(Self {
            socket,
            ahead: Vec::new(),
            scratch: vec![0; 256 * 1024],
            address,
        })
    }

    /// Sends a request without a body.
    pub fn request(&mut self, method: &str, path: &str, headers: &str) -> Result<()> {
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n",
            self.address
        );
        Ok(self.socket.write_all(text.as_bytes())?)
    }

    /// Sends a request whose body `write` writes.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        length: u64,
        write: impl FnOnce(&mut TcpStream) -> std::io::Result<()>,
    ) -> Result<()> {
        self.request(
            method,
            path,
            &format!("{headers}Content-Length: {length}\r\n"),
        )?;
        Ok(write(&mut self.socket)?)
    }

    /// Reads the head of an answer.
    pub fn head(&mut self) -> Result<Head> {
        loop {
            if let Some(end) = self.ahead.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.ahead[..end]).into_owned();
                self.ahead.drain(..end + 4);
                let status = text.get(9..12).context("a status")?.parse()?;
                if status != 100 {
                    return Ok(Head { status, text });
                }
            } else {
                self.fill()?;
            }
        }
    }

    /// Reads the answer to GET and throws its body away; gives status and length.
    pub fn discard(&mut self) -> Result<(u16, u64)> {
        let head = self.head()?;
        let Some(length) = head.header("content-length") else {
            return Ok((head.status, self.chunked()?.len() as u64));
        };
        let length: u64 = length.parse()?;
        let ahead = self.ahead.len().min(usize::try_from(length)?);
        self.ahead.drain(..ahead);
        let mut left = length - ahead as u64;
        while left > 0 {
            let most = self.scratch.len().min(usize::try_from(left)?);
            let (_, received) = recv(&self.socket, &mut self.scratch[..most], RecvFlags::TRUNC)?;
            ensure!(
                received > 0,
                "the connection ended with {left} bytes to come"
            );
            left -= received.min(most) as u64;
        }
        Ok((head.status, length))
    }

    /// Reads an answer and its body.
    pub fn answer(&mut self) -> Result<(Head, Vec<u8>)> {
        let head = self.head()?;
        if let Some(length) = head.header("content-length") {
            let length: usize = length.parse()?;
            while self.ahead.len() < length {
                self.fill()?;
            }
            let body = self.ahead.drain(..length).collect();
            return Ok((head, body));
        }
        if head.header("transfer-encoding").is_some() {
            let body = self.chunked()?;
            return Ok((head, body));
        }
        Ok((head, Vec::new()))
    }

    /// GET of a small document, which must be there.
    pub fn get(&mut self, path: &str, headers: &str) -> Result<Vec<u8>> {
        self.request("GET", path, headers)?;
        let (head, body) = self.answer()?;
        ensure!(
            head.status == 200,
            "GET {path}: {} {}",
            head.status,
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }

    fn chunked(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match self.ahead.windows(2).position(|bytes| bytes == b"\r\n") {
                    Some(end) => break end,
                    None => self.fill()?,
                }
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.ahead[..end])?.trim(), 16)?;
            while self.ahead.len() < end + 2 + size + 2 {
                self.fill()?;
            }
            body.extend_from_slice(&self.ahead[end + 2..end + 2 + size]);
            self.ahead.drain(..end + 2 + size + 2);
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn fill(&mut self) -> Result<()> {
        let (received, _) = recv(&self.socket, &mut self.scratch[..], RecvFlags::empty())?;
        let received: usize = received;
        if received == 0 {
            bail!("the connection ended");
        }
        self.ahead.extend_from_slice(&self.scratch[..received]);
        Ok(())
    }
}
