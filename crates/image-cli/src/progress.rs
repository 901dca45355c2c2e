//! Bars on a terminal for what takes longer than a second; nothing where standard error is none.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over bytes.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar over `total` bytes.
    pub fn bytes(message: &str, total: u64) -> Self {
        let bar = ProgressBar::new(total);
        // The template is a constant of ours; with a wrong one the bar would look plain.
        if let Ok(style) = ProgressStyle::with_template(
            "{spinner} {msg} [{bar:32}] {binary_bytes} of {binary_total_bytes} ({eta})",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(message.to_owned());
        Self(bar)
    }

    /// So many bytes more are done.
    pub fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
