//! A bar on a terminal for work that goes on at the server.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// A bar on standard error; nothing where that is no terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for work of which nothing is known yet.
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_message("waiting to begin");
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// Shows `{"done": …, "total": …, "message": …}`.
    pub fn show(&self, progress: &Value) {
        let number = |key: &str| progress.get(key).and_then(Value::as_u64);
        if let Some(message) = progress.get("message").and_then(Value::as_str) {
            self.0.set_message(message.to_owned());
        }
        let total = number("total");
        if total != self.0.length() {
            self.0.set_length(total.unwrap_or_default());
            // The templates are constants of ours; with a wrong one the bar would look plain.
            let template = match total {
                Some(_) => "{spinner} {msg} [{bar:32}] {human_pos} of {human_len} ({eta})",
                None => "{spinner} {msg} {human_pos}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.0.set_style(style.progress_chars("=> "));
            }
        }
        self.0.set_position(number("done").unwrap_or_default());
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
