//! What all checks of a profile found in an image.

use std::io;

use seawall_image_source::Image;

use crate::check::{Check, Findings, Found, Profile, Severity};
use crate::checks::catalogue;
use crate::subject::{Inquiry, Subject};
use crate::waiver::Waivers;

/// A finding with its check.
#[derive(Debug)]
pub struct Finding {
    /// Which check.
    pub check: &'static Check,
    /// What it found.
    pub found: Found,
    /// Why it does not count, if it was waived.
    pub waived: Option<String>,
}

/// A report.
#[derive(Debug)]
pub struct Report {
    /// What the image was asked for by.
    pub name: String,
    /// What names it for good.
    pub digest: String,
    /// What it is for.
    pub platform: String,
    /// Which checks counted.
    pub profile: Profile,
    /// Findings, the worst first.
    pub findings: Vec<Finding>,
    /// The checks that were made.
    pub checks: Vec<&'static Check>,
    /// Findings beyond the most that are kept, by check.
    pub more: Vec<(&'static str, usize)>,
    /// Waivers that have expired, or that nothing was found for.
    pub notes: Vec<String>,
    /// Packages in the image.
    pub packages: usize,
    /// Bytes of its layers as they are transferred.
    pub packed_bytes: u64,
}

impl Report {
    /// Makes all checks of a profile.
    ///
    /// # Errors
    /// When a temporary file that holds a layer cannot be read.
    pub fn new(
        image: &Image,
        inquiry: &Inquiry<'_>,
        profile: Profile,
        waivers: &Waivers,
    ) -> io::Result<Self> {
        let subject = Subject::new(image, inquiry)?;
        let checks = catalogue().filter(|check| check.profiles.contains(&profile));
        Ok(Self::of(&subject, profile, checks.collect(), waivers))
    }

    /// Makes these checks.
    pub fn of(
        subject: &Subject<'_>,
        profile: Profile,
        checks: Vec<&'static Check>,
        waivers: &Waivers,
    ) -> Self {
        let (mut findings, mut more) = (Vec::new(), Vec::new());
        let mut waiving = waivers.at(subject.now);
        for check in &checks {
            let mut found = Findings::default();
            (check.find)(subject, &mut found);
            if found.more > 0 {
                more.push((check.id, found.more));
            }
            findings.extend(found.found.into_iter().map(|found| Finding {
                check,
                waived: waiving.reason(check, &found),
                found,
            }));
        }
        // Stable: within a severity the catalogue's order stays.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.check.severity));
        let image = subject.image;
        Self {
            name: subject.name.to_owned(),
            digest: image.digest().to_string(),
            platform: image.config.platform(),
            profile,
            findings,
            checks,
            more,
            notes: waiving.notes(),
            packages: subject.packages.all.len(),
            packed_bytes: image.layers.iter().map(|layer| layer.packed_bytes).sum(),
        }
    }

    /// How many findings of a severity count.
    pub fn count(&self, severity: Severity) -> usize {
        let counts =
            |finding: &&Finding| finding.waived.is_none() && finding.check.severity == severity;
        self.findings.iter().filter(counts).count()
    }

    /// Whether a finding of this severity, or a worse one, counts.
    pub fn fails(&self, from: Severity) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.waived.is_none() && finding.check.severity >= from)
    }
}
