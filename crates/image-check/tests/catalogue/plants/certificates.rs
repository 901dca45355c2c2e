//! 6: CA bundle, time zones.

use serde_json::json;

use super::Plant;
use crate::scene::{BUNDLE, bundle, certificate};

pub const PLANTS: &[Plant] = &[
    ("SW-601", "no bundle", |scene| {
        scene.put(|top| top.file("etc/ssl/certs/.wh.ca-certificates.crt", 0o644, ""))
    }),
    ("SW-601", "a damaged bundle", |scene| {
        scene.replace(
            BUNDLE,
            &(bundle() + "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"),
        )
    }),
    ("SW-602", "few certificates", |scene| {
        scene.replace(BUNDLE, &certificate(1, "35"))
    }),
    ("SW-603", "an old certificate", |scene| {
        scene.replace(BUNDLE, &(bundle() + &certificate(200, "25")))
    }),
    ("SW-604", "a certificate twice", |scene| {
        scene.replace(BUNDLE, &(bundle() + &certificate(1, "35")))
    }),
    ("SW-605", "a certificate of no package", |scene| {
        scene.replace(BUNDLE, &(bundle() + &certificate(200, "35")))
    }),
    ("SW-605", "another bundle named", |scene| {
        scene.run()["Env"] = json!(["SSL_CERT_FILE=/gone.pem"])
    }),
    ("SW-606", "a damaged zone", |scene| {
        scene.replace("usr/share/zoneinfo/Area/City_1", "x")
    }),
    ("SW-607", "no zones", |scene| {
        scene.put(|top| top.file("usr/share/zoneinfo/.wh.Area", 0o644, ""))
    }),
    ("SW-607", "no UTC", |scene| {
        scene.put(|top| top.file("usr/share/zoneinfo/.wh.UTC", 0o644, ""))
    }),
    ("SW-608", "older zones", |scene| {
        scene.replace("usr/share/zoneinfo/tzdata.zi", "# version 2020a\n")
    }),
];
