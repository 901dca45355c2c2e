//! Digests of the icons that Harbor's portal and its clients know by heart.
//! Harbor `src/lib/icon`.

use super::ArtifactType;

const IMAGE: &str = "sha256:0048162a053eef4d4ce3fe7518615bef084403614f8bca43b40ae2e762e11e06";
const CHART: &str = "sha256:61cf3a178ff0f75bf08a25d96b75cf7355dc197749a9f128ed3ef34b0df05518";
const CNAB: &str = "sha256:089bdda265c14d8686111402c8ad629e8177a1ceb7dcd0f7f39b6480f623b3bd";
const DEFAULT: &str = "sha256:da834479c923584f4cbcdecc0dac61f32bef1d51e8aae598cf16bd154efab49f";

/// The icon of an artifact that brings none of its own.
pub(crate) fn of(kind: &ArtifactType) -> &'static str {
    match kind {
        ArtifactType::Image => IMAGE,
        ArtifactType::Chart => CHART,
        ArtifactType::Cnab => CNAB,
        _ => DEFAULT,
    }
}
