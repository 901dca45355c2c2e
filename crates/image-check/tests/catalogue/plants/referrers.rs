//! 10: what is said about it.

use serde_json::json;

use super::Plant;
use crate::scene::{
    IN_TOTO, PACKAGES, SIGNATURE, SIMPLE, SPDX, Signing, provenance, sbom, signature,
};

pub const PLANTS: &[Plant] = &[
    ("SW-1001", "no signature", |scene| {
        scene.image.referrers.remove(0);
    }),
    ("SW-1002", "no SBOM", |scene| {
        scene.image.referrers.remove(1);
    }),
    ("SW-1003", "an SBOM that lacks a package", |scene| {
        scene.image.referrers[1] = (
            SPDX.to_owned(),
            vec![(SPDX.to_owned(), sbom(&PACKAGES[1..]))],
        );
    }),
    ("SW-1003", "an SBOM that names another", |scene| {
        let packages = [&PACKAGES[..], &["openssl@3.5"]].concat();
        scene.image.referrers[1] = (SPDX.to_owned(), vec![(SPDX.to_owned(), sbom(&packages))]);
    }),
    ("SW-1004", "no provenance", |scene| {
        scene.image.referrers.remove(2);
    }),
    ("SW-1005", "a signature of another", |scene| {
        let other = signature(&format!("sha256:{}", "a".repeat(64)));
        scene.image.referrers[0] = (SIGNATURE.to_owned(), vec![(SIMPLE.to_owned(), other)]);
    }),
    ("SW-1006", "provenance of nothing", |scene| {
        scene.image.referrers[2] = (
            IN_TOTO.to_owned(),
            vec![(IN_TOTO.to_owned(), provenance("@DIGEST@", &json!([])))],
        );
    }),
    ("SW-1007", "no VEX document", |scene| {
        scene.image.referrers.remove(3);
    }),
    ("SW-1008", "not signed", |scene| {
        scene.signing = Signing::Unsigned;
        scene.image.referrers.remove(0);
    }),
    ("SW-1008", "signed by another key", |scene| {
        scene.signing = Signing::OtherKey
    }),
    ("SW-1008", "signed for another image", |scene| {
        scene.signing = Signing::OtherImage
    }),
    ("SW-1008", "changed since it was signed", |scene| {
        scene.signing = Signing::Changed
    }),
];
