//! A bundle of certificates: PEM, and of each certificate only how long it is valid (RFC 5280
//! §4.1). Nobody's signature is checked here.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A certificate of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its DER bytes.
    pub der: Vec<u8>,
    /// When it ends; none if it cannot be told.
    pub ends: Option<Timestamp>,
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a bundle, or what is wrong with it.
pub fn read(text: &str) -> Result<Vec<Certificate>, String> {
    let mut certificates = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let number = certificates.len() + 1;
        let (body, after) = after
            .split_once(END)
            .ok_or_else(|| format!("certificate {number} has no end"))?;
        let body: String = body.split_whitespace().collect();
        let der = BASE64_STANDARD
            .decode(body)
            .map_err(|_| format!("certificate {number} is no base64"))?;
        let ends = ends(&der);
        if ends.is_none() {
            return Err(format!("certificate {number} is no X.509"));
        }
        certificates.push(Certificate { der, ends });
        rest = after;
    }
    Ok(certificates)
}

/// A DER value: tag, content, and what follows.
fn value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        let length = digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// `notAfter` of a certificate.
fn ends(der: &[u8]) -> Option<Timestamp> {
    let (0x30, certificate, _) = value(der)? else {
        return None;
    };
    let (0x30, mut to_be_signed, _) = value(certificate)? else {
        return None;
    };
    // Version (perhaps), serial number, algorithm, issuer; then validity.
    let mut sequences = 0;
    loop {
        let (tag, content, rest) = value(to_be_signed)?;
        if tag == 0x30 {
            sequences += 1;
            if sequences == 3 {
                let (_, _, after) = value(content)?;
                let (tag, text, _) = value(after)?;
                return time(tag, std::str::from_utf8(text).ok()?);
            }
        }
        to_be_signed = rest;
    }
}

/// `UTCTime` or `GeneralizedTime`.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z')?;
    let digits = match tag {
        // Two digits of a year: 50 and more are of the last century (RFC 5280 §4.1.2.5.1).
        0x17 if digits.get(..2)? >= "50" => format!("19{digits}"),
        0x17 => format!("20{digits}"),
        0x18 => digits.to_owned(),
        _ => return None,
    };
    let at = |from: usize, length: usize| digits.get(from..from + length)?.parse::<i8>().ok();
    let year: i16 = digits.get(..4)?.parse().ok()?;
    let date = DateTime::new(
        year,
        at(4, 2)?,
        at(6, 2)?,
        at(8, 2)?,
        at(10, 2)?,
        at(12, 2)?,
        0,
    )
    .ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
