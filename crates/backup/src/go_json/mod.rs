//! JSON as Go's `encoding/json` writes it, byte for byte.
//!
//! Items of a backup are compared, hashed and read by programs written in Go; so keys are sorted,
//! `<`, `>`, `&` and the two line separators of Unicode are escaped, and numbers look as Go prints
//! them. [`item`] writes what `json.Marshal` writes of an unstructured object, [`encode`] what a
//! `json.Encoder` writes of a typed value, [`pretty`] what Kubernetes' pretty serialiser writes.
//! It does not know any type of the API: those are in [`crate::api`].
//!
//! Source: Go 1.26 `encoding/json/encode.go`, `sigs.k8s.io/json` (integers that fit 64 bits stay
//! integers, every other number is a double).

mod number;
mod text;
mod typed;
mod value;

use std::io;

use serde::Serialize;
use serde_json::Value;

pub use typed::{encode, pretty};

/// Why a text is no JSON that can be kept.
#[derive(Debug, thiserror::Error)]
#[error("not the JSON of an object: {0}")]
pub struct ParseError(#[from] serde_json::Error);

/// Reads one JSON text. Nesting deeper than 127 is refused, so that no text exhausts the stack.
pub fn parse(text: &[u8]) -> Result<Value, ParseError> {
    Ok(serde_json::from_slice(text)?)
}

/// The compact bytes of `value`, keys sorted: `json.Marshal` of an unstructured object.
pub fn item(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    value::write(value, &mut bytes);
    bytes
}

/// What [`encode`] writes, as bytes: compact, with a newline at the end.
pub fn encoded<T: Serialize + ?Sized>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(1024);
    encode(&mut bytes, value)?;
    Ok(bytes)
}
