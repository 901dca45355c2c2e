//! The settings for people: the reference in `docs/settings.md`, and the settings in force as YAML.

use std::fmt::Write;

use crate::settings::Settings;
use crate::table::TABLE;

const HEAD: &str = "# Settings

Every setting of `seawall serve`: its place in the file given by `--config FILE` (or `SEAWALL_CONFIG`), the environment
variable that overrides the file, and the default. Flags override both. An unknown key in the file is an error that names
its line. `seawall config check` says whether the settings fit together, `seawall config print` shows those in force.

A dot in a key is a level in the file: `tls.cert` is

```yaml
tls:
  cert: /etc/seawall/tls.crt
  key: /etc/seawall/tls.key
```

This page is rendered from the code: `seawall config reference`.

| key | variable | default | meaning |
|---|---|---|---|
";

/// The reference as Markdown.
pub fn render_reference() -> String {
    let mut defaults = Settings::default();
    let mut page = HEAD.to_owned();
    for setting in TABLE {
        let default = setting.default.map_or_else(
            || format!("`{}`", (setting.field)(&mut defaults).yaml()),
            str::to_owned,
        );
        let alias = setting
            .alias
            .map(|alias| format!(", `{alias}`"))
            .unwrap_or_default();
        let (key, variable, meaning) = (setting.key, setting.environment(), setting.meaning);
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{key}` | `{variable}`{alias} | {default} | {meaning} |"
        );
    }
    page
}

/// The settings in force as a file that could be given back, but for secrets, which show as `***`.
pub fn render_yaml(settings: &Settings) -> String {
    let mut settings = settings.clone();
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    for setting in TABLE {
        let mut levels: Vec<&str> = setting.key.split('.').collect();
        let name = levels.pop().unwrap_or_default();
        let shared = open.iter().zip(&levels).take_while(|(a, b)| a == b).count();
        for (depth, level) in levels.iter().enumerate().skip(shared) {
            let _ = writeln!(text, "{:1$}{level}:", "", depth * 2);
        }
        let _ = writeln!(
            text,
            "{:1$}{name}: {2}",
            "",
            levels.len() * 2,
            (setting.field)(&mut settings).yaml()
        );
        open = levels;
    }
    text
}
