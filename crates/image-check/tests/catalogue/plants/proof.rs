//! 11: how it ran. What really runs is in `tests/tests/images`.

use seawall_image_check::facts::proof::{End, Proof, Rights};

use super::Plant;
use crate::scene::Scene;

fn ran(scene: &mut Scene, change: impl FnOnce(&mut Proof)) {
    let mut proof = good();
    change(&mut proof);
    scene.proof = Some(proof);
}

/// As it is to be.
pub fn good() -> Proof {
    Proof {
        runtime: "crun".to_owned(),
        uid: 65532,
        end: End::Stopped,
        rights: Some(Rights {
            uid: 65532,
            ..Rights::default()
        }),
        said: "listening\n".to_owned(),
    }
}

pub const PLANTS: &[Plant] = &[
    ("SW-1101", "nothing to start", |scene| {
        ran(scene, |proof| {
            proof.end = End::NotStarted("no such file".to_owned())
        })
    }),
    ("SW-1102", "a failure", |scene| {
        ran(scene, |proof| proof.end = End::Exited(1))
    }),
    ("SW-1103", "a crash", |scene| {
        ran(scene, |proof| proof.end = End::Killed(11))
    }),
    ("SW-1104", "another user", |scene| {
        ran(scene, |proof| proof.rights = Some(Rights::default()))
    }),
    ("SW-1104", "a capability", |scene| {
        ran(scene, |proof| {
            proof.rights = Some(Rights {
                uid: 65532,
                capabilities: 1,
                may_gain: false,
            })
        })
    }),
    ("SW-1104", "a way to gain rights", |scene| {
        ran(scene, |proof| {
            proof.rights = Some(Rights {
                uid: 65532,
                capabilities: 0,
                may_gain: true,
            })
        })
    }),
    ("SW-1105", "an end before anybody looked", |scene| {
        ran(scene, |proof| {
            proof.end = End::Exited(0);
            proof.rights = None;
        })
    }),
];
