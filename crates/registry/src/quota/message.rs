//! What a refused push says: Harbor's words, `src/pkg/quota/types`.

/// The message for `adding` bytes on top of `used` under the limit `hard`.
pub(crate) fn exceeded(adding: i64, used: i64, hard: i64) -> String {
    format!(
        "adding {} of storage resource, which when updated to current usage of {} will exceed the configured upper \
         limit of {}.",
        display_size(adding),
        display_size(used),
        display_size(hard)
    )
}

/// `512 B`, `1.0 KiB`, `5.1 MiB`, as Harbor prints sizes.
#[allow(clippy::cast_precision_loss)] // one decimal is shown
pub(crate) fn display_size(bytes: i64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_harbors() {
        assert_eq!(
            exceeded(5_347_738, 10_380_902, 10 << 20),
            "adding 5.1 MiB of storage resource, which when updated to current usage of 9.9 MiB will exceed the \
             configured upper limit of 10.0 MiB."
        );
        assert_eq!(display_size(0), "0 B");
        assert_eq!(display_size(1023), "1023 B");
        assert_eq!(display_size(1 << 50), "1.0 PiB");
    }
}
