//! The machines that an image is built for.

use std::fmt;

/// The architectures of the format: `linux/amd64` and `linux/arm64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// x86 with 64 bits.
    Amd64,
    /// ARM with 64 bits.
    Arm64,
}

impl Architecture {
    /// Both, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    pub(crate) const PLATFORMS: [(&'static str, Self); 2] =
        [("linux/amd64", Self::Amd64), ("linux/arm64", Self::Arm64)];

    /// OCI's and Debian's word: `amd64`, `arm64`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// Alpine's word: `x86_64`, `aarch64`.
    pub const fn alpine(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// With the operating system: `linux/amd64`.
    pub const fn platform(self) -> &'static str {
        match self {
            Self::Amd64 => "linux/amd64",
            Self::Arm64 => "linux/arm64",
        }
    }

    /// The architecture of a platform like `linux/amd64`.
    pub fn of_platform(platform: &str) -> Option<Self> {
        Self::PLATFORMS
            .iter()
            .find(|(name, _)| *name == platform)
            .map(|(_, architecture)| *architecture)
    }

    /// Replaces `${target.arch}`, `${target.os}` and `${target.platform}` in a text.
    pub fn expand(self, text: &str) -> String {
        text.replace("${target.arch}", self.as_str())
            .replace("${target.os}", "linux")
            .replace("${target.platform}", self.platform())
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
