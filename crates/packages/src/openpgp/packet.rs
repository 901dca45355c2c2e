//! Packets (RFC 9580 §4) and the numbers in them. Lengths that are not told in advance are refused:
//! no key and no signature has them.

use super::SignatureError;

const SHORT: SignatureError = SignatureError::Malformed("a packet ends too early");

/// A window of bytes that is read from its beginning.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], SignatureError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, SignatureError> {
        Ok(self.take(1)?[0])
    }

    /// A number of `count` bytes, the highest first; at most four.
    pub(super) fn number(&mut self, count: usize) -> Result<u32, SignatureError> {
        let bytes = self.take(count)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    pub(super) fn length(&mut self, count: usize) -> Result<usize, SignatureError> {
        usize::try_from(self.number(count)?).map_err(|_| SHORT)
    }

    /// A number of any size: its length in bits, then its bytes without leading zeros.
    pub(super) fn multiprecision(&mut self) -> Result<&'a [u8], SignatureError> {
        let bits = self.length(2)?;
        self.take(bits.div_ceil(8))
    }

    /// The length of a packet or a subpacket, in the current form.
    pub(super) fn packet_length(&mut self) -> Result<usize, SignatureError> {
        let first = self.byte()?;
        match first {
            0..=191 => Ok(usize::from(first)),
            192..=223 => Ok((usize::from(first) - 192) * 256 + usize::from(self.byte()?) + 192),
            255 => self.length(4),
            224..=254 => Err(SignatureError::Malformed("a packet comes in parts")),
        }
    }
}

/// The packets of a key file or a block of signatures: each kind and its content.
pub(super) fn packets(bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, SignatureError> {
    let mut rest = Bytes(bytes);
    let mut packets = Vec::new();
    while !rest.0.is_empty() {
        let header = rest.byte()?;
        let (kind, length) = match header {
            0xC0.. => (header & 0x3F, rest.packet_length()?),
            0x80..0xC0 => {
                let length = match header & 3 {
                    0 => rest.length(1)?,
                    1 => rest.length(2)?,
                    2 => rest.length(4)?,
                    _ => return Err(SignatureError::Malformed("a packet has no length")),
                };
                (header >> 2 & 0x0F, length)
            }
            _ => return Err(SignatureError::Malformed("this is no packet of OpenPGP")),
        };
        packets.push((kind, rest.take(length)?));
    }
    Ok(packets)
}
